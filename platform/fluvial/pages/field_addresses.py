"""Addresses that name fields: in a query a parameter wins over a field of the same name.

Such a field is asked for in `where`, and filled in behind `record.`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from fluvial.http import parameters
from metamodel.catalog import ObjectType
from metamodel.expressions.types import MONEY

from .frame import with_query

KNOWN = ("view", "where", "search", "sort", "columns", "cursor", "total", "part", "as_of")
OF_NEW = ("copy",)  # parameters of the page of a new record
GIVEN = "record."  # before the name of a field whose value an address brings


def asking(
    type_: ObjectType,
    equals: Mapping[str, str],
    where: str = "",
    among: Container[str] = parameters.RESERVED,
) -> dict[str, str]:
    """The parameters that ask for fields with these values; `among` are those that win."""
    plain = {name: text for name, text in equals.items() if name not in among}
    asked = [where, *(_condition(type_, n, text) for n, text in equals.items() if n in among)]
    parts = [part for part in asked if part]
    joined = parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts)
    return {**plain, "where": joined} if joined else plain


def _condition(type_: ObjectType, name: str, text: str) -> str:
    if text == "":
        return f"empty({name})"
    field = type_.fields[name]
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    amount, _, currency = text.partition(" ")
    if currency and field.type.name == MONEY.name:
        return f"{name} == money({amount}, '{currency}')"
    value = f"'{escaped}'" if field.type.quoted else text
    return f"{value} in {name}" if field.many else f"{name} == {value}"


def list_address(type_: ObjectType, equals: Mapping[str, str], **query: Any) -> str:
    """The page of the records whose fields have these values."""
    return with_query(f"/o/{type_.name}", **query, **asking(type_, equals, among=KNOWN))


def given_values(query: Mapping[str, str]) -> dict[str, str]:
    """What the address of a new record says of its fields."""
    return {name.removeprefix(GIVEN): text for name, text in query.items() if name not in OF_NEW}


def new_address(type_: ObjectType, values: Mapping[str, str]) -> str:
    """The page of a new record, with some values filled in."""
    given = {GIVEN + name if name in OF_NEW else name: text for name, text in values.items()}
    return with_query(f"/o/{type_.name}/new", **given)
