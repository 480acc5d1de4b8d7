"""What the timeline of a record gathers beside its own: what happens to the records behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Inverse, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.folding import listed, nearest
from metamodel.object_parts import Body, ObjectPart

MOST = 20

SCHEMA: Mapping[str, Any] = {
    "title": "Timeline",
    "type": "object",
    "properties": {
        "gathers": {
            "title": "Also shows",
            "x-upgrade": "merge_by_key",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"one": "a collection"}},
            "uniqueItems": True,
            "minItems": 1,
            "maxItems": MOST,
            "description": "Collections whose records are shown on the timeline: that they were "
            "created, and what is said about them.",
        },
    },
    "required": ["gathers"],
    "additionalProperties": False,
    "description": "What the timeline of a record tells of the records behind it.",
    "x-editor": {"more": True},
}


def _compile(body: Body, object: ObjectType, check: DocumentCheck) -> tuple[Inverse, ...]:
    found = (
        _collection(f"/timeline/gathers/{at}", name, object, check)
        for at, name in enumerate(body["timeline"]["gathers"])
    )
    return tuple(one for one in found if one is not None)


def _collection(
    pointer: str, name: str, object: ObjectType, check: DocumentCheck
) -> Inverse | None:
    inverse = object.inverses.get(name)
    known = [one.name for one in object.inverses.values() if _is_single(one, check)]
    if inverse is None or name not in known:
        hint = nearest(name, known) or (
            f"Use one of {listed(known)}."
            if known
            else f"Give a look-up to {object.label.lower()} an `inverse`."
        )
        message = f"{object.label} has no collection `{name}` of records that look up one."
        check.fault(pointer, "unknown_collection", message, hint)
        return None
    check.uses(pointer, f"{inverse.source}.{inverse.field}")
    return inverse


def _is_single(inverse: Inverse, check: DocumentCheck) -> bool:
    """Whether each of its records looks up one record, and so belongs to its timeline."""
    source = check.objects.get(inverse.source)
    return source is not None and not source.fields[inverse.field].kind.linked


TIMELINE: ObjectPart[tuple[Inverse, ...]] = ObjectPart(
    "timeline", SCHEMA, _compile, removable={"/timeline/gathers/*": "/timeline/gathers/*"}
)
