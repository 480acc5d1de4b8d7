"""Calculated: a formula over the record's own fields, its look-ups and its collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement

from metamodel.calendars.calendars import Calendars
from metamodel.expressions import types
from metamodel.kinds.boolean import Boolean
from metamodel.kinds.date import Date
from metamodel.kinds.datetime import Datetime
from metamodel.kinds.duration import Duration
from metamodel.kinds.kind import Column, Convert, Field, FieldCheck, Kind, TextFormat
from metamodel.kinds.long_text import LongText
from metamodel.kinds.lookup import Lookup
from metamodel.kinds.money import Money
from metamodel.kinds.number import MAX_SCALE, Number

# The kinds whose values a formula can give. Text has no length to keep to, hence long text.
RESULTS: Mapping[str, Kind] = {
    "text": LongText(),
    "number": Number(),
    "money": Money(),
    "boolean": Boolean(),
    "date": Date(),
    "datetime": Datetime(),
    "duration": Duration(),
    "lookup": Lookup(),
}


def result_kind(field: Field) -> Kind:
    return RESULTS[field.option("result", "text")]


def _prefix(columns: Sequence[Column]) -> str:
    return f"__{columns[0].storage.name}"


class Calculated(Kind):
    name = "calculated"
    label = "Calculated"
    group = "Set by the system"
    icon = "math-function"
    words = "formula roll-up rollup sum count total computed"
    about = "The result of a formula or of a roll-up over related records; nobody can edit it."
    example = {
        "name": "open_loans",
        "kind": "calculated",
        "result": "number",
        "scale": 0,
        "formula": "count(loans, returned == null)",
    }
    sample = "3"
    options = {
        "result": {"enum": list(RESULTS), "description": "The kind of the result."},
        "formula": {"$ref": "#/$defs/expression", "description": "The expression."},
        "scale": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_SCALE,
            "description": "The decimals of a number or an amount.",
        },
        "currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "The currency of an amount.",
        },
        "unit": {"type": "string", "maxLength": 20, "description": "Shown after a number."},
        "format": {"enum": ["plain", "percent"], "description": "Of a number."},
        "to": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "object"},
            "description": "The object type of a look-up.",
        },
        "clock": Duration.options["clock"],
        "calendar": Duration.options["calendar"],
    }
    needs = ("result", "formula")
    editable = False
    stored = False
    indexable = False

    def check(self, field: Field, check: FieldCheck) -> None:
        if field.option("result") == "lookup" and field.option("to") is None:
            check.fault("", "missing", "`to` is missing.", "Write the object type it links to.")
            return
        if field.option("result") == "lookup":
            check.object("to", field.option("to"))
        if field.option("result") == "duration":
            RESULTS["duration"].check(field, check)
        elif field.option("clock") is not None:
            check.fault("clock", "no_duration", "Only durations can have a clock.", "Leave it out.")

    def resolve(self, spec: Mapping[str, Any], calendars: Calendars) -> Mapping[str, Any]:
        kind = RESULTS.get(spec.get("result", ""))
        return spec if kind is None else kind.resolve(spec, calendars)

    def type(self, field: Field) -> types.Type:
        return result_kind(field).type(field)

    def columns(self, field: Field) -> tuple[Column, ...]:
        """The columns of its value: in a query, and in the table where it is stored."""
        named = result_kind(field).columns(field)
        # Another result gets another column, so that who still has the old one reads on.
        prefix = _prefix(named)
        return tuple(replace(column, suffix=prefix + column.suffix) for column in named)

    def absent(self, field: Field) -> Any:
        return result_kind(field).absent(field)

    def sorts(self, field: Field) -> bool:
        return True

    def sorted_behind(self, field: Field) -> str | None:
        return result_kind(field).sorts_by

    def order(
        self, field: Field, columns: Mapping[str, ColumnElement[Any]]
    ) -> tuple[ColumnElement[Any], ...]:
        kind = result_kind(field)
        prefix = _prefix(kind.columns(field))
        plain = {suffix.removeprefix(prefix): column for suffix, column in columns.items()}
        return kind.order(field, plain)

    def parse(self, field: Field, raw: Any) -> Any:
        return result_kind(field).parse(field, raw)

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Any:
        return result_kind(field).parse_text(field, text, form)

    def pack(self, field: Field, value: Any) -> Sequence[Any]:
        return result_kind(field).pack(field, value)

    def unpack(self, field: Field, parts: Sequence[Any]) -> Any:
        return result_kind(field).unpack(field, parts)

    def wire(self, field: Field, value: Any) -> Any:
        return result_kind(field).wire(field, value)

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> Any:
        return result_kind(field).wire_parts(field, parts)

    def wire_source(self, field: Field, parts: Sequence[str]) -> str | None:
        return result_kind(field).wire_source(field, parts)

    def cell(self, field: Field, value: Any) -> str:
        return result_kind(field).cell(field, value)

    def takes(self, old: Kind) -> Convert | None:
        """Nobody writes it."""
        return None

    def show(self, field: Field, value: Any, locale: str = "en") -> str:
        return result_kind(field).show(field, value, locale)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return result_kind(field).json_schema(field)
