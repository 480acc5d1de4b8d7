"""The columns of a file that is imported, and the fields to which they may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.transfer.imports.targets import ID, is_imported
from metamodel.catalog import Field, ObjectType
from metamodel.object_types import PEOPLE

from .frame import Context


def label_of(type_: ObjectType, name: str) -> str:
    """What a column may go to beside the usual: a look-up by the ids of its records."""
    field = type_.fields.get(name)
    return f"{field.label} › Record ID" if field is not None else name


def columns_of(read: Mapping[str, Any], said: Mapping[str, Any] | None) -> list[Context]:
    chosen = said.get("map", {}) if said else None
    return [
        {
            "index": column["index"],
            "header": column["header"],
            "sample": ", ".join(column["samples"]),
            "field": (column["field"] if chosen is None else chosen.get(column["header"])) or "",
        }
        for column in read["columns"]
        if column["header"]
    ]


def fields_of(call: Call, type_: ObjectType) -> list[Context]:
    """Where a column may go: fields, and look-ups by what their records are called."""
    access = call.session.access.object(type_.name)
    closed = access.hidden | access.read_only
    found = []
    for field in type_.own_fields:
        if field.name in closed or not is_imported(field):
            continue
        if field.targets:
            found += list(_keys(call, field))
        else:
            found.append({"value": field.name, "label": field.label, "required": field.required})
    if access.can("update"):
        found.append({"value": ID, "label": "Record ID", "required": False})
    return found


def _keys(call: Call, field: Field) -> Iterator[Context]:
    target = call.session.catalog.objects[field.targets[0]]
    for key in target.own_fields:
        named = f"{{{key.name}}}" in target.title or key.unique
        known = target.name in PEOPLE or not call.session.access.hides(target.name, key.name)
        if named and known and key.kind.titles:
            label = f"{field.label} › {key.label}"
            yield {"value": f"{field.name}.{key.name}", "label": label, "required": field.required}
