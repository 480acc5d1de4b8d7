"""The names of a run in wire form, for a run that goes on later, and back.

Records are kept by their ids and read again: what somebody changes meanwhile is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions.given_values import GivenBody, wire_of
from metamodel.storage import timestamp_wire

from .named_environment import NamedRecord, NamedRows

Json = dict[str, Any]


def names_wire(names: Mapping[str, Any]) -> Json:
    return {name: _written(value) for name, value in names.items()}


def _written(value: Any) -> Json:
    for form, (of, write, _) in _FORMS.items():
        if isinstance(value, of):
            return {form: write(value)}
    return {"value": value}


def read_names(session: Session, wire: Mapping[str, Json]) -> dict[str, Any]:
    return {name: _read(session, one) for name, one in wire.items()}


def _read(session: Session, wire: Json) -> Any:
    ((form, value),) = wire.items()
    return _FORMS[form][2](session, value) if form in _FORMS else value


def _rows(session: Session, written: Any) -> NamedRows:
    """Those of the rows that are still there."""
    object_name, ids = written
    type_ = session.catalog.objects[object_name]
    found = (load_row(session, object_name, record, None) for record in ids)
    made = [RecordEnvironment(session, type_, row) for row in found if row is not None]
    return NamedRows(object_name, made)


def _all_written(values: Iterable[Any]) -> list[Json]:
    return [_written(one) for one in values]


def _all_read(session: Session, written: Iterable[Json]) -> list[Any]:
    return [_read(session, one) for one in written]


# How a value is written and read again. A moment is a day too, and an amount a pair, so these
# stand before the others.
_FORMS: Mapping[str, tuple[type, Callable[[Any], Any], Callable[[Session, Any], Any]]] = {
    "answer": (GivenBody, lambda v: wire_of(v.value), lambda _, v: GivenBody(v)),
    "rows": (NamedRows, lambda v: [v.object, [r.values["id"] for r in v.rows]], _rows),
    "amount": (
        Amount,
        lambda v: [f"{v.amount:f}", v.currency],
        lambda _, v: Amount(Decimal(v[0]), v[1]),
    ),
    "record": (NamedRecord, list, lambda _, v: NamedRecord(*v)),
    "list": (list, _all_written, _all_read),
    "pair": (tuple, _all_written, lambda session, v: tuple(_all_read(session, v))),
    "decimal": (Decimal, lambda v: f"{v:f}", lambda _, v: Decimal(v)),
    "moment": (datetime, timestamp_wire, lambda _, v: datetime.fromisoformat(v)),
    "day": (date, lambda v: v.isoformat(), lambda _, v: date.fromisoformat(v)),
}
