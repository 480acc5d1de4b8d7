"""Multi-choice: any number of some options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.choice import (
    OPTIONS,
    active,
    check_options,
    label_of,
    named,
    names_of,
    options_of,
)
from metamodel.kinds.kind import Column, Kind, TextFormat
from metamodel.storage import JSON

if TYPE_CHECKING:
    from metamodel.catalog import Field
    from metamodel.checks import FieldCheck


class MultiChoice(Kind):
    name = "multi_choice"
    label = "Multi-choice"
    group = "Choices"
    icon = "checks"
    words = "multi-select tags labels checkboxes several"
    about = "Any number of some options, kept in the order of the options."
    example = {
        "name": "genres",
        "kind": "multi_choice",
        "options": [{"name": "crime"}, {"name": "history"}, {"name": "travel"}],
    }
    options = OPTIONS
    many = True
    sortable = False
    indexable = False
    operators = ("any_of", "all_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check_options(field, check)

    def type(self, field: Field) -> types.Type:
        return types.choice(options_of(field.spec), many=True)

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", JSON),)

    def literal(self, field: Field, raw: Any) -> bool:
        return not isinstance(raw, str)

    def parse(self, field: Field, raw: Any) -> list[str]:
        if not isinstance(raw, list):
            raise ValueFault("not_a_list", 'Write a list of options, such as ["blue"].')
        chosen = {active(field, item) for item in raw}
        return [name for name in names_of(field) if name in chosen]

    def parse_text(self, field: Field, text: str, form: TextFormat) -> list[str]:
        mark = ";" if ";" in text else ","
        return self.parse(field, [named(field, part) for part in text.split(mark) if part.strip()])

    def show(self, field: Field, value: list[str], locale: str = "en") -> str:
        return ", ".join(label_of(field, name, locale) for name in value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": names_of(field)},
            "uniqueItems": True,
        }
