"""What a change set can show before it is applied: one table of kinds of preview.

The engine knows two, `field` and `view`; features bring theirs, such as one that says what would
be charged (see `fluvial.records.change_sets.preview_items`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.folding import listed, nearest

Json = dict[str, Any]
CheckPreview = Callable[[str, Mapping[str, Any], ObjectType, DocumentCheck], bool]


@dataclass(frozen=True)
class PreviewKind:
    """A kind of preview. `check` reports the faults of an item, and says whether it is sound."""

    name: str  # the member that says what is shown
    label: str
    schema: Mapping[str, Any]
    check: CheckPreview
    members: Mapping[str, Any] = field(default_factory=dict)  # beside it, with their schemas


@dataclass(frozen=True)
class Preview:
    """One item that is compared before and after."""

    name: str  # of its kind
    spec: Mapping[str, Any]


KINDS: dict[str, PreviewKind] = {}
ITEM: Json = {"type": "object", "minProperties": 1, "properties": {}}


def register_preview(kind: PreviewKind) -> None:
    """Add a kind of preview, before the first catalog is built."""
    there = KINDS.get(kind.name)
    if there is kind:
        return
    if there is not None:
        raise ValueError(f"The preview {kind.name!r} already exists.")
    KINDS[kind.name] = kind
    ITEM["properties"] |= {kind.name: kind.schema, **kind.members}
    options = [
        {"title": one.label, "members": [name, *one.members], "by": [name]}
        for name, one in KINDS.items()
    ]
    ITEM["x-editor"] = {"one": "a figure", "alternatives": {"title": "Show", "options": options}}


def checked_preview(
    pointer: str, spec: Mapping[str, Any], object: ObjectType, check: DocumentCheck
) -> Preview | None:
    """One item of `preview`; a fault, and nothing, where nobody can show it."""
    named = [name for name in KINDS if name in spec]
    if len(named) != 1:
        other = next((name for name in spec if name not in KINDS), "")
        if named:
            message = f"One item shows one thing, and this names {listed(named)}."
            check.fault(pointer, "several_previews", message, "Make an item of each.")
        else:
            hint = nearest(other, KINDS) or f"Use one of {listed(list(KINDS))}."
            message = f"A change set cannot preview `{other}`."
            check.fault(pointer, "unknown_preview", message, hint)
        return None
    kind = KINDS[named[0]]
    for name in spec:
        if name != kind.name and name not in kind.members:
            known = listed([kind.name, *kind.members])
            message = f"A preview of `{kind.name}` has no member `{name}`."
            check.fault(f"{pointer}/{name}", "unknown_member", message, f"It takes {known}.")
            return None
    return Preview(kind.name, spec) if kind.check(pointer, spec, object, check) else None


def _check_field(
    pointer: str, spec: Mapping[str, Any], object: ObjectType, check: DocumentCheck
) -> bool:
    found = check.path(f"{pointer}/field", object, spec["field"])
    return found is not None


def _check_view(pointer: str, spec: Mapping[str, Any], _: ObjectType, check: DocumentCheck) -> bool:
    return check.reference(f"{pointer}/view", "view", spec["view"]) is not None


register_preview(
    PreviewKind(
        "field",
        "A field",
        {
            "title": "Field",
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "A field of the change set, or behind its look-ups: branch.total",
            "x-editor": {"is": "path", "of": "self"},
        },
        _check_field,
    )
)
register_preview(
    PreviewKind(
        "view",
        "A view",
        {
            "title": "View",
            "$ref": "#/$defs/name",
            "description": "The records of a view that come, go or change.",
            "x-editor": {"is": "document", "kind": "view"},
        },
        _check_view,
    )
)
