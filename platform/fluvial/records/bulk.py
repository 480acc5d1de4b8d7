"""Many new records at once: the same rows as one by one, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.objects import tables_of
from fluvial.database.tables import HISTORY, OUTBOX
from fluvial.ids import new_id
from fluvial.stream import Change
from metamodel.catalog import ObjectType
from metamodel.kinds.kind import Kind
from metamodel.storage import POSTGRESQL

from .changed import spread
from .completion import search_text
from .draft import Draft
from .journal import SEARCH
from .writer import changes_of_new

MAX_BINDS = 20_000  # SQLite takes 32,766, PostgreSQL 65,535
MAX_ROWS = 128


def store_drafts(drafts: Sequence[Draft]) -> None:
    """Store prepared drafts of one object type, with history, events and search words.

    Part of the caller's transaction. UniqueError tells that one of them is not unique.
    """
    if not drafts:
        return
    session, type_ = drafts[0].session, drafts[0].type
    connection = session.connection
    tables = tables_of(session.catalog)
    pack = _Packer(type_, connection.dialect)
    stored = [pack(draft.values) for draft in drafts]
    insert_stored(connection, type_.name, stored)
    for field in type_.linked_fields:
        insert_rows(connection, tables.links[type_.name, field.name], _links(drafts, field.name))
    _write_journal(drafts, spread(drafts))
    hook = session.engine.hooks.get(type_.name)
    for draft in drafts:
        if hook is not None:
            hook.stored(draft)
        for feature in session.engine.features:
            if feature.stored is not None:
                feature.stored(draft, "created")


class _Packer:
    """The columns of one object type, and how the values of its fields become theirs."""

    def __init__(self, type_: ObjectType, dialect: str) -> None:
        self._fields = [
            (
                field.name,
                [field.name + column.suffix for column in field.columns],
                [column.storage.encoder(dialect) for column in field.columns],
                field,
                type(field.kind).pack is Kind.pack,
            )
            for field in type_.stored_fields
        ]

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = {}
        for name, columns, encoders, field, plain in self._fields:
            value = values.get(name)
            if value is None:
                stored.update(dict.fromkeys(columns))
                continue
            parts = (value,) if plain else field.kind.pack(field, value)
            for column, encode, part in zip(columns, encoders, parts, strict=True):
                stored[column] = part if part is None or encode is None else encode(part)
        return stored


def _links(drafts: Iterable[Draft], name: str) -> list[dict[str, Any]]:
    return [
        {"source": draft.id, "target": target, "position": position}
        for draft in drafts
        for position, target in enumerate(draft.values.get(name) or ())
    ]


def _write_journal(drafts: Sequence[Draft], heard: Mapping[str, dict[str, Any]]) -> None:
    session, name = drafts[0].session, drafts[0].type.name
    connection = session.connection
    changes = [changes_of_new(draft) for draft in drafts]
    common = {"object": name, "rev": 1, "event": "created", "at": session.now}
    history = {"by": session.actor.id, "rule": session.actor.rule}
    insert_rows(
        connection,
        HISTORY,
        [
            {"record": draft.id, **common, **history, "changes": change}
            for draft, change in zip(drafts, changes, strict=True)
        ],
    )
    texts = ((draft.id, search_text(draft)) for draft in drafts)
    words = [{"record": id_, "object": name, "text": text} for id_, text in texts if text]
    insert_rows(connection, SEARCH, words)
    if session.quiet:
        return
    event = {"actor": session.actor.id, "cause": session.cause.wire(), "attempts": 0}
    event |= {"lease": None, "leased_until": None, "error": None}
    insert_rows(
        connection,
        OUTBOX,
        [
            {
                "id": new_id(),
                "record": draft.id,
                **common,
                **event,
                "changes": change | heard[draft.id],
            }
            for draft, change in zip(drafts, changes, strict=True)
        ],
    )
    for draft in drafts:
        session.engine.changed(connection, Change(name, draft.id, 1))


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of canonical values into one of the engine's tables."""
    encoders = {
        column.name: column.type.storage.encoder(connection.dialect)
        for column in table.c
        if isinstance(column.type, Stored)
    }

    def encoded(name: str, value: Any) -> Any:
        encode = encoders.get(name)
        return value if value is None or encode is None else encode(value)

    stored = [{name: encoded(name, value) for name, value in row.items()} for row in rows]
    insert_stored(connection, table.name, stored)


def insert_stored(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of values in their stored form, all with the same columns."""
    if not rows:
        return
    columns = tuple(rows[0])
    for part in _parts(rows, max(1, min(MAX_ROWS, MAX_BINDS // len(columns)))):
        sql = _insert(table, columns, len(part), connection.dialect)
        connection.execute(sql, [row[name] for row in part for name in columns])


def _parts(rows: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Parts of few different sizes, so that few texts are prepared."""
    at, size = 0, 1 << (most.bit_length() - 1)
    while at < len(rows):
        while size > len(rows) - at:
            size >>= 1
        yield rows[at : at + size]
        at += size


@lru_cache(maxsize=512)
def _insert(table: str, columns: tuple[str, ...], rows: int, dialect: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    if dialect == POSTGRESQL:
        width = len(columns)
        groups = (
            ", ".join(f"${row * width + at + 1}" for at in range(width)) for row in range(rows)
        )
    else:
        groups = (", ".join("?" * len(columns)) for _ in range(rows))
    return f'INSERT INTO "{table}" ({names}) VALUES {", ".join(f"({group})" for group in groups)}'
