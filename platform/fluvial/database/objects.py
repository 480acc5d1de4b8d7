"""The tables of object types, made from a catalog; each snapshot owns its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from metamodel.catalog import Catalog, Field, Key, ObjectType
from metamodel.storage import INTEGER, TEXT, UUID

from .columns import Stored

MAX_IDENTIFIER = 63  # of PostgreSQL


@dataclass(frozen=True)
class ObjectTables:
    """The tables of all object types of one snapshot, and of the links between them."""

    objects: dict[str, sa.Table]
    links: dict[tuple[str, str], sa.Table]  # (object, field): source, target, position
    search: sa.Table


def tables_of(catalog: Catalog) -> ObjectTables:
    return catalog.derive(_make)


def _make(catalog: Catalog) -> ObjectTables:
    metadata = sa.MetaData()
    objects = {name: _object_table(type_, metadata) for name, type_ in catalog.objects.items()}
    links = {
        (type_.name, field.name): _link_table(field, metadata)
        for type_ in catalog.objects.values()
        for field in type_.linked_fields
    }
    search = sa.Table(
        "fluvial_search",
        metadata,
        sa.Column("object", Stored(TEXT)),
        sa.Column("record", Stored(UUID)),
        sa.Column("text", Stored(TEXT)),
    )
    return ObjectTables(objects, links, search)


def field_columns(field: Field) -> Iterator[sa.Column[Any]]:
    for column in field.columns:
        primary = field.name == "id"
        yield sa.Column(
            field.name + column.suffix,
            Stored(column.storage),
            primary_key=primary,
            nullable=not primary and field.name != "rev",
        )


def _object_table(type_: ObjectType, metadata: sa.MetaData) -> sa.Table:
    columns = [c for field in type_.stored_fields for c in field_columns(field)]
    table = sa.Table(type_.name, metadata, *columns)
    list(object_indexes(type_, table))  # an index joins its table when it is made
    return table


def _link_table(field: Field, metadata: sa.MetaData) -> sa.Table:
    name = f"{field.object}__{field.name}"
    return sa.Table(
        name,
        metadata,
        sa.Column("source", Stored(UUID), primary_key=True),
        sa.Column("target", Stored(UUID), primary_key=True),
        sa.Column("position", Stored(INTEGER), nullable=False),
        sa.Index(index_name(name, ("target",)), "target"),
    )


def object_indexes(type_: ObjectType, table: sa.Table) -> Iterator[sa.Index]:
    """The indexes of an object type: unique keys, look-ups, declared keys, creation order."""
    for field in type_.stored_fields:
        if field.unique:
            yield key_index(type_, Key((field.name,), unique=True), table)
        elif not field.system and any(c.indexed or c.references for c in field.columns):
            suffix = next(c.suffix for c in field.columns if c.indexed or c.references)
            column = table.c[field.name + suffix]
            yield sa.Index(index_name(type_.name, (column.name,)), column)
    for key in type_.keys:
        yield key_index(type_, key, table)


def key_index(type_: ObjectType, key: Key, table: sa.Table) -> sa.Index:
    """Unique keys leave binned records out; others end in the id, which breaks ties."""
    columns = [
        table.c[name + column.suffix]
        for name in key.fields
        for column in type_.fields[name].columns
        if not column.hidden
    ]
    if not key.unique:
        return sa.Index(index_name(type_.name, key.fields), *columns, table.c.id)
    live = table.c.deleted_at.is_(None)
    return sa.Index(
        unique_name(type_.name, key.fields),
        *columns,
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def index_name(table: str, fields: tuple[str, ...]) -> str:
    return _short(f"ix_{table}__{'__'.join(fields)}")


def unique_name(object_name: str, fields: tuple[str, ...]) -> str:
    return _short(f"uq_{object_name}__{'__'.join(fields)}")


def _short(name: str) -> str:
    if len(name) <= MAX_IDENTIFIER:
        return name
    return f"{name[: MAX_IDENTIFIER - 9]}_{zlib.crc32(name.encode()):08x}"
