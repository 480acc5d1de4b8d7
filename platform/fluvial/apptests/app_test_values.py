"""Values of tests: names of given records stand for them, and what is found is compared."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.expressions import types

Refs = Mapping[str, tuple[str, str]]  # name -> object type, id

LINKS = (types.RECORD.name, types.RECORDS.name, types.PERSON.name, types.PERSONS.name)


def wire(type_: ObjectType, fields: Mapping[str, Any], refs: Refs) -> dict[str, Any]:
    """The values of a test in wire form."""
    return {name: _linked(type_.fields.get(name), value, refs) for name, value in fields.items()}


def _linked(field: Field | None, value: Any, refs: Refs) -> Any:
    if field is None or field.type.name not in LINKS:
        return value
    if isinstance(value, list):
        return [_linked(field, one, refs) for one in value]
    if isinstance(value, Mapping) and "id" in value and field.type.name == types.RECORDS.name:
        return {**value, "id": _linked(field, value["id"], refs)}
    found = refs.get(value) if isinstance(value, str) else None
    if found is None:
        return value
    object_name, record = found
    if field.type.name in (types.PERSON.name, types.PERSONS.name):
        return {object_name: record}
    return record if field.to is not None else {"object": object_name, "id": record}


def answered(type_: ObjectType, body: Mapping[str, Any], refs: Refs) -> dict[str, Any]:
    """Answers to what a button asks, which are no fields: names of records stand for them."""
    return {
        name: value if name in type_.fields else _named(value, refs) for name, value in body.items()
    }


def _named(value: Any, refs: Refs) -> Any:
    if isinstance(value, list):
        return [_named(one, refs) for one in value]
    return refs[value][1] if isinstance(value, str) and value in refs else value


def alike(expected: Any, found: Any) -> bool:
    """Whether a found value is what was expected: `12.5` is "12.50", and dicts may hold more."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(name in found and alike(value, found[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(alike, expected, found))
    number = isinstance(expected, int | float) and not isinstance(expected, bool)
    if number and isinstance(found, str):
        try:
            return Decimal(str(expected)) == Decimal(found)
        except InvalidOperation:
            return False
    return bool(expected == found)


def shown(value: Any, refs: Refs) -> str:
    """A value as a test would write it: ids by the names that the test gave them."""
    text = "nothing" if value is None else str(value)
    for name, (_, record) in refs.items():
        text = text.replace(record, name)
    return text
