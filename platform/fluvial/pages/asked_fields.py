"""What can be asked of each field, as the scripts that build sentences read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fluvial.auth.access import Access
from metamodel.catalog import Catalog, Field, Inverse, ObjectType
from metamodel.expressions.types import DURATION, MONEY, NUMBER
from metamodel.kinds.duration import DAY_LENGTH

from .presenters import face_of
from .presenters.filter_questions import GATHERS

Context = dict[str, Any]

HELD = {NUMBER.name: "digits", MONEY.name: "amount", DURATION.name: "length"}  # read by the script
SYSTEM = ("created_at", "created_by", "updated_at", "updated_by", "owner")


def askable(access: Access, type_: ObjectType) -> list[Context]:
    """The fields that a filter may name."""
    key = (access.roles, access.unrestricted, type_.name)
    cache = access.catalog.derive(_askable)
    if key not in cache:
        hidden = access.object(type_.name).hidden
        fields = [f for f in listed_fields(type_) if f.name not in hidden]
        cache[key] = [asked(field, field.name, field.label) for field in fields]
    return cache[key]


def _askable(_: Catalog) -> dict[Any, list[Context]]:
    return {}


def listed_fields(type_: ObjectType) -> list[Field]:
    """The fields that people know, those of the system last."""
    system = [type_.fields[name] for name in SYSTEM if name in type_.fields]
    return [*(f for f in type_.own_fields if not f.hidden), *system]


def asked(field: Field, name: str, label: str) -> Context:
    face = face_of(field)
    return {
        "name": name,
        "label": label,
        # A moment is asked for by its day.
        "input": {"type": "date"} if field.type.timed else face.input(field),
        "quote": field.type.quoted,
        "holds": HELD.get(field.type.name, ""),
        "day": field.option(DAY_LENGTH, ""),
        "ops": [asdict(op) for op in face.asks(field)],
        "options": face.options(field),
        "search_url": f"/lookup/{field.object}/{field.name}?plain=true"
        if field.type.objects
        else "",
    }


def asked_of_all(inverse: Inverse, name: str, label: str) -> Context:
    """What can be asked of the records of a collection together."""
    return {
        "name": name,
        "label": label,
        "gathers": True,
        "object": inverse.source,
        "input": {"type": "text", "inputmode": "numeric"},
        "quote": False,
        "holds": "digits",
        "day": "",
        "ops": [asdict(op) for op in GATHERS],
        "options": [],
        "search_url": "",
    }
