"""A connection: what the two drivers have in common for the rest of the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from .overlay import Overlay

T = TypeVar("T")
Row = tuple[Any, ...]


class DatabaseError(Exception):
    """Root of what the database refuses."""


class UniqueError(DatabaseError):
    """A unique key is taken. `key` is the name of its index, or the column list on SQLite."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


class BusyError(DatabaseError):
    """Another transaction is in the way (lock, deadlock, serialisation): try again."""


class SlowError(DatabaseError):
    """A statement took longer than it may, and was stopped."""


class ReadOnlyError(DatabaseError):
    """A statement writes where nothing may be written."""


class TooComplexError(DatabaseError):
    """A statement is larger, or deeper, than the database reads."""


class OutOfRangeError(DatabaseError):
    """A value is larger than its column, or than the database calculates with."""


class GoneError(DatabaseError):
    """The connection is lost, and the transaction that was open with it. The next use opens a
    new one."""


class AwayError(GoneError):
    """No connection can be had: the database is away, or takes no more."""


class UnsureError(GoneError):
    """The connection is lost while something was made durable: it may be there or not."""


class Connection(ABC):
    """One connection of one thread. Outside a transaction each statement commits itself."""

    dialect: str

    def __init__(self) -> None:
        self.statements = 0  # since it was opened; tests count with it
        self.depth = 0
        self.commits = 0  # how often something was made durable
        self._wrote = True  # whether the transaction that is open has something to make durable
        self.time_limit: float | None = None  # seconds that a query may take
        self._committed: list[Callable[[], None]] = []
        self.overlay: Overlay | None = None  # what is read in place of what is stored

    @abstractmethod
    def query(
        self, sql: str, binds: Sequence[Any] = (), *, steady: bool | None = None
    ) -> list[Row]:
        """The rows of a statement with positional binds in their stored form.

        `steady`: whether the database may plan it once for all values.
        """

    def query_unprepared(self, sql: str, binds: Sequence[Any]) -> list[Row]:
        """The rows of a statement that is planned for the tables as they are now."""
        return self.query(sql, binds)

    @abstractmethod
    def execute(self, sql: str, binds: Sequence[Any] = ()) -> int:
        """Run a statement; the number of rows it touched."""

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """The same once for each row of binds."""
        return sum(self.execute(sql, row) for row in rows)

    @abstractmethod
    def script(self, sql: str) -> None:
        """Run one statement without binds and without preparing it (DDL)."""

    @abstractmethod
    def analyze(self) -> None:
        """Count anew what queries are planned by, where that is out of date."""

    @property
    def changed_rows(self) -> int:
        """How many rows it has written so far, where the database does not count that itself."""
        return 0

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _rollback(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def reading(self, work: Callable[[], T]) -> T:
        """What only reads; once more where the connection is lost meanwhile."""
        try:
            return work()
        except AwayError:
            raise
        except GoneError:
            if self.depth:
                raise
            return work()

    @contextmanager
    def limited(self, seconds: float | None) -> Iterator[None]:
        """Queries in here are stopped after so many seconds each."""
        before, self.time_limit = self.time_limit, seconds
        try:
            yield
        finally:
            self.time_limit = before

    @contextmanager
    def reading_over(self, overlay: Overlay) -> Iterator[None]:
        """What is read in here is as a draft would have it."""
        self.overlay = overlay
        try:
            yield
        finally:
            self.overlay = None

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """What writes in here is a ReadOnlyError."""
        self._keep_from_writing(True)
        try:
            yield
        finally:
            with suppress(GoneError):
                self._keep_from_writing(False)

    @abstractmethod
    def _keep_from_writing(self, kept: bool) -> None: ...

    @property
    def in_transaction(self) -> bool:
        return self.depth > 0

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call it when what was written is durable: at once outside a transaction."""
        if self.depth:
            self._committed.append(call)
        else:
            call()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction, or a part of the one that is open: all of it or nothing."""
        if self.depth:
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1
            return
        self._begin()
        self.depth = 1
        try:
            yield
        except BaseException:
            self.depth = 0
            self._committed.clear()
            self._rollback()
            raise
        self.depth = 0
        calls, self._committed = self._committed, []
        try:
            self._commit()
        except GoneError as error:
            raise (UnsureError(str(error)) if self._wrote else error) from error
        except DatabaseError:
            self._rollback()  # what could not be committed may still be open
            raise
        self.commits += self._wrote
        for call in calls:
            call()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction: what fails in here is undone, and the rest stays."""
        name = f"s{self.depth}"
        self.script(f"SAVEPOINT {name}")
        waiting = len(self._committed)
        self.depth += 1
        try:
            yield
        except BaseException:
            self.depth -= 1
            del self._committed[waiting:]
            self.script(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        self.depth -= 1
        self.script(f"RELEASE SAVEPOINT {name}")
