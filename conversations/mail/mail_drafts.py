"""Drafts of messages: they survive a reload, and tell colleagues that somebody is writing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, insert, param
from fluvial.runtime.session import Session
from fluvial.services import comments
from metamodel.storage import timestamp_wire

from .mail_tables import DRAFT

WRITING = timedelta(seconds=45)  # since the last letter, somebody still counts as writing
KEPT = timedelta(days=60)
MOST = 20  # who write at the same time

_d = DRAFT.c
_mine = (_d.user == param("the_user", _d.user), _d.record == param("the_record", _d.record))
_FIND = Statement(sa.select(_d.body, _d.at).where(*_mine))
_OTHERS = Statement(
    sa.select(_d.user)
    .where(
        _d.record == param("the_record", _d.record),
        _d.user != param("the_user", _d.user),
        _d.at > param("the_since", _d.at),
    )
    .order_by(_d.at)
    .limit(MOST)
)
_ADD = insert(DRAFT)
_DROP = Statement(DRAFT.delete().where(*_mine))
_FORGET = Statement(DRAFT.delete().where(_d.at < param("the_day", _d.at)))


def draft_of(session: Session, record: str) -> dict[str, Any] | None:
    row = _FIND.row(session.connection, the_user=session.actor.id, the_record=record)
    return None if row is None else {**row[0], "at": timestamp_wire(row[1])}


def keep_draft(session: Session, object_name: str, record: str, body: Mapping[str, Any]) -> None:
    with session.connection.transaction():
        drop_draft(session, record)
        _ADD.run(
            session.connection, user=session.actor.id, record=record, object=object_name,
            at=session.now, body=dict(body),
        )  # fmt: skip


def drop_draft(session: Session, record: str) -> None:
    _DROP.run(session.connection, the_user=session.actor.id, the_record=record)


def writers_of(session: Session, object_name: str, record: str) -> list[str]:
    """The names of the colleagues who are writing now; those outside are not shown."""
    rows = _OTHERS.rows(
        session.connection, the_record=record, the_user=session.actor.id,
        the_since=session.now - WRITING,
    )  # fmt: skip
    names = []
    for (user,) in rows:
        actor = session.engine.people.actor(session.connection, user)
        if actor is not None and comments.works_on(session.as_actor(actor), object_name, record):
            names.append(actor.name)
    return names


def forget(connection: Connection, now: datetime) -> None:
    _FORGET.run(connection, the_day=now - KEPT)
