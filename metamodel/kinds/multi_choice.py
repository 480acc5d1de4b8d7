"""Multi-choice: any number of some options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.choice import (
    OPTIONS,
    active,
    beside,
    check_options,
    depends_on,
    label_of,
    named,
    names_of,
    options_of,
)
from metamodel.kinds.conversion import LINKING, LISTED, lines, several_texts
from metamodel.kinds.kind import (
    WRITTEN,
    Column,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
)
from metamodel.storage import JSON

MAX_OPTIONS = 500


class MultiChoice(Kind):
    name = "multi_choice"
    label = "Multi-choice"
    group = "Choices"
    icon = "checks"
    words = "multi-select tags labels checkboxes several"
    suggests = "tags labels interests topics languages skills"
    about = "Any number of some options, kept in the order of the options."
    example = {
        "name": "genres",
        "kind": "multi_choice",
        "options": [{"name": "crime"}, {"name": "history"}, {"name": "travel"}],
    }
    first = ("options",)
    awaits = ("options",)
    sample = ["crime", "travel"]
    options = {
        **OPTIONS,
        "min": {"type": "integer", "minimum": 1, "description": "The minimum number of options."},
        "max": {"type": "integer", "minimum": 1, "description": "The maximum number of options."},
    }
    many = True
    sortable = False
    indexable = False
    operators = ("any_of", "all_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check_options(field, check)
        if field.option("min", 1) > field.option("max", MAX_OPTIONS):
            check.fault("min", "min_above_max", "`min` is above `max`.", "Swap the two.")

    def follows(self, field: Field) -> tuple[str, ...]:
        return depends_on(field)

    def settle(self, field: Field, value: Any, others: Mapping[str, Any]) -> Any:
        beside(field, value, others)
        return value

    def type(self, field: Field) -> types.Type:
        return types.choice(options_of(field.spec), many=True)

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", JSON),)

    def literal(self, field: Field, raw: Any) -> bool:
        return not isinstance(raw, str)

    def parse(self, field: Field, raw: Any) -> list[str]:
        if not isinstance(raw, list):
            raise ValueFault("not_a_list", 'Write a list of options, such as ["blue"].')
        return self._counted(field, {active(field, item) for item in raw})

    def parse_over(self, field: Field, raw: Any, there: Any) -> list[str]:
        """Options that were taken out stay where they are held, beside those that are added."""
        options = {option.name for option in field.type.options if not option.retired}
        gone = [name for name in there or () if name not in options]
        if not gone or not isinstance(raw, list):
            return self.parse(field, raw)
        kept = [name for name in gone if name in raw]
        added = {active(field, item) for item in raw if item not in kept}
        return self._counted(field, added, kept)

    def _counted(self, field: Field, chosen: set[str], kept: Sequence[str] = ()) -> list[str]:
        names = names_of(field)
        chosen = chosen | set(kept)
        least, most = field.option("min", 0), field.option("max", MAX_OPTIONS)
        if len(chosen) < least:
            raise ValueFault("too_few", f"Choose at least {least}; you chose {len(chosen)}.")
        if len(chosen) > most:
            raise ValueFault("too_many", f"Choose at most {most}; you chose {len(chosen)}.")
        return [
            *(name for name in kept if name not in names),
            *(name for name in names if name in chosen),
        ]

    def parse_text(self, field: Field, text: str, form: TextFormat) -> list[str]:
        mark = ";" if ";" in text else ","
        return self.parse(field, [named(field, part) for part in text.split(mark) if part.strip()])

    def cell(self, field: Field, value: list[str]) -> str:
        return ";".join(value)

    def texts(self, field: Field, value: list[str], world: RelatedRecords) -> list[str]:
        return [label_of(field, name, "en") for name in value]

    def takes(self, old: Kind) -> Convert | None:
        if old.among((*LISTED, *LINKING)):
            return several_texts
        return lines if old.among(WRITTEN) else None

    def show(self, field: Field, value: list[str], locale: str = "en") -> str:
        return ", ".join(label_of(field, name, locale) for name in value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "enum": names_of(field)},
            "uniqueItems": True,
            "maxItems": field.option("max", MAX_OPTIONS),
        }
