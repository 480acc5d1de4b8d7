"""Long text: paragraphs, plain, in Markdown or with places for the record's values."""

from __future__ import annotations

from typing import Any

from metamodel.blanks import blank
from metamodel.expressions import types
from metamodel.kinds.conversion import lines
from metamodel.kinds.kind import Column, Convert, Field, Kind
from metamodel.kinds.text import limit, words
from metamodel.storage import TEXT

MAX_LENGTH = 100_000


class LongText(Kind):
    name = "long_text"
    label = "Long text"
    group = "Text and numbers"
    icon = "align-left"
    words = "paragraph note description memo rich text"
    suggests = "description note notes remark remarks comment comments summary details agenda terms"
    formats = {"markdown": "markdown"}
    about = (
        "Paragraphs of text: plain, Markdown, or a template with placeholders for the "
        "record's values."
    )
    example = {"name": "summary", "kind": "long_text", "format": "markdown"}
    first = ("format", "searchable")
    sample = "A **short** history"
    options = {
        "format": {
            "enum": ["plain", "markdown", "template"],
            "description": (
                "Plain by default. A template fills its placeholders, such as {{ "
                "book.name }}, with the record's values when it is shown."
            ),
        },
        "max_length": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "description": f"The maximum number of characters; {MAX_LENGTH} by default.",
        },
    }
    sortable = False
    searchable = True
    indexable = False
    long = True
    operators = ("contains", "not_contains", "empty", "not_empty")

    def type(self, field: Field) -> types.Type:
        return types.TEXT

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def literal(self, field: Field, raw: Any) -> bool:
        quoted = isinstance(raw, str) and len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\""
        return not quoted

    def parse(self, field: Field, raw: Any) -> str:
        text = words(raw, allowed="\n\r\t").replace("\r\n", "\n").replace("\r", "\n")
        return "" if blank(text) else limit(text, field.option("max_length", MAX_LENGTH))

    def tidied(self, field: Field, value: Any) -> Any:
        return "" if isinstance(value, str) and blank(value) else value

    def takes(self, old: Kind) -> Convert | None:
        """Whatever is stored has words."""
        return lines if old.stored else None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "maxLength": field.option("max_length", MAX_LENGTH)}
