"""Look-up, any object: a link to one record of one of several object types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.folding import listed
from metamodel.kinds.conversion import titles_of
from metamodel.kinds.kind import (
    Column,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
)
from metamodel.kinds.lookup import ON_DELETE, on_delete, taken
from metamodel.kinds.system import uuid_text
from metamodel.storage import TEXT, UUID

MADE_TARGETS = "made_to"  # of a resolved field: the object types that `to_from` adds


class AnyLookup(Kind):
    name = "any_lookup"
    label = "Look-up, any object"
    group = "Links"
    icon = "schema"
    words = "dynamic link reference any record subject source"
    about = "A link to one record of any of several object types."
    example = {"name": "about", "kind": "any_lookup", "to": ["book", "member"]}
    sample = {"object": "book", "id": "01890a5d-ac96-774b-bcce-b302099a8057"}
    options = {
        "to": {
            "x-upgrade": "locked",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "object", "one": "an object"}},
            "minItems": 1,
            "maxItems": 20,
            "uniqueItems": True,
            "description": "The object types it can link to.",
        },
        "to_from": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "kind", "more": True},
            "description": (
                "A kind of document, such as process: it also links to the object types that "
                "these are about (`subject`)."
            ),
        },
        **ON_DELETE,
        "where": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": {"$ref": "#/$defs/expression"},
            "x-editor": {"keys": {"is": "object"}},
            "description": (
                "Which records may be picked, per object type; `record` is the one "
                'being edited: {book: "on_shelf"}.'
            ),
        },
    }
    needs = ("to",)
    sortable = False
    indexable = False
    operators = ("is", "is_not", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        if field.option("to_from") is not None:
            check.document_kind("to_from", field.option("to_from"))
        made = field.option(MADE_TARGETS, ())  # the documents that name them use them
        for at, name in enumerate(field.option("to", ())):
            if name not in made:
                check.object(f"to/{at}", name)
        for name in field.option("where", {}):
            if name not in field.option("to", ()):
                check.fault(
                    f"where/{name}",
                    "unknown_object",
                    f"`{field.name}` does not link to `{name}`.",
                    f"Use one of {listed(field.option('to', ()))}.",
                )

    def on_delete(self, field: Field) -> str:
        return on_delete(field)

    def link(self, field: Field, object: str, record: str) -> tuple[str, str]:
        return object, record

    def cell(self, field: Field, value: Mapping[str, str]) -> str:
        return f"{value['object']}:{value['id']}"

    def texts(self, field: Field, value: Any, world: RelatedRecords) -> list[str]:
        return titles_of(field, value, world)

    def takes(self, old: Kind) -> Convert | None:
        return taken(old)

    def type(self, field: Field) -> types.Type:
        return types.record(*field.option("to"))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", UUID, indexed=True), Column("__object", TEXT))

    def parse(self, field: Field, raw: Any) -> tuple[str, str]:
        if not isinstance(raw, Mapping) or set(raw) != {"object", "id"}:
            raise ValueFault(
                "not_a_link", f'Write {{"object": "{field.option("to")[0]}", "id": "..."}}.'
            )
        if raw["object"] not in field.option("to"):
            raise ValueFault("wrong_object", f"Link a record of {listed(field.option('to'))}.")
        return raw["object"], uuid_text(raw["id"])

    def parse_text(self, field: Field, text: str, form: TextFormat) -> tuple[str, str]:
        """`book:ID`."""
        name, _, id = text.strip().partition(":")
        return self.parse(field, {"object": name, "id": id})

    def pack(self, field: Field, value: tuple[str, str]) -> Sequence[Any]:
        return (value[1], value[0])

    def unpack(self, field: Field, parts: Sequence[Any]) -> tuple[str, str] | None:
        return None if parts[0] is None else (parts[1], parts[0])

    def wire(self, field: Field, value: tuple[str, str]) -> dict[str, str]:
        return {"object": value[0], "id": value[1]}

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> dict[str, str] | None:
        return None if parts[0] is None else {"object": parts[1], "id": parts[0]}

    def wire_source(self, field: Field, parts: Sequence[str]) -> str:
        return f'{{"object": {parts[1]}, "id": {parts[0]}}}'

    def show(self, field: Field, value: tuple[str, str], locale: str = "en") -> str:
        return f"{value[0]} {value[1]}"

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "object": {"enum": list(field.option("to"))},
                "id": {"type": "string", "format": "uuid"},
            },
            "required": ["object", "id"],
            "additionalProperties": False,
        }
