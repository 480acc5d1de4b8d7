"""Change sets: records that keep changes of other records until they are applied together.

`change_set` on an object type says which objects are changed in its records, when they are applied
and taken back, and what is shown before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.object_parts import Body, ObjectPart
from metamodel.object_types import items

from .preview_kinds import ITEM, Preview, checked_preview
from .set_marks import MARK, MOST_MARKS, SetMark, checked_mark

USER = "user"  # accounts are written beside their fields, which nothing can keep
MOST_OBJECTS = 50
MOST_PREVIEWS = 20

SCHEMA: Mapping[str, Any] = {
    "title": "Change set",
    "type": "object",
    "properties": {
        "of": {
            "title": "Objects that are changed in it",
            "x-upgrade": "merge_by_key",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "object", "one": "an object"}},
            "minItems": 1,
            "maxItems": MOST_OBJECTS,
            "uniqueItems": True,
        },
        "effective": {
            "title": "Effective from",
            "$ref": "#/$defs/name",
            "description": "A field with the day from which dated values of it hold; while it is "
            "empty, they hold from the day on which it is applied.",
            "x-editor": {"is": "field"},
        },
        "applies": {
            "title": "Applied when",
            "$ref": "#/$defs/expression",
            "description": "Once this first holds, what it keeps is carried out.",
            "x-editor": {"expects": "boolean"},
        },
        "reverses": {
            "title": "Taken back when",
            "$ref": "#/$defs/expression",
            "description": "Once this first holds after that, what it did is taken back.",
            "x-editor": {"expects": "boolean"},
        },
        "marks": {
            "title": "Fields that name it",
            "type": "array",
            "items": MARK,
            "maxItems": MOST_MARKS,
            "description": "Look-ups in the records that it changes, which then name it: in new "
            "records, or where fields are changed.",
        },
        "preview": {
            "title": "Shown before it is applied",
            "type": "array",
            "items": ITEM,
            "maxItems": MOST_PREVIEWS,
            "description": "What is compared before and after.",
        },
    },
    "required": ["of", "applies"],
    "additionalProperties": False,
    "description": "Its records keep changes of others, to be applied together.",
    "x-editor": {"more": True},
}


@dataclass(frozen=True, eq=False)
class ChangeSet:
    """What a change set of an object type is. `effective` is a field, or empty."""

    of: frozenset[str]
    effective: str
    applies: Expression
    reverses: Expression | None
    preview: tuple[Preview, ...]
    marks: tuple[SetMark, ...] = ()


def _compile(body: Body, object: ObjectType, check: DocumentCheck) -> ChangeSet | None:
    spec = body["change_set"]
    sound = [
        _check_object(f"/change_set/of/{at}", name, object, check)
        for at, name in enumerate(spec["of"])
    ]
    effective = _effective(spec.get("effective", ""), object, check)
    applies = _condition("applies", spec["applies"], object, check)
    reverses = None
    if "reverses" in spec:
        reverses = _condition("reverses", spec["reverses"], object, check)
        if reverses is not None and applies is not None and reverses.source == applies.source:
            message = "It would be taken back in the moment in which it is applied."
            hint = "Name another state of it."
            check.fault("/change_set/reverses", "same_condition", message, hint)
    found = (
        checked_preview(f"/change_set/preview/{at}", one, object, check)
        for at, one in items(spec, "preview")
    )
    preview = tuple(one for one in found if one is not None)
    marks = tuple(
        mark
        for at, one in items(spec, "marks")
        if (mark := checked_mark(f"/change_set/marks/{at}", one, object, spec["of"], check))
    )
    if applies is None or effective is None or not all(sound):
        return None
    return ChangeSet(frozenset(spec["of"]), effective, applies, reverses, preview, marks)


CHANGE_SET: ObjectPart[ChangeSet] = ObjectPart(
    "change_set",
    SCHEMA,
    _compile,
    removable={
        "/change_set/of/*": "/change_set/of/*",
        "/change_set/effective": "/change_set/effective",
        "/change_set/marks/*/object": "/change_set/marks/*",
        "/change_set/marks/*/field": "/change_set/marks/*",
        "/change_set/marks/*/changes/*": "/change_set/marks/*",
        "/change_set/preview/*/field": "/change_set/preview/*",
        "/change_set/preview/*/view": "/change_set/preview/*",
    },
)


def _check_object(pointer: str, name: str, object: ObjectType, check: DocumentCheck) -> bool:
    if check.object(pointer, name) is None:
        return False
    if name == object.name:
        message = f"{object.label} cannot be changed in records of its own."
        check.fault(pointer, "own_object", message, "Name the objects that they change.")
    elif name == USER:
        message = "Users cannot be changed in a change set: it would keep what only they may know."
        check.fault(pointer, "not_kept", message, "Remove it.")
    elif _is_change_set(name, check):
        message = f"`{name}` is a change set itself, and they do not stand in one another."
        check.fault(pointer, "nested", message, f"Name the objects that `{name}` changes.")
    else:
        return True
    return False


def _is_change_set(name: str, check: DocumentCheck) -> bool:
    document = check.documents.get("object", {}).get(name)
    return document is not None and document.body.get("change_set") is not None


def _effective(name: str, object: ObjectType, check: DocumentCheck) -> str | None:
    """The field with the day; empty where there is none, None where it is no such field."""
    if not name:
        return ""
    field = check.field("/change_set/effective", object, name)
    if field is None:
        return None
    if field.type.name != types.DATE.name:
        message = f"`{name}` is not a date."
        check.fault("/change_set/effective", "not_a_date", message, "Name a field of kind date.")
        return None
    return name


def _condition(
    member: str, source: str, object: ObjectType, check: DocumentCheck
) -> Expression | None:
    """A condition of the record alone, so that its saves tell when it begins to hold."""
    pointer = f"/change_set/{member}"
    compiled = check.condition(pointer, source, object.name)
    if compiled is None:
        return None
    if compiled.personal:
        message = "A change set is applied for everybody, so this cannot ask for `me`."
        check.fault(pointer, "personal", message, "Leave out `me`; roles say what people may do.")
        return None
    if compiled.timed:
        message = f"Nobody saves the record when this begins to hold: {source}"
        hint = "Ask for a state, and let a rule with a date move it there on the day."
        check.fault(pointer, "not_lasting", message, hint)
        return None
    return compiled
