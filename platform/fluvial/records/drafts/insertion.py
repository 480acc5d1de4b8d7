"""Insertion: the text of statements that write rows, and many rows in few statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from fluvial.database.connection import Connection
from metamodel.storage import POSTGRESQL

MAX_BINDS = 20_000  # SQLite takes 32,766, PostgreSQL 65,535
MAX_ROWS = 128


def binds(dialect: str, count: int) -> list[str]:
    """The places of so many binds in a text."""
    return [f"${at}" for at in range(1, count + 1)] if dialect == POSTGRESQL else ["?"] * count


@lru_cache(maxsize=2_000)
def insertion(table: str, columns: tuple[str, ...], rows: int, dialect: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    places, width = binds(dialect, rows * len(columns)), len(columns)
    groups = (", ".join(places[at : at + width]) for at in range(0, len(places), width))
    return f'INSERT INTO "{table}" ({names}) VALUES {", ".join(f"({group})" for group in groups)}'


def insert_cells(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows of values in their stored form."""
    for part in _parts(rows, max(1, min(MAX_ROWS, MAX_BINDS // len(columns)))):
        sql = insertion(table, columns, len(part), connection.dialect)
        connection.execute(sql, [cell for row in part for cell in row])


def _parts(rows: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Parts of few different sizes, so that few texts are prepared."""
    at, size = 0, 1 << (most.bit_length() - 1)
    while at < len(rows):
        while size > len(rows) - at:
            size >>= 1
        yield rows[at : at + size]
        at += size
