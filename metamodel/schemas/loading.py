"""Reads the schema files and completes them with what every document has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from metamodel.kinds import KINDS
from metamodel.kinds.kind import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def load_schema(name: str) -> Mapping[str, Any]:
    """One of the files beside this module."""
    loaded: Mapping[str, Any] = orjson.loads((files(__package__) / f"{name}.json").read_bytes())
    return loaded


def field_schema() -> dict[str, Any]:
    """The schema of a field: the common options, and per kind its own."""
    common = load_schema("field")
    return {
        "type": "object",
        "properties": {
            "name": common["name"],
            "kind": {
                "enum": list(KINDS),
                "x-editor": {"words": {kind.name: kind.label for kind in KINDS.values()}},
                "description": "The field's kind.",
            },
        },
        "required": ["name", "kind"],
        "x-editor": {"one": "a field"},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
                "then": {
                    "title": kind.label,
                    "description": kind.about,
                    "properties": {**common, **kind.options},
                    "required": list(kind.needs),
                    "x-editor": {"first": _first(kind)},
                    "additionalProperties": False,
                },
            }
            for kind in KINDS.values()
        ],
    }


def _first(kind: Kind) -> list[str]:
    """What a form asks first of a field of the kind; the rest is folded."""
    return list(dict.fromkeys(["label", "name", "kind", *kind.needs, *kind.first, "required"]))


def complete_schema(kind: str, label: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the members and the definitions that every document has."""
    common = load_schema("common")
    heads = {
        "kind": {"const": kind, "description": "The kind of the document."},
        "name": common["name"],
        "extends": {"$ref": "#/$defs/name", "description": "The package it extends."},
    }
    needed = {**common, "field": field_schema()}
    defs = {**needed, **schema.get("$defs", {})}
    whole = {
        **schema,
        "properties": {**heads, **schema.get("properties", {})},
        "required": list(dict.fromkeys(["kind", "name", *schema.get("required", ())])),
    }
    return {
        "$schema": DIALECT,
        "title": label or kind,
        **whole,
        "$defs": {name: defs[name] for name in _used(whole, defs)},
    }


def _used(schema: Any, defs: Mapping[str, Any]) -> list[str]:
    """The definitions that a schema needs, itself or through others, in a lasting order."""
    found: set[str] = set()
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name in defs and name not in found:
            found.add(name)
            waiting.extend(_references(defs[name]))
    return [name for name in defs if name in found]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            yield reference.removeprefix("#/$defs/")
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from _references(value)


def _pattern(
    validator: Validator, pattern: str, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Python's `$` also matches before a last line break, which JSON Schema's does not."""
    exact = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(exact, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


DocumentValidator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}
)


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """A validator that never fetches a schema from elsewhere."""
    validator: Validator = DocumentValidator(schema, registry=Registry())
    return validator
