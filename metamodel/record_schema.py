"""The JSON Schema of a record as it is read, created and updated."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from metamodel.catalog import Field, ObjectType

Mode = Literal["read", "create", "update"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def record_schema(
    object: ObjectType,
    mode: Mode,
    hidden: Collection[str] = (),
    read_only: Collection[str] = (),
) -> dict[str, Any]:
    """Members are what is read, or what may be written; updates may hold the `rev` they know.

    `hidden` and `read_only` name the fields that the caller may not read or not write.
    """
    fields = [f for f in object.fields.values() if not f.hidden and f.name not in hidden]
    if mode != "read":
        fields = [f for f in fields if f.writable and not f.read_only and f.name not in read_only]
    properties = {field.name: field_schema(field, mode) for field in fields}
    if mode == "update":
        properties["rev"] = {"type": "integer", "minimum": 1}
    return {
        "$schema": DIALECT,
        "title": object.label,
        "type": "object",
        "properties": properties,
        "required": _required(fields, mode),
        "additionalProperties": False,
    }


def field_schema(field: Field, mode: Mode) -> dict[str, Any]:
    """The value of one field, which may be null where the field may be empty."""
    schema = dict(field.kind.json_schema(field))
    schema["title"] = field.label
    if field.help:
        schema["description"] = field.help
    if mode == "read" and field.read_only:
        schema["readOnly"] = True
    if _nullable(field, mode):
        return _or_null(schema)
    return schema


def _nullable(field: Field, mode: Mode) -> bool:
    if field.name in ("id", "rev", "title", "created_at", "updated_at"):
        return False
    if mode == "read":
        return field.kind.absent(field) is None
    return not field.required


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _required(fields: list[Field], mode: Mode) -> list[str]:
    if mode == "read":
        return ["id", "rev"]
    if mode == "update":
        return []
    return [
        field.name
        for field in fields
        if field.required and field.initial is None and field.default is None
    ]
