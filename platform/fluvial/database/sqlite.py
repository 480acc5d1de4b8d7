"""SQLite: the embedded default."""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluvial.kernel.garbage import hold_up, let_go
from fluvial.kernel.search_words import holds
from metamodel.errors import TooMuchWork
from metamodel.expressions.sqlite_functions import register
from metamodel.expressions.work import was_stopped
from metamodel.storage import SQLITE

from .connection import (
    BusyError,
    Connection,
    DatabaseError,
    OutOfRangeError,
    ReadOnlyError,
    Row,
    SlowError,
    TooComplexError,
    UniqueError,
)
from .writer_turns import WriterTurns

BUSY_SECONDS = 10
LOOK_EVERY = 100_000  # steps of SQLite's machine between two looks at the clock
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA analysis_limit=400",  # rows of an index that ANALYZE looks at
)


class SqliteConnection(Connection):
    """One sqlite3 connection in manual-commit mode; writers begin IMMEDIATE."""

    dialect = SQLITE

    def __init__(self, path: Path | None, turns: WriterTurns | None = None) -> None:
        super().__init__()
        self._turns = turns or WriterTurns()
        self._before = 0  # rows written, when the turn began
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = sqlite3.connect(
            path or "",  # one without a name is private, and gone with its connection
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=512,
            check_same_thread=False,
        )
        for pragma in PRAGMAS:
            self._raw.execute(pragma)
        register(self._raw)
        self._raw.create_function("fluvial_holds", 2, holds, deterministic=True)
        self._until = math.inf  # when the query under way is stopped
        self._raw.set_progress_handler(lambda: time.monotonic() > self._until, LOOK_EVERY)

    def fill_from(self, path: Path) -> None:
        """Become a copy of another database."""
        other = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            other.execute("BEGIN")  # one moment of it, whatever is written meanwhile
            other.backup(self._raw)
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            other.close()

    def query(
        self, sql: str, binds: Sequence[Any] = (), *, steady: bool | None = None
    ) -> list[Row]:
        self.statements += 1
        if self.overlay is not None:
            sql = self.overlay.over(sql)
        self._until = math.inf if self.time_limit is None else time.monotonic() + self.time_limit
        try:
            return self._raw.execute(sql, binds).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error) from error

    def execute(self, sql: str, binds: Sequence[Any] = ()) -> int:
        if self.depth == 0:
            with self._turns.turn(BUSY_SECONDS):
                return self._execute(sql, binds)
        return self._execute(sql, binds)

    def _execute(self, sql: str, binds: Sequence[Any]) -> int:
        self.statements += 1
        self._until = math.inf
        before = self._raw.total_changes
        try:
            touched = self._raw.execute(sql, binds).rowcount
            if touched < 0 and self._raw.total_changes != before:
                # The driver counts for statements that begin with UPDATE, and not for WITH.
                ((touched,),) = self._raw.execute("SELECT changes()").fetchall()
            return max(0, touched)
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error) from error

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        self.statements += 1
        self._until = math.inf
        try:
            return self._raw.executemany(sql, rows).rowcount
        except (sqlite3.Error, OverflowError) as error:
            raise translated(error) from error

    def script(self, sql: str) -> None:
        try:
            self._raw.execute(sql)
        except sqlite3.Error as error:
            raise translated(error) from error

    def analyze(self) -> None:
        self.script("ANALYZE")

    @property
    def changed_rows(self) -> int:
        return self._raw.total_changes

    def _begin(self) -> None:
        self._turns.take(BUSY_SECONDS)
        try:
            self.script("BEGIN IMMEDIATE")
        except BaseException:
            self._turns.leave()
            raise
        self._before = self._raw.total_changes
        hold_up()  # whoever waits for the writer does not wait for the collector of garbage, too

    def _commit(self) -> None:
        self.script("COMMIT")
        self._end_turn()

    def _rollback(self) -> None:
        try:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        self._turns.leave(self._raw.total_changes - self._before)
        let_go()

    def _keep_from_writing(self, kept: bool) -> None:
        self.script(f"PRAGMA query_only = {int(kept)}")

    def close(self) -> None:
        self._raw.close()


def copy_of(path: Path) -> SqliteConnection:
    """A private copy of a database as it is now."""
    made = SqliteConnection(None)
    try:
        made.fill_from(path)
    except BaseException:
        made.close()
        raise
    return made


RETYPED = "fluvial:"  # how a trigger begins that ends writes of an older catalog
_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>[^']+)'|(?P<columns>.+))")


# How SQLite says that a statement is larger than it reads.
_COMPLEX = re.compile(
    r"parser stack overflow|Expression tree is too large|too many |string or blob too big"
    r"|at most \d+ tables in a join|hit recursion limit"
)


def translated(error: sqlite3.Error | OverflowError) -> DatabaseError | TooMuchWork:
    """What an error of the driver means to the rest of the engine.

    OverflowError: a number of more than 64 bits.
    """
    text = str(error)
    if was_stopped():
        return TooMuchWork()
    if isinstance(error, OverflowError) or text == "integer overflow":
        return OutOfRangeError(text)
    if _COMPLEX.search(text):
        return TooComplexError(text)
    if isinstance(error, sqlite3.IntegrityError) and (match := _UNIQUE.match(text)):
        return UniqueError(match["index"] or match["columns"])
    if "readonly database" in text:
        return ReadOnlyError(text)
    if isinstance(error, sqlite3.OperationalError) and text == "interrupted":
        return SlowError(text)
    if isinstance(error, sqlite3.OperationalError) and ("locked" in text or "busy" in text):
        return BusyError(text)
    if text.startswith(RETYPED):
        return BusyError(text)
    return DatabaseError(text)
