"""Protected fields: nobody is told their values unasked, and who asked is kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import REVEAL
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem, fault
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.reader import read_one
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

SHOWN = 200

_r = REVEAL.c
_NOTE = insert(REVEAL)
_LATEST = Statement(
    sa.select(_r.at, _r.by, _r.field)
    .where(_r.record == param("the_record", _r.record), _r.object == param("the_object", _r.object))
    .order_by(_r.at.desc(), _r.id.desc())
    .limit(sa.literal_column(str(SHOWN)))
)


def reveal(session: Session, object_name: str, record: str, name: str) -> Any:
    """The value of a protected field in wire form; that the actor asked is noted with it."""
    type_ = session.object(object_name)
    if name not in session.access.object(object_name).masked:
        message = f"{type_.label} has no protected field `{name}`."
        raise Problem(message, errors=[fault("/field", "unknown_field", message)])
    with session.connection.transaction():
        read_one(session, object_name, record, (("id",),))
        row = load_row(session, object_name, record, None) or {}
        _NOTE.run(
            session.connection,
            id=new_id(),
            object=object_name,
            record=record,
            field=name,
            at=session.now,
            by=session.actor.id,
        )
    return wire_value(type_.fields[name], row.get(name))


def reveals(session: Session, object_name: str, record: str) -> list[dict[str, Any]]:
    """Who asked for which protected field of a record, the latest first."""
    read_one(session, object_name, record, (("id",),))
    masked = session.access.object(object_name).masked
    rows = _LATEST.rows(session.connection, the_record=record, the_object=object_name)
    return [
        {"at": timestamp_wire(at), "by": {"user": by} if by else None, "field": name}
        for at, by, name in rows
        if name in masked
    ]
