"""Look-up, many: links to any number of records of one object type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import Column, Kind, TextFormat
from metamodel.kinds.lookup import INVERSE
from metamodel.kinds.system import uuid_text

if TYPE_CHECKING:
    from metamodel.catalog import Field
    from metamodel.checks import FieldCheck

MAX_LINKS = 1000


class MultiLookup(Kind):
    name = "multi_lookup"
    label = "Look-up, many"
    group = "Links"
    icon = "link-plus"
    words = "references many to many relation several records tags"
    about = "Links to any number of records of one object type, in order and without doubles."
    example = {"name": "subjects", "kind": "multi_lookup", "to": "subject", "inverse": "books"}
    sample = ["01890a5d-ac96-774b-bcce-b302099a8057"]
    options = {
        "to": {
            "x-upgrade": "locked",
            "$ref": "#/$defs/name",
            "description": "The object type that it links to.",
        },
        **INVERSE,
        "min": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LINKS,
            "description": "The fewest records, where it is not empty.",
        },
        "max": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LINKS,
            "description": f"The most records; {MAX_LINKS} by default.",
        },
    }
    needs = ("to",)
    many = True
    linked = True
    sortable = False
    indexable = False
    operators = ("any_of", "all_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check.object("to", field.option("to"))
        if field.option("min", 1) > field.option("max", MAX_LINKS):
            check.fault("min", "min_above_max", "`min` is above `max`.", "Exchange the two.")

    def type(self, field: Field) -> types.Type:
        return types.records(field.option("to"))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return ()

    def parse(self, field: Field, raw: Any) -> list[str]:
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, list):
            raise ValueFault("not_a_list", "Write a list of ids.")
        most = field.option("max", MAX_LINKS)
        if len(items) > most:
            raise ValueFault("too_many", f"Link at most {most} records.")
        linked = list(dict.fromkeys(uuid_text(item) for item in items))
        least = field.option("min", 0)
        if len(linked) < least:
            raise ValueFault("too_few", f"Link at least {least} records.")
        return linked

    def parse_text(self, field: Field, text: str, form: TextFormat) -> list[str]:
        return self.parse(field, [part.strip() for part in text.split(";") if part.strip()])

    def pack(self, field: Field, value: Sequence[str]) -> Sequence[Any]:
        return ()

    def unpack(self, field: Field, parts: Sequence[Any]) -> list[str]:
        return list(parts)

    def wire(self, field: Field, value: Sequence[str]) -> list[str]:
        return list(value)

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> list[str]:
        return list(parts)

    def show(self, field: Field, value: Sequence[str], locale: str = "en") -> str:
        return ", ".join(value)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "format": "uuid"},
            "maxItems": field.option("max", MAX_LINKS),
        }
