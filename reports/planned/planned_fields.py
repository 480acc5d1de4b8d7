"""Collections and dates as workloads and charts name them, checked when they are saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from fluvial.auth.access import Access, with_inherited
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.folding import listed, nearest

DATES = (types.DATE.name,)
AMOUNTS = (types.NUMBER.name, types.DURATION.name)
TEXTS = (types.TEXT.name, types.CHOICE.name)


def planned_schema(name: str) -> Mapping[str, Any]:
    path = Path(__file__).parent / "schemas" / f"{name}.json"
    loaded: Mapping[str, Any] = orjson.loads(path.read_bytes())
    return loaded


def check_audience(body: Mapping[str, Any], check: DocumentCheck) -> None:
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)


def check_kind(
    check: DocumentCheck, at: str, object: ObjectType, name: str, allowed: Collection[str]
) -> None:
    """A field of an object type has one of these types."""
    field = check.field(at, object, name)
    if field is not None and (field.many or field.type.name not in allowed):
        said = "a date" if allowed == DATES else listed(allowed).replace("`", "")
        message = f"`{name}` is not {said}."
        check.fault(at, "wrong_kind", message, "Name another field.")


def collection_of(
    check: DocumentCheck, at: str, object: ObjectType, name: str
) -> ObjectType | None:
    """The object type whose records a collection of another one holds."""
    found = object.inverses.get(name)
    if found is None or found.source not in check.objects:
        hint = nearest(name, object.inverses) or "Name a collection of the object."
        message = f"{object.label} has no collection `{name}`."
        check.fault(at, "unknown_collection", message, hint)
        return None
    check.uses(at, f"{found.source}.{found.field}")
    return check.objects[found.source]


def readable(access: Access, name: str, fields: Iterable[str]) -> bool:
    """Whether somebody may read these fields of an object type."""
    rights = access.object(name)
    return rights.can("read") and rights.hidden.isdisjoint(set(fields))


def among(catalog: Catalog, access: Access, audience: Iterable[str]) -> bool:
    """Whether somebody is among those for whom a document is."""
    wanted = set(audience)
    return not wanted or access.admin or bool(wanted & set(with_inherited(catalog, access.roles)))


def link_of(type_: ObjectType, name: str) -> Field:
    return type_.fields[name]
