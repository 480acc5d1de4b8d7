"""Numbers at issue: whether a draft gets its number now, and what has to be there then."""

from __future__ import annotations

from datetime import date, datetime

import orjson

from metamodel.catalog import Field
from metamodel.expressions.python import truth

from .draft import Draft, wire_value
from .record_environment import RecordEnvironment
from .rows import empty


def is_due(draft: Draft, field: Field) -> bool:
    """Whether a record gets its number now: it has none, and its condition holds."""
    if draft.values.get(field.name) is not None:
        return False
    return draft.new if field.issued is None else _holds(draft, field)


def _holds(draft: Draft, field: Field) -> bool:
    values, before = draft.values, draft.before
    environment = RecordEnvironment(draft.session, draft.type, values, before, fresh=True)
    return field.issued is None or truth(field.issued, environment)


def day_of(draft: Draft, field: Field) -> date:
    """The day whose date a number shows, and in whose period it is counted."""
    value = draft.values.get(field.option("day", ""))
    if isinstance(value, datetime):
        return draft.session.engine.clock.day_of(value)
    return value if isinstance(value, date) else draft.session.today


def counter_of(draft: Draft, field: Field) -> str:
    """The counter from which a number comes: its period, and the values that it is counted for."""
    period = field.kind.period(field, day_of(draft, field)) or ""
    return period + series_of(draft, field)


def series_of(draft: Draft, field: Field) -> str:
    """The values that a number is counted for, as text; "" where all numbers are one series."""
    names = field.kind.series(field.spec)
    if not names:
        return ""
    said = [wire_value(draft.type.fields[name], draft.values.get(name)) for name in names]
    return "|" + orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()


def check_numbers(draft: Draft) -> None:
    """Refuse what has no number yet and brings one, and what lacks what its number is made of."""
    for field in draft.type.numbered_fields:
        if draft.values.get(field.name) is not None:
            _check_given(draft, field)
        elif is_due(draft, field):
            _check_parts(draft, field)


def _check_given(draft: Draft, field: Field) -> None:
    if draft.new:
        if not _holds(draft, field):
            message = f"{field.label} is given later, by its own condition. Leave it empty."
            draft.fault(field.name, "not_yet", message)
        return
    for name in draft.changed.intersection(field.kind.series(field.spec)):
        label, number = draft.type.fields[name].label, draft.values[field.name]
        message = f"{label} cannot be changed any more: {field.label} {number} was counted for it."
        draft.fault(name, "numbered", message)


def _check_parts(draft: Draft, field: Field) -> None:
    parts = (*field.kind.series(field.spec), field.option("day"))
    for name in parts:
        if name is not None and empty(draft.values.get(name)):
            label = draft.type.fields[name].label
            draft.fault(name, "needed", f"{field.label} needs this: fill in {label}.")
