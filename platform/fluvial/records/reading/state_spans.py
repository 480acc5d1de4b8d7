"""The state log as it is read: the spans of records, of fields that keep a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import STATE_SPAN
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.expressions.chronology import seconds_between
from metamodel.state_times import StateSpan
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .reader import read_one

_s = STATE_SPAN.c
_SPANS = {
    dialect: Statement(
        sa.select(_s.record, _s.field, _s.rev, _s.state, _s["from"], _s.until, _s.by, _s.cause)
        .where(among_ids(_s.record, dialect), _s.object == param("the_object", _s.object))
        .order_by(_s.record, _s.rev)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_TIMES = {
    dialect: Statement(
        sa.select(_s.record, _s.state, _s["from"], _s.until)
        .where(
            among_ids(_s.record, dialect),
            _s.object == param("the_object", _s.object),
            _s.field == param("the_field", _s.field),
        )
        .order_by(_s.record, _s.rev)
    )
    for dialect in (SQLITE, POSTGRESQL)
}


@dataclass(frozen=True)
class LoggedSpan:
    """A span of the log, with who entered the state and by which rule."""

    record: str
    field: str
    rev: int
    state: str
    begun: datetime
    ended: datetime | None
    by: str | None
    cause: str | None

    @property
    def span(self) -> StateSpan:
        return StateSpan(self.state, self.begun, self.ended)


def logged_spans(session: Session, object_name: str, records: Sequence[str]) -> list[LoggedSpan]:
    """The spans of records of one object type, in order; nobody's rights are asked."""
    ids = id_list(session.connection.dialect, records)
    statement = _SPANS[session.connection.dialect]
    rows = statement.rows(session.connection, ids=ids, the_object=object_name)
    return [LoggedSpan(*row) for row in rows]


def spans_of(
    session: Session, object_name: str, records: Sequence[str], field: str
) -> dict[str, list[StateSpan]]:
    """The spans of one field of each record: `(state, begun, ended)`, in order."""
    found: dict[str, list[StateSpan]] = {record: [] for record in records}
    ids = id_list(session.connection.dialect, records)
    statement = _TIMES[session.connection.dialect]
    told = {"the_object": object_name, "the_field": field}
    for record, state, begun, ended in statement.rows(session.connection, ids=ids, **told):
        found[record].append(StateSpan(state, begun, ended))
    return found


def shown_spans(session: Session, object_name: str, record: str) -> list[LoggedSpan]:
    """The spans of the fields that the actor may read, of a record that they may read, as of the
    day that is read."""
    hidden, moment = session.access.object(object_name).hidden, session.moment
    shown = {f.name for f in session.catalog.objects[object_name].logged_fields} - {*hidden}
    return [
        one if one.ended is None or one.ended <= moment else replace(one, ended=None)
        for one in logged_spans(session, object_name, [record])
        if one.field in shown and one.begun <= moment
    ]


def read_states(session: Session, object_name: str, record: str) -> list[dict[str, Any]]:
    """The same in wire form."""
    read_one(session, object_name, record, (("id",),))
    return [
        {
            "field": one.field,
            "state": one.state,
            "from": timestamp_wire(one.begun),
            "until": None if one.ended is None else timestamp_wire(one.ended),
            "seconds": seconds_between(one.span.until(session.moment), one.begun),
            "rev": one.rev,
            "by": {"user": one.by} if one.by else None,
            "cause": {"rule": one.cause} if one.cause else None,
        }
        for one in shown_spans(session, object_name, record)
    ]
