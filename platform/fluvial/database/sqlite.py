"""SQLite: the embedded default."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metamodel.expressions.sqlite import register
from metamodel.storage import SQLITE

from .connection import BusyError, Connection, DatabaseError, Row, UniqueError

BUSY_SECONDS = 10
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
)


class SqliteConnection(Connection):
    """One sqlite3 connection in manual-commit mode; writers begin IMMEDIATE."""

    dialect = SQLITE

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=512,
            check_same_thread=False,
        )
        for pragma in PRAGMAS:
            self._raw.execute(pragma)
        register(self._raw)

    def query(self, sql: str, binds: Sequence[Any] = ()) -> list[Row]:
        self.statements += 1
        with _translated():
            return self._raw.execute(sql, binds).fetchall()

    def execute(self, sql: str, binds: Sequence[Any] = ()) -> int:
        self.statements += 1
        with _translated():
            return self._raw.execute(sql, binds).rowcount

    def script(self, sql: str) -> None:
        with _translated():
            self._raw.execute(sql)

    def _begin(self) -> None:
        with _translated():
            self._raw.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        with _translated():
            self._raw.execute("COMMIT")

    def _rollback(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def close(self) -> None:
        self._raw.close()


_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>[^']+)'|(?P<columns>.+))")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        if match := _UNIQUE.match(str(error)):
            raise UniqueError(match["index"] or match["columns"]) from error
        raise DatabaseError(str(error)) from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BusyError(str(error)) from error
        raise DatabaseError(str(error)) from error
