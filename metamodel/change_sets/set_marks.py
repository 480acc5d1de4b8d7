"""Marks of a change set: look-ups in the records that it changes, which then name it.

So a record says by which change set it was made, or ended, in lists, formulas and documents.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck

MOST_MARKS = 20
MARK: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "object": {
            "title": "Of",
            "$ref": "#/$defs/name",
            "description": "One of the objects that are changed in it.",
            "x-editor": {"is": "object"},
        },
        "field": {
            "title": "Look-up",
            "$ref": "#/$defs/name",
            "description": "Its look-up to this object.",
            "x-editor": {"is": "field", "of": "../object"},
        },
        "changes": {
            "title": "Where these change",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "field", "of": "../../object"}},
            "minItems": 1,
            "maxItems": 20,
            "uniqueItems": True,
            "description": "Fields: the look-up names the last change set that gave one of them a "
            "value, and is empty once they are. Without them it names that of a new record.",
        },
    },
    "required": ["object", "field"],
    "additionalProperties": False,
    "x-editor": {"one": "a field"},
}


@dataclass(frozen=True)
class SetMark:
    """A look-up that names the change set: of new records, or of those where `changes` do."""

    object: str
    field: str
    changes: frozenset[str]

    def value(self, id: str, body: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
        """What it becomes by a write that changes one of its fields."""
        there = {**before, **body}
        return None if all(there.get(name) in (None, "", []) for name in self.changes) else id

    def touched(self, body: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        return any(name in body and body[name] != before.get(name) for name in self.changes)


def checked_mark(
    pointer: str,
    spec: Mapping[str, Any],
    object: ObjectType,
    of: Collection[str],
    check: DocumentCheck,
) -> SetMark | None:
    """One of `marks`; faults, and nothing, where it cannot name the change set."""
    type_ = check.object(f"{pointer}/object", spec["object"])
    if type_ is None:
        return None
    if type_.name not in of:
        message = f"`{type_.name}` is not changed in it."
        check.fault(f"{pointer}/object", "not_changed_in_it", message, "Add it to `of`.")
        return None
    field = check.field(f"{pointer}/field", type_, spec["field"])
    names = spec.get("changes", ())
    known = [check.field(f"{pointer}/changes/{at}", type_, one) for at, one in enumerate(names)]
    if field is None or None in known:
        return None
    if field.to != object.name or field.many or not field.writable:
        message = f"{field.label} is not a look-up of {object.label.lower()} records."
        hint = f"Name a field of kind lookup, to {object.name}."
        check.fault(f"{pointer}/field", "not_a_lookup", message, hint)
        return None
    return SetMark(type_.name, field.name, frozenset(names))
