"""Look-up: a link to one record of one object type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.expressions import types
from metamodel.kinds.conversion import LINKING, LISTED, found, relinked, titles_of
from metamodel.kinds.kind import WRITTEN, Column, Convert, Field, FieldCheck, Kind, RelatedRecords
from metamodel.kinds.system import uuid_text
from metamodel.storage import UUID

INVERSE: Mapping[str, Any] = {
    "inverse": {
        "$ref": "#/$defs/name",
        "description": "The name of the collection on the other side: member.loans.",
    },
    "inverse_label": {"$ref": "#/$defs/label", "description": "The label of that collection."},
    "where": {
        "$ref": "#/$defs/expression",
        "x-editor": {"of": "../to", "names": ["record"], "expects": "boolean"},
        "description": "Which records may be picked; `record` is the one being edited.",
    },
}

KEEP = "keep"

ON_DELETE: Mapping[str, Any] = {
    "on_delete": {
        "enum": ["restrict", "clear", "cascade", "keep"],
        "description": (
            "What to do when the linked record is deleted: refuse (the default), "
            "clear the link, delete this record too, or keep the link to what is in the bin."
        ),
    },
}


def on_delete(field: Field) -> str:
    """What becomes of the record when the record that it looks up is deleted."""
    if field.option("owned"):
        return "cascade"
    return str(field.option("on_delete", "restrict"))


def kept(field: Field) -> bool:
    """Whether the link stays when the record that it looks up goes to the bin."""
    return field.kind.on_delete(field) == KEEP


def cell_of(link: Any) -> str:
    """The id of a link; of one whose record was read too, what that is called."""
    return str(link.get("title", link.get("id", ""))) if isinstance(link, Mapping) else str(link)


def taken(old: Kind) -> Convert | None:
    """How other kinds become links: by the titles of records, or as the same records."""
    if old.among(LINKING):
        return relinked
    return found if old.among((*WRITTEN, *LISTED)) else None


class Lookup(Kind):
    name = "lookup"
    label = "Look-up"
    group = "Links"
    icon = "link"
    words = "reference relation foreign key parent record link"
    about = "A link to one record of one object type; the linked record lists its links."
    example = {"name": "author", "kind": "lookup", "to": "author", "inverse": "books"}
    sample = "01890a5d-ac96-774b-bcce-b302099a8057"
    options = {
        "to": {
            "x-upgrade": "locked",
            "$ref": "#/$defs/name",
            "x-editor": {"is": "object"},
            "description": "The object type it links to.",
        },
        **INVERSE,
        **ON_DELETE,
        "owned": {
            "type": "boolean",
            "description": (
                "The record is part of the linked record and is deleted with it. "
                "People who may read or update the linked record may read or write "
                "this one, if a role also grants this object type."
            ),
        },
        "pull": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": {
                "$ref": "#/$defs/expression",
                "x-editor": {"of": "../../to"},
            },
            "x-editor": {"keys": {"is": "field", "of": "self"}},
            "minProperties": 1,
            "maxProperties": 40,
            "description": (
                "Fields filled from the linked record when it is chosen, unless they"
                " were entered: {branch: home_branch, rate: tariff.rate}."
            ),
        },
        "create": {
            "type": "boolean",
            "description": "Whether forms offer to create a new record to link to.",
        },
    }
    needs = ("to",)
    sorts_by = "title"
    groups = True
    operators = ("is", "is_not", "any_of", "none_of", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check.object("to", field.option("to"))
        if field.required and field.option("on_delete") == "clear":
            check.fault(
                "on_delete",
                "cannot_clear",
                f"`{field.name}` is required, so it cannot be cleared.",
                "Write restrict, cascade or keep.",
            )
        if field.option("owned") and field.option("on_delete", "cascade") != "cascade":
            check.fault(
                "on_delete",
                "owned_cascades",
                "An owned record is deleted with its owner.",
                "Remove `on_delete` or `owned`.",
            )

    def on_delete(self, field: Field) -> str:
        return on_delete(field)

    def cell(self, field: Field, value: Any) -> str:
        return cell_of(value)

    def texts(self, field: Field, value: Any, world: RelatedRecords) -> list[str]:
        return titles_of(field, value, world)

    def takes(self, old: Kind) -> Convert | None:
        return taken(old)

    def type(self, field: Field) -> types.Type:
        return types.record(field.option("to"))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", UUID, references=field.option("to"), indexed=True),)

    def parse(self, field: Field, raw: Any) -> str:
        return uuid_text(raw)

    def parse_text(self, field: Field, text: str, form: Any) -> str:
        return uuid_text(text.strip())

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}
