"""Measures in words: counts, durations and money as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fluvial.pages.presenters import face_of
from fluvial.pages.reader_format import ReaderFormat, number
from fluvial.records.reading.summary import Measure
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.decimals import round_half_up
from metamodel.expressions.types import DURATION

CURRENCY = "money"


def measured(type_: ObjectType, measure: Measure, value: Any, fmt: ReaderFormat) -> str:
    """The value of a measure; a sum looks like the field that it sums."""
    if value is None:
        return "–"
    field = type_.fields.get(measure.inner)
    if measure.function == "count" or field is None:
        return number(str(value), fmt.locale)
    return face_of(field).text(field, _wire(field, value), fmt)


def _wire(field: Field, value: Any) -> Any:
    """A measure gives the amount alone, and an average of seconds has decimals."""
    if field.type.name == DURATION.name:
        return int(round_half_up(Decimal(value), 0))
    if field.type.name != CURRENCY or isinstance(value, dict):
        return value
    return {"amount": str(value), "currency": field.type.currency or "EUR"}
