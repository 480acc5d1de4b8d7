"""Insertion: the text of statements that write rows, and many rows in one statement.

Many rows are one bind on PostgreSQL, a JSON list, so that a statement has one text for any number
of them. SQLite repeats a prepared statement for each row, which costs it no way to a server; but
where triggers fill an index of words from the rows, the list is better there too: that index
writes out what it has gathered at the end of each statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from metamodel.storage import POSTGRESQL

Columns = tuple[str, ...]
Rows = Sequence[Sequence[Any]]  # of values in their stored form


def binds(dialect: str, count: int) -> list[str]:
    """The places of so many binds in a text."""
    return [f"${at}" for at in range(1, count + 1)] if dialect == POSTGRESQL else ["?"] * count


@lru_cache(maxsize=2_000)
def insertion(table: str, columns: Columns, dialect: str) -> str:
    """The text that inserts one row."""
    places = ", ".join(binds(dialect, len(columns)))
    return f'INSERT INTO "{table}" ({_names(columns)}) VALUES ({places})'


def insert_rows(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Columns = (),
    other: Columns = (),
) -> None:
    """Insert rows of canonical values; of those whose `keys` are there only what is `other`."""
    names, columns = [], []
    for column in table.c:
        names.append(column.name)
        values = [row.get(column.name) for row in rows]
        encode = _storage(column).encoder(connection.dialect)
        if encode is not None:
            values = [None if value is None else encode(value) for value in values]
        columns.append(values)
    cells = list(zip(*columns, strict=True))
    insert_cells(connection, table, tuple(names), cells, keys=keys, other=other)


def insert_alike(
    connection: Connection, table: sa.Table, own: Columns, rows: Rows, **common: Any
) -> None:
    """Insert rows that have the same canonical values in most columns, and cells of their own."""
    columns, dialect = table.c, connection.dialect
    shared = [_storage(columns[name]).encode(dialect, value) for name, value in common.items()]
    insert_cells(connection, table, (*own, *common), [[*row, *shared] for row in rows])


def insert_cells(
    connection: Connection,
    table: sa.Table,
    columns: Columns,
    rows: Rows,
    *,
    keys: Columns = (),
    other: Columns = (),
    listed: bool = False,
) -> None:
    """The same of cells in the order of the columns; as a list also on SQLite."""
    if not rows:
        return
    dialect = connection.dialect
    sql = _inserting(table, columns, keys, other, dialect, listed)
    if listed and dialect != POSTGRESQL:
        connection.execute(sql, [orjson.dumps(rows).decode()])
    else:
        _run(connection, sql, columns, rows)


def update_cells(
    connection: Connection, table: sa.Table, columns: Columns, keys: Columns, rows: Rows
) -> int:
    """Write columns of rows that are found by their keys, whose cells are last; how many were."""
    if not rows:
        return 0
    sql = _updating(table, columns, keys, connection.dialect)
    return _run(connection, sql, (*columns, *keys), rows)


def _run(connection: Connection, sql: str, columns: Columns, rows: Rows) -> int:
    if connection.dialect != POSTGRESQL:
        return connection.execute_many(sql, rows)
    names = _places(columns)
    listed = orjson.dumps([dict(zip(names, row, strict=True)) for row in rows])
    return connection.execute(sql, [listed.decode()])


@lru_cache(maxsize=1_000)
def _inserting(
    table: sa.Table, columns: Columns, keys: Columns, other: Columns, dialect: str, listed: bool
) -> str:
    sql = f'INSERT INTO "{table.name}" ({_names(columns)}) SELECT '
    if dialect == POSTGRESQL:
        sql += f"{', '.join(_cells(table, columns, dialect))} FROM {_list(columns)}"
    elif listed:
        cells = ", ".join(f"value->>{at}" for at in range(len(columns)))
        sql += f"{cells} FROM json_each(?) WHERE true"  # else ON would belong to a join
    else:
        sql = insertion(table.name, columns, dialect)
    if keys:
        changed = ", ".join(f'"{name}" = excluded."{name}"' for name in other)
        sql += f" ON CONFLICT ({_names(keys)}) DO UPDATE SET {changed}"
    return sql


@lru_cache(maxsize=1_000)
def _updating(table: sa.Table, columns: Columns, keys: Columns, dialect: str) -> str:
    everything = (*columns, *keys)
    cells = _cells(table, everything, dialect)
    written, found = cells[: len(columns)], cells[len(columns) :]
    changed = ", ".join(f'"{n}" = {cell}' for n, cell in zip(columns, written, strict=True))
    ours = [f'"{table.name}"."{n}" = {cell}' for n, cell in zip(keys, found, strict=True)]
    source = f" FROM {_list(everything)}" if dialect == POSTGRESQL else ""
    return f'UPDATE "{table.name}" SET {changed}{source} WHERE {" AND ".join(ours)}'


def _names(columns: Columns) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _places(columns: Columns) -> list[str]:
    return [f"c{at}" for at in range(len(columns))]


def _list(columns: Columns) -> str:
    """The rows of the bind, as texts."""
    names = ", ".join(f"{place} text" for place in _places(columns))
    return f"json_to_recordset($1::json) AS listed({names})"


def _cells(table: sa.Table, columns: Columns, dialect: str) -> list[str]:
    """How the cells of a row are written, each as the type of its column."""
    if dialect != POSTGRESQL:
        return binds(dialect, len(columns))
    types = {column.name: _storage(column).type(POSTGRESQL) for column in table.c}
    return [
        f"CAST(listed.{place} AS {types[name].partition(' COLLATE ')[0]})"
        for name, place in zip(columns, _places(columns), strict=True)
    ]


def _storage(column: sa.Column[Any]) -> Any:
    assert isinstance(column.type, Stored)
    return column.type.storage
