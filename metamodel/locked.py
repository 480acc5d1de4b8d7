"""Locks: the condition under which records of an object type, and their parts, stay as they are.

The condition is asked of the record as it is stored, before a change. Whoever could never make it
false again has locked the records for good: that is refused where it can be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import (
    And,
    Collection,
    Gather,
    Moment,
    Node,
    Not,
    Or,
    Read,
    Root,
)
from metamodel.expressions.python import run
from metamodel.expressions.reads import reads
from metamodel.folding import label_text, listed
from metamodel.object_parts import ObjectPart

MOST_OTHERS = 8  # conditions on other fields that are gone through, each of them both ways

SCHEMA: Mapping[str, Any] = {
    "title": "Locked",
    "type": "object",
    "properties": {
        "when": {
            "title": "Locked if",
            "$ref": "#/$defs/expression",
            "description": "Asked of the record as it is stored, before a change.",
            "x-editor": {"expects": "boolean"},
        },
        "except": {
            "title": "Fields that stay writable",
            "x-upgrade": "merge_by_key",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "field", "one": "a field"}},
            "uniqueItems": True,
            "maxItems": 100,
            "description": "Fields that can still be changed. A state moves by its transitions.",
        },
        "parts": {
            "title": "With its parts",
            "type": "boolean",
            "description": "Whether the records that it owns are locked with it.",
            "default": False,
        },
        "message": {
            "title": "Said otherwise",
            "$ref": "#/$defs/label",
            "description": "What to tell people who want to change it.",
        },
    },
    "required": ["when"],
    "additionalProperties": False,
    "description": "When a record can no longer be changed, by whatever way.",
    "x-editor": {"more": True},
}


@dataclass(frozen=True, eq=False)
class Locked:
    """The lock of an object type. `open` are the fields that stay writable."""

    when: Expression
    open: frozenset[str]
    parts: bool
    message: str

    @property
    def source(self) -> str:
        return self.when.source


def _compile(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> Locked | None:
    spec = body["locked"]
    when = check.condition("/locked/when", spec["when"], object.name)
    names = spec.get("except", ())
    known = [
        _check_open(f"/locked/except/{at}", name, object, check) for at, name in enumerate(names)
    ]
    parts = bool(spec.get("parts"))
    if parts:
        _check_parts(object, check)
    if when is None:
        return None
    if when.personal:
        check.fault(
            "/locked/when",
            "personal",
            "A lock holds for everybody, so its condition cannot ask for `me`.",
            "Leave out `me`; roles say what people may change.",
        )
    elif all(known):
        _check_way_out(when, frozenset(names), object, check)
    return Locked(when, frozenset(names), parts, label_text(spec.get("message", "")))


LOCKED: ObjectPart[Locked] = ObjectPart(
    "locked", SCHEMA, _compile, removable={"/locked/except/*": "/locked/except/*"}
)


def _check_open(pointer: str, name: str, object: ObjectType, check: DocumentCheck) -> bool:
    """Whether there is such a field."""
    field = check.field(pointer, object, name)
    if field is not None and not field.writable:
        check.fault(
            pointer,
            "not_writable",
            f"`{name}` is set by the system, which a lock does not stop.",
            "Remove it.",
        )
    return field is not None


def _check_parts(object: ObjectType, check: DocumentCheck) -> None:
    owned = list(_owning(object.name, check.objects))
    if not owned:
        check.fault(
            "/locked/parts",
            "no_parts",
            f"No object has an owned look-up to {object.label}, so it has no parts.",
            "Remove `parts`, or set `owned` at the look-up of its parts.",
        )
    elif len(owned) == 1:
        # Where it goes, somebody has to say what the lock is for.
        check.uses("/locked/parts", f"{owned[0].object}.{owned[0].name}")


def _owning(name: str, objects: Mapping[str, ObjectType]) -> Iterator[Field]:
    """The look-ups of records that are parts of those of an object type."""
    for other in objects.values():
        yield from (field for field in other.owned_fields if field.to == name)


def _check_way_out(
    when: Expression, open_: frozenset[str], object: ObjectType, check: DocumentCheck
) -> None:
    """Whether a locked record may ever be unlocked, where only its own fields decide that."""
    own = _deciding(when, object, check.objects)
    if own is None or not own or own & open_ or _leads_out(when, object):
        return
    names = sorted(own)
    plural = len(names) > 1
    check.fault(
        "/locked/when",
        "locks_itself",
        f"A locked record could never be unlocked: {listed(names)} "
        f"decide{'' if plural else 's'} it, and {'are' if plural else 'is'} locked with it.",
        f"Add `{names[0]}` to `except`, or a transition that leads out of the lock.",
    )


def _deciding(
    when: Expression, object: ObjectType, objects: Mapping[str, ObjectType]
) -> set[str] | None:
    """The fields of the record that people can change and that decide a condition.

    None where something else can decide it too: the time, other records, or what the engine moves.
    """
    found: set[str] = set()
    waiting, seen = [when], set[str]()
    while waiting:
        one = waiting.pop()
        if one.timed:
            return None
        for reading in reads(one, objects):
            if reading.root not in (Root.ROW, Root.RECORD) or reading.steps:
                return None
            field = object.fields.get(reading.field)
            if field is None or field.name in seen:
                continue
            seen.add(field.name)
            if field.formula is not None:
                waiting.append(field.formula)
            elif field.made_by:
                return None
            elif field.writable:
                found.add(field.name)
    return found


def _leads_out(when: Expression, object: ObjectType) -> bool:
    """Whether a transition may lead from a state that locks to one that does not.

    Conditions on other fields hold or do not, before as after: a transition changes the state only.
    """
    states = object.states
    if states is None:
        return False
    others = list(dict.fromkeys(_others(when.tree, states.field)))
    if len(others) > MOST_OTHERS:
        return True
    steps = {(one, way.to) for way in states.transitions for one in way.sources}
    return any(
        _holds(when.tree, states.field, before, dict(zip(others, said, strict=True)))
        and not _holds(when.tree, states.field, after, dict(zip(others, said, strict=True)))
        for said in product((True, False), repeat=len(others))
        for before, after in steps
    )


def _others(node: Node, field: str) -> Iterator[Node]:
    """The smallest conditions that ask for something else than the state."""
    if isinstance(node, And | Or | Not):
        for child in node.children():
            yield from _others(child, field)
    elif not all(_of_state(part, field) for part in node.walk()):
        yield node


def _of_state(node: Node, field: str) -> bool:
    if isinstance(node, Read):
        return node.path == (field,) and node.root is Root.ROW
    return not isinstance(node, Moment | Gather | Collection)


def _holds(node: Node, field: str, state: str, others: Mapping[Node, bool]) -> bool:
    if isinstance(node, Not):
        return not _holds(node.operand, field, state, others)
    if isinstance(node, And):
        return all(_holds(one, field, state, others) for one in node.items)
    if isinstance(node, Or):
        return any(_holds(one, field, state, others) for one in node.items)
    if node in others:
        return others[node]
    return run(node, _InState(field, state)) is True  # type: ignore[arg-type]


class _InState:
    """An environment in which only the state of a record is known."""

    def __init__(self, field: str, state: str) -> None:
        self.values = {field: state}
        self.before = None
        self.me = None

    def read(self, path: tuple[str, ...]) -> Any:
        return self.values.get(path[0])


def guarded_parts(catalog: Catalog) -> Mapping[str, tuple[Field, ...]]:
    """The look-ups of each object type that lead to owners whose locks hold for their parts.

    Also by way of other parts. Made once for each snapshot: `catalog.derive(guarded_parts)`.
    """
    guarding = {
        name
        for name, type_ in catalog.objects.items()
        if (lock := LOCKED.of(type_)) is not None and lock.parts
    }
    found: dict[str, dict[str, Field]] = {}
    waiting = list(guarding)
    while waiting:
        for field in _owning(waiting.pop(), catalog.objects):
            known = found.setdefault(field.object, {})
            if field.name not in known:
                known[field.name] = field
                waiting.append(field.object)
    return {name: tuple(fields.values()) for name, fields in found.items()}
