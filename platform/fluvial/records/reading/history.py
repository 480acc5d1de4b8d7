"""History: who changed what, when, and because of which rule."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

from .reader import read_one
from .set_links import set_links

MAX_ENTRIES = 100

_h = HISTORY.c
_ENTRIES = Statement(
    sa.select(_h.rev, _h.event, _h.at, _h.by, _h.rule, _h.changes, _h.change_set)
    .where(
        _h.record == param("the_record", _h.record),
        _h.rev < param("the_rev", _h.rev),
        _h.at <= param("the_last", _h.at),
    )
    .order_by(_h.rev.desc())
    .limit(sa.bindparam("the_limit", type_=_h.rev.type))
)


def _kind(event: str) -> dict[str, Any]:
    """What happened; of a value from another day on, also that day: `planned:2026-06-16`."""
    name, _, day = event.partition(":")
    return {"event": name, "as_of": day} if day else {"event": name}


def last_moment(session: Session) -> datetime:
    """Until when something belongs to the day, or moment, that is read."""
    if session.as_at is not None:
        return session.as_at
    return session.engine.clock.end_of(session.as_of or date.max)


def read_history(
    session: Session, object_name: str, record: str, *, before: int = 2**31, limit: int = 50
) -> dict[str, Any]:
    """A page of a record's history, newest first, without fields that the actor may not read.

    As of another day it tells what had happened by then.
    """
    read_one(session, object_name, record, (("id",),))
    access = session.access.object(object_name)
    fields = session.catalog.objects[object_name].fields
    rows = _ENTRIES.rows(
        session.connection,
        the_record=record,
        the_rev=before,
        the_last=last_moment(session),
        the_limit=limit + 1,
    )
    sets = set_links(session, (row[6] for row in rows[:limit]))
    data = [
        {
            "rev": rev,
            **_kind(event),
            "at": timestamp_wire(at),
            "by": {"user": by} if by else None,
            "rule": rule,
            **({"change_set": sets.get(change_set)} if change_set else {}),
            "changes": {
                name: pair
                for name, pair in changes.items()
                if name in fields
                and name not in access.hidden
                and fields[name].option("history", True)
            },
        }
        for rev, event, at, by, rule, changes, change_set in rows[:limit]
    ]
    return {"data": data, "next": str(data[-1]["rev"]) if len(rows) > limit else None}
