"""The record as it was when an event was committed, and values in their JSON form."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.statement import Statement, param
from fluvial.records.drafts.completion import title_of
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.over_time.recorded_at import read_wire, reverse
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.currencies import Amount
from metamodel.dependencies import graph_of
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.storage import timestamp_wire

_h = HISTORY.c
_LATER = Statement(
    sa.select(_h.changes)
    .where(
        _h.record == param("the_record", _h.record),
        _h.rev > param("the_rev", _h.rev),
        _h.event.not_like(sa.literal_column("'%:%'")),  # not what holds from another day on
    )
    .order_by(_h.rev.desc())
)


def values_at(session: Session, type_: ObjectType, record: str, rev: int) -> Values | None:
    """The record's values at a revision; None where nothing of it is left."""
    row = load_row(session, type_.name, record, None)
    if row is None:
        row = load_row(session, type_.name, record, None, deleted=True)
    if row is None or row["rev"] <= rev:
        return row
    for (changes,) in _LATER.rows(session.connection, the_record=record, the_rev=rev):
        reverse(type_, row, changes)
    row["rev"] = rev
    row["title"] = title_of(Draft(session, type_, record, None, row))
    _compute(session, type_, row)
    return row


def _compute(session: Session, type_: ObjectType, values: Values) -> None:
    """Formulas over the record's own values, as they were with these."""
    own = session.catalog.derive(graph_of).objects.get(type_.name)
    if own is not None:
        computed = RecordEnvironment(session, type_, values, fresh=True).values
        values |= {name: computed[name] for name in own.plain}


def computed_by(type_: ObjectType, values: Values, event: Event) -> None:
    """Give calculated fields the values that the event says they have got."""
    for name, pair in event.changes.items():
        field = type_.fields.get(name)
        if field is not None and field.kept:
            values[name] = read_wire(field, pair[1])


def before_of(type_: ObjectType, values: Values, event: Event) -> Values | None:
    """The values before an event; None where it made the record."""
    if event.event == "created":
        return None
    before = dict(values)
    if event.event == "updated":
        reverse(type_, before, event.changes)
    return before


def plain(expression: Expression, value: Any) -> Any:
    """The value of an expression in wire form."""
    return _plain(value, expression.type)


def _plain(value: Any, type_: types.Type) -> Any:
    if isinstance(value, list):
        return [_plain(one, type_) for one in value]
    if isinstance(value, Amount):
        return {"amount": format(value.amount, "f"), "currency": value.currency}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return timestamp_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        kind, record = value
        person = type_.name in (types.PERSON.name, types.PERSONS.name)
        return {kind: record} if person else {"object": kind, "id": record}
    return value
