"""Conversations about records: who takes part, who reads what is public, what an answer does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.expressions import types
from metamodel.folding import listed, nearest
from metamodel.object_parts import Body, ObjectPart
from metamodel.object_types import PEOPLE
from metamodel.reach import Reach

MOST = 20
E_MAIL = "email"

SCHEMA: Mapping[str, Any] = {
    "title": "Conversation",
    "type": "object",
    "properties": {
        "number": {
            "title": "Number",
            "$ref": "#/$defs/name",
            "description": "The field by which mails name the record: [T-2026-00042] in a subject.",
            "x-editor": {"is": "field"},
        },
        "participants": {
            "title": "Participants",
            "x-upgrade": "merge_by_key",
            "type": "array",
            "items": {"$ref": "#/$defs/path", "x-editor": {"is": "path", "one": "a path"}},
            "uniqueItems": True,
            "maxItems": MOST,
            "description": "Who takes part by mail: e-mail fields, people, and look-ups to records "
            "that have an e-mail field.",
        },
        "public_to": {
            "title": "Public to",
            "x-upgrade": "merge_by_key",
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "role", "one": "a role"}},
            "uniqueItems": True,
            "maxItems": MOST,
            "description": "The roles that read public messages, and answer them, of the records "
            "that they may read. Internal notes are never for them.",
        },
        "on_reply": {
            "title": "When somebody outside answers",
            "type": "object",
            "properties": {
                "transition": {
                    "title": "Transition",
                    "$ref": "#/$defs/name",
                    "description": "The transition that an answer takes, where it is possible.",
                    "x-editor": {},
                }
            },
            "required": ["transition"],
            "additionalProperties": False,
            "x-editor": {"more": True},
        },
    },
    "additionalProperties": False,
    "description": "Comments, mails and calls about a record as one conversation.",
    "x-editor": {"more": True},
}


@dataclass(frozen=True)
class Participants:
    """One entry of the participants: the path to it, and where the addresses stand at its end."""

    path: tuple[str, ...]
    # E-mail fields by object type of what is linked; "" for an e-mail field at the end of the path.
    addresses: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Conversation:
    number: str  # the field; "" where mails name none
    participants: tuple[Participants, ...]
    public_to: frozenset[str]
    on_reply: str  # the transition; "" for none


def _compile(body: Body, object: ObjectType, check: DocumentCheck) -> Conversation:
    spec = body["conversation"]
    number = _number(spec["number"], object, check) if "number" in spec else ""
    found = [
        _participants(f"/conversation/participants/{at}", path, object, check)
        for at, path in enumerate(spec.get("participants", ()))
    ]
    for at, role in enumerate(spec.get("public_to", ())):
        check.reference(f"/conversation/public_to/{at}", "role", role)
    return Conversation(
        number,
        tuple(one for one in found if one is not None),
        frozenset(spec.get("public_to", ())),
        _transition(spec.get("on_reply", {}).get("transition", ""), object, check),
    )


def _number(name: str, object: ObjectType, check: DocumentCheck) -> str:
    field = check.field("/conversation/number", object, name)
    if field is None:
        return ""
    if field.type.name != types.TEXT.name or not (field.unique or field.kind.unique):
        check.fault(
            "/conversation/number",
            "no_number",
            f"{field.label} does not tell one record from another.",
            "Use a record number, or a text field with `unique: true`.",
        )
        return ""
    return name


def _participants(
    pointer: str, dotted: str, object: ObjectType, check: DocumentCheck
) -> Participants | None:
    field = check.path(pointer, object, dotted)
    if field is None:
        return None
    path = tuple(dotted.split("."))
    if field.option("format") == E_MAIL:
        return Participants(path, {"": ()})
    found = {to: _addresses(to, check) for to in _targets(field)}
    found = {to: names for to, names in found.items() if names}
    for to, names in found.items():
        for name in names if to not in PEOPLE else ():
            check.uses(pointer, f"{to}.{name}")
    if not found:
        check.fault(
            pointer,
            "no_address",
            f"{field.label} leads to no e-mail address.",
            "Name an e-mail field, a person, or a look-up to records that have an e-mail field.",
        )
        return None
    return Participants(path, found)


def _targets(field: Field) -> tuple[str, ...]:
    return tuple(field.type.objects) or tuple(field.targets)


def _addresses(name: str, check: DocumentCheck) -> tuple[str, ...]:
    """The e-mail fields of an object type."""
    if name in PEOPLE:
        return (E_MAIL,) if name == "user" else ()
    type_ = check.objects.get(name)
    if type_ is None:
        return ()
    return tuple(f.name for f in type_.fields.values() if f.option("format") == E_MAIL)


def _transition(name: str, object: ObjectType, check: DocumentCheck) -> str:
    if not name:
        return ""
    known = [one.name for one in object.states.transitions] if object.states is not None else []
    if name in known:
        return name
    hint = nearest(name, known) or (
        f"Use one of {listed(known)}." if known else "Add `states` with transitions to the object."
    )
    message = f"{object.label} has no transition `{name}`."
    check.fault("/conversation/on_reply/transition", "unknown_transition", message, hint)
    return ""


def _acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    """The transition that an answer takes, whoever answers."""
    type_ = catalog.objects.get(document.name)
    conversation = CONVERSATION.of(type_) if type_ is not None else None
    if conversation is not None and conversation.on_reply and type_ is not None and type_.states:
        yield Reach(
            "/conversation/on_reply", "update", type_.name, type_.states.field, everywhere=True
        )


CONVERSATION: ObjectPart[Conversation] = ObjectPart(
    "conversation",
    SCHEMA,
    _compile,
    removable={
        "/conversation/number": "/conversation/number",
        "/conversation/participants/*": "/conversation/participants/*",
        "/conversation/public_to/*": "/conversation/public_to/*",
    },
    acts=_acts,
)
