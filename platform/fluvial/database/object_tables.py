"""The tables of object types, made from a catalog."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from metamodel.catalog import AskedKey, Catalog, Field, Key, ObjectType
from metamodel.storage import INTEGER, TEXT, UUID

from .columns import Stored

MAX_IDENTIFIER = 63  # of PostgreSQL
CREATED = ("created_at",)
ASKED = "ax"  # how the names of indexes begin that documents ask for


class ObjectTables:
    """The tables of all object types of one snapshot, and of the links between them."""

    search = sa.Table(
        "fluvial_search",
        sa.MetaData(),
        sa.Column("object", Stored(TEXT)),
        sa.Column("record", Stored(UUID)),
        sa.Column("text", Stored(TEXT)),
    )

    def __init__(self, catalog: Catalog) -> None:
        self.objects: Mapping[str, sa.Table] = _Objects(catalog.objects)
        # (object, field): source, target, position
        self.links: Mapping[tuple[str, str], sa.Table] = _Links(catalog.objects)


def tables_of(catalog: Catalog) -> ObjectTables:
    return catalog.derive(ObjectTables)


# A table takes long to make, so it is made when it is first asked for, and kept as long as its
# object type, which snapshots hand on to each other while nothing changes it.
_made: WeakKeyDictionary[ObjectType, dict[str, sa.Table]] = WeakKeyDictionary()
_lock = threading.Lock()


def _kept(type_: ObjectType, link: str, make: Callable[[], sa.Table]) -> sa.Table:
    with _lock:
        tables = _made.setdefault(type_, {})
        if link not in tables:
            tables[link] = make()
        return tables[link]


class _Objects(Mapping[str, sa.Table]):
    def __init__(self, types: Mapping[str, ObjectType]) -> None:
        self._types = types

    def __getitem__(self, name: str) -> sa.Table:
        type_ = self._types[name]
        return _kept(type_, "", lambda: _object_table(type_))

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


class _Links(Mapping[tuple[str, str], sa.Table]):
    def __init__(self, types: Mapping[str, ObjectType]) -> None:
        self._types = types

    def __getitem__(self, key: tuple[str, str]) -> sa.Table:
        name, field = key
        found = self._types[name].fields[field]
        if not (found.kind.linked and found.stored):
            raise KeyError(key)
        return _kept(self._types[name], field, lambda: _link_table(found))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for type_ in self._types.values():
            yield from ((type_.name, field.name) for field in type_.linked_fields)

    def __len__(self) -> int:
        return sum(len(type_.linked_fields) for type_ in self._types.values())


def field_columns(field: Field) -> Iterator[sa.Column[Any]]:
    for column in field.columns:
        primary = field.name == "id"
        yield sa.Column(
            field.base + column.suffix,
            Stored(column.storage),
            key=field.name + column.suffix,
            primary_key=primary,
            nullable=not primary and field.name != "rev",
        )


def _object_table(type_: ObjectType) -> sa.Table:
    columns = [c for field in type_.stored_fields for c in field_columns(field)]
    table = sa.Table(type_.name, sa.MetaData(), *columns)
    list(object_indexes(type_, table))  # an index joins its table when it is made
    return table


def _link_table(field: Field) -> sa.Table:
    name = link_name(field)
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("source", Stored(UUID), primary_key=True),
        sa.Column("target", Stored(UUID), primary_key=True),
        sa.Column("position", Stored(INTEGER), nullable=False),
        sa.Index(index_name(name, ("target",)), "target"),
    )


def link_name(field: Field) -> str:
    return f"{field.object}__{field.base}"


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
    if all(key.unique or key.fields != CREATED for key in type_.keys):
        yield created_index(type_, table)
    for asked in type_.asked:
        yield asked_index(type_, asked, table)


def created_index(type_: ObjectType, table: sa.Table) -> sa.Index:
    """The newest first is what most lists begin with."""
    return key_index(type_, Key(CREATED, unique=False), table)


def key_index(type_: ObjectType, key: Key, table: sa.Table) -> sa.Index:
    """Unique keys leave binned records out; others end in the id, which breaks ties."""
    columns = [
        table.c[name + column.suffix]
        for name in key.fields
        for column in type_.fields[name].columns
        if not column.hidden
    ]
    if not key.unique:
        bases = tuple(type_.fields[name].base for name in key.fields)
        return sa.Index(index_name(type_.name, bases), *columns, table.c.id)
    live = table.c.deleted_at.is_(None)
    return sa.Index(
        unique_name(type_, key.fields),
        *columns,
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def asked_index(type_: ObjectType, key: AskedKey, table: sa.Table) -> sa.Index:
    """The index of what other documents ask: lists never show what is in the bin."""
    live = table.c.deleted_at.is_(None)
    return sa.Index(
        asked_name(type_, key),
        *(table.c[name] for name in _asked_columns(type_, key)),
        table.c.id,
        info={"places": key.places},
        sqlite_where=live,
        postgresql_where=live,
    )


def asked_name(type_: ObjectType, key: AskedKey) -> str:
    own = {f.name + c.suffix: f.base + c.suffix for f in type_.stored_fields for c in f.columns}
    return short_name(
        f"{ASKED}_{type_.name}__{'__'.join(own[name] for name in _asked_columns(type_, key))}"
    )


def _asked_columns(type_: ObjectType, key: AskedKey) -> Iterator[str]:
    """By their names in the table's definition: what has one value, then what is sorted by."""
    for at, name in enumerate(key.fields):
        field = type_.fields[name]
        shown = [c.suffix for c in field.columns if not c.hidden]
        if at < key.after:
            yield from (name + suffix for suffix in shown)
        else:
            named: Any = {c.suffix: sa.column(name + c.suffix) for c in field.columns}
            yield from (element.name for element in field.kind.order(field, named))


def index_name(table: str, fields: tuple[str, ...]) -> str:
    return short_name(f"ix_{table}__{'__'.join(fields)}")


def unique_name(type_: ObjectType, fields: tuple[str, ...]) -> str:
    bases = "__".join(type_.fields[name].base for name in fields)
    return short_name(f"uq_{type_.name}__{bases}")


def short_name(name: str) -> str:
    if len(name) <= MAX_IDENTIFIER:
        return name
    return f"{name[: MAX_IDENTIFIER - 9]}_{zlib.crc32(name.encode()):08x}"
