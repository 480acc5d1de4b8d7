"""Yes/No: a boolean that is No until somebody says Yes, unless it is three-state."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.folding import label_text
from metamodel.kinds.conversion import parsed
from metamodel.kinds.kind import (
    Column,
    ConversionStep,
    Convert,
    Field,
    Kind,
    RelatedRecords,
    TextFormat,
    one_text,
)
from metamodel.storage import BOOLEAN
from metamodel.written.written_answers import answer_in


class Boolean(Kind):
    name = "boolean"
    label = "Yes/No"
    group = "Choices"
    icon = "toggle-right"
    words = "boolean checkbox tick flag switch true false"
    suggests = "is has can may active enabled confirmed approved paid done billable"
    about = "Yes or No. Without a default it is No; a three-state one may also be empty."
    example = {"name": "on_shelf", "kind": "boolean", "default": True}
    first = ("three_state", "default")
    sample = True
    options = {
        "three_state": {"type": "boolean", "description": "Whether it may also be empty."},
        "yes": {"$ref": "#/$defs/label", "description": "The word shown for Yes."},
        "no": {"$ref": "#/$defs/label", "description": "The word shown for No."},
    }
    emptiable = False
    operators = ("is",)

    def absent(self, field: Field) -> bool | None:
        return None if field.option("three_state") else False

    def default_schema(self) -> Mapping[str, Any]:
        return {"type": "boolean", "title": "Initially Yes"}

    def type(self, field: Field) -> types.Type:
        return types.BOOLEAN

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", BOOLEAN),)

    def parse(self, field: Field, raw: Any) -> bool:
        if not isinstance(raw, bool):
            raise ValueFault("not_a_boolean", "Write true or false, without quotes.")
        return raw

    def parse_text(self, field: Field, text: str, form: TextFormat) -> bool:
        """The field's own words, or those of many languages."""
        word = text.strip().casefold()
        for option, value in (("yes", True), ("no", False)):
            if word in own_words(field, option):
                return value
        answer = answer_in(word)
        if answer is None:
            raise ValueFault("not_a_boolean", "Write yes or no.")
        return answer

    def cell(self, field: Field, value: bool) -> str:
        return "true" if value else "false"

    def texts(self, field: Field, value: bool, world: RelatedRecords) -> list[str]:
        return [self.show(field, value)]

    def takes(self, old: Kind) -> Convert | None:
        if old.among(("boolean",)):
            return parsed
        if old.among(("number",)):
            return _one_or_none
        return one_text if old.among(("choice",)) else super().takes(old)

    def show(self, field: Field, value: bool, locale: str = "en") -> str:
        return label_text(field.option("yes", "Yes") if value else field.option("no", "No"), locale)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "boolean"}


def own_words(field: Field, option: str) -> set[str]:
    """The word that a field has for yes or no, in each of its languages."""
    said = field.option(option, "")
    words = said.values() if isinstance(said, Mapping) else (said,)
    return {str(word).strip().casefold() for word in words if word}


def _one_or_none(step: ConversionStep, value: Decimal) -> bool:
    if value not in (0, 1):
        raise ValueFault("not_a_boolean", "Only 1 means yes and 0 no.")
    return value == 1
