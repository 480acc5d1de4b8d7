"""When something is due: fields that are called so show lateness, while the record is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from metamodel.catalog import ObjectType

from .reader_format import ReaderFormat

NAMES = ("due", "due_at", "due_on", "due_by", "deadline")


def due_field(type_: ObjectType) -> str:
    """The field that says until when a record is to be done; "" where there is none."""
    return next((f.name for f in type_.own_fields if f.name in NAMES and f.kind.sorts(f)), "")


def is_open(type_: ObjectType, record: Mapping[str, Any]) -> bool:
    """Whether a record is not done with, as far as its state was read."""
    if type_.states is None:
        return True
    value = record.get(type_.states.field)
    return not any(
        o.closed and o.name == value for o in type_.fields[type_.states.field].type.options
    )


def tone(value: str, fmt: ReaderFormat) -> str:
    """Red where it has passed, amber where it is today."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        soon, late = moment.date() == fmt.today, moment.date() < fmt.today
    else:
        soon, late = fmt.local(moment).date() == fmt.here, moment < fmt.now
    return "bad" if late else "warn" if soon else ""
