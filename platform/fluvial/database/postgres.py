"""PostgreSQL, spoken to through libpq: prepared statements, text in and text out.

The cursor of psycopg costs about a third of a short read; its C result loader is kept, its
parameter machinery is not needed because binds arrive in their stored form.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Transformer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader

from fluvial.kernel.bounded_cache import BoundedCache
from metamodel.errors import TooMuchWork
from metamodel.expressions.work import TOO_MUCH
from metamodel.storage import POSTGRESQL

from .connection import (
    AwayError,
    BusyError,
    Connection,
    DatabaseError,
    GoneError,
    OutOfRangeError,
    ReadOnlyError,
    Row,
    SlowError,
    TooComplexError,
    UniqueError,
    UnsureError,
)
from .statement_timeout import STATEMENT_TIMEOUTS

_GROWN = (
    "SELECT relid::regclass::text FROM pg_stat_user_tables "
    "WHERE n_mod_since_analyze > greatest(1000, n_live_tup / 2) "
    "AND schemaname = current_schema() ORDER BY relid"
)
MAX_PREPARED = 1_000  # statements that ran more than once
MAX_NEW = 300
_AS_TEXT = ("numeric", "uuid", "timestamptz", "date", "json", "jsonb")
_OK = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
CONNECT_SECONDS = 5  # unless the address says otherwise
# Of a server that has gone without a word, as one does whose machine has failed.
_KEEP_ALIVE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_ENDS = (b"FATAL", b"PANIC")  # how severe errors are that end the connection
# Statements that leave nothing behind when they stand alone.
_PASSING = (
    "SELECT", "SET plan_cache_mode", "SHOW", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT",
    "RELEASE", "DEALLOCATE", "ANALYZE", "VACUUM",
)  # fmt: skip
_BUSY = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


_COMPLEX = ("54",)  # how codes begin: the statement is larger than the server reads
_RANGE = ("22003", "22008", "22001")  # a number, a moment or a text that is too large


def _meant(error: psycopg.Error) -> DatabaseError | TooMuchWork:
    """What a refusal means to the rest of the engine."""
    code, text = error.sqlstate or "", str(error)
    if TOO_MUCH in text:
        return TooMuchWork()
    if code.startswith(_COMPLEX):
        return TooComplexError(text)
    return OutOfRangeError(text) if code.startswith(_RANGE) else DatabaseError(text)


class PostgresConnection(Connection):
    dialect = POSTGRESQL

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._prepared: BoundedCache[bytes] = BoundedCache(MAX_PREPARED, MAX_NEW, self._deallocate)
        self._names = itertools.count()
        self._steady = False  # whether statements are planned once
        self._outdated = False  # whether prepared statements have to be prepared anew
        self._open()

    def _open(self) -> None:
        try:
            connection = psycopg.connect(
                make_conninfo("", **(_KEEP_ALIVE | conninfo_to_dict(self._url))),
                autocommit=True,
                application_name="fluvial",
                options="-c timezone=UTC -c datestyle=ISO,YMD -c jit=off",
            )
        except psycopg.OperationalError as error:
            raise AwayError(str(error)) from error
        for name in _AS_TEXT:
            connection.adapters.register_loader(name, TextLoader)
        self._connection = connection
        self._pg = connection.pgconn
        self._loader = Transformer(connection)
        self._prepared.clear()
        self._steady = self._outdated = False

    def _result(self, sql: str, binds: Sequence[Any], *, prepared: bool = True) -> Any:
        self.statements += 1
        parameters: Any = [
            bind.encode() if bind.__class__ is str else _text(bind) for bind in binds
        ]
        if self._connection.closed:
            self._reopen()
        if self._outdated and not self.depth:
            self._forget()
        try:
            if prepared:
                name = self._prepared.get(sql) or self._prepare(sql)
                result = self._pg.exec_prepared(name, parameters)
            else:
                result = self._pg.exec_params(sql.encode(), parameters)
        except psycopg.OperationalError as error:
            self._lost(error, sql)
        if result.status not in _OK:
            self._refuse(result, sql)
        self._note(sql)
        return result

    def _note(self, sql: str) -> None:
        """Know of what was written."""
        if not sql.startswith(_PASSING):
            self._wrote = True
            self.commits += not self.depth

    def query(
        self, sql: str, binds: Sequence[Any] = (), *, steady: bool | None = None
    ) -> list[Row]:
        if self.overlay is not None:
            sql = self.overlay.over(sql)
        if steady is not None and steady is not self._steady and not self.depth:
            self._plan_once(steady)
        if self.time_limit is None:
            result = self._result(sql, binds)
        else:
            STATEMENT_TIMEOUTS.start(self, self.time_limit)
            try:
                result = self._result(sql, binds)
            finally:
                STATEMENT_TIMEOUTS.end(self)
        return self._rows(result)

    def query_unprepared(self, sql: str, binds: Sequence[Any]) -> list[Row]:
        return self._rows(self._result(sql, binds, prepared=False))

    def _rows(self, result: Any) -> list[Row]:
        if not result.ntuples:
            return []
        self._loader.set_pgresult(result)
        return self._loader.load_rows(0, result.ntuples, tuple)

    def _plan_once(self, steady: bool) -> None:
        """Whether statements are planned once from now on, or as PostgreSQL finds right."""
        if not self._connection.closed:
            mode = "force_generic_plan" if steady else "auto"
            self.script(f"SET plan_cache_mode = {mode}")
            self._steady = steady

    def execute(self, sql: str, binds: Sequence[Any] = ()) -> int:
        return self._result(sql, binds).command_tuples or 0

    def script(self, sql: str) -> None:
        if self._connection.closed:
            self._reopen()
        try:
            result = self._pg.exec_(sql.encode())
        except psycopg.OperationalError as error:
            self._lost(error, sql)
        if result.status not in _OK:
            self._refuse(result, sql)
        self._note(sql)

    def _prepare(self, sql: str) -> bytes:
        name = b"f%d" % next(self._names)
        result = self._pg.prepare(name, sql.encode())
        if result.status not in _OK:
            self._refuse(result, "SELECT")  # nothing has been done yet
        self._prepared.put(sql, name)
        return name

    def _deallocate(self, name: bytes) -> None:
        self.script(f"DEALLOCATE {name.decode()}")

    def _forget(self) -> None:
        self.script("DEALLOCATE ALL")
        self._prepared.clear()
        self._outdated = False

    def _refuse(self, result: Any, sql: str) -> None:
        error = errors.error_from_result(result)
        severity = result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED)
        if severity in _ENDS or self._pg.status != pq.ConnStatus.OK:
            self._lost(error, sql)
        if isinstance(error, errors.UniqueViolation | errors.ExclusionViolation):
            raise UniqueError(error.diag.constraint_name or "") from error
        if isinstance(error, errors.ReadOnlySqlTransaction):
            raise ReadOnlyError(str(error)) from error
        if isinstance(error, errors.QueryCanceled):
            raise SlowError(str(error)) from error
        if isinstance(error, _BUSY):
            raise BusyError(str(error)) from error
        if isinstance(error, errors.FeatureNotSupported) and "cached plan" in str(error):
            # A column was added since it was prepared; the next try prepares it anew.
            self._outdated = True
            raise BusyError(str(error)) from error
        raise _meant(error) from error

    def _lost(self, error: Exception, sql: str) -> None:
        self._connection.close()
        unsure = not self.depth and not sql.startswith(_PASSING)
        raise (UnsureError if unsure else GoneError)(str(error)) from error

    def _reopen(self) -> None:
        if self.depth:
            raise GoneError("The connection was lost inside a transaction.")
        self._open()

    def analyze(self) -> None:
        """Count what has grown by half or more: the server's own count may be minutes away."""
        for (table,) in self.query(_GROWN):
            self.script(f"ANALYZE (SKIP_LOCKED) {table}")

    def _begin(self) -> None:
        if self._outdated:
            self._forget()
        self.script("BEGIN")
        self._wrote = False

    def _commit(self) -> None:
        self.script("COMMIT")

    def _rollback(self) -> None:
        if not self._connection.closed:
            self.script("ROLLBACK")

    def _keep_from_writing(self, kept: bool) -> None:
        self.script(f"SET default_transaction_read_only = {'on' if kept else 'off'}")

    def cancel(self) -> None:
        """Stop the statement under way; called from another thread."""
        with suppress(psycopg.Error):  # the connection may just be lost
            self._pg.get_cancel().cancel()

    def close(self) -> None:
        self._connection.close()


def _text(bind: Any) -> bytes | None:
    if bind is None:
        return None
    if bind is True:
        return b"t"
    if bind is False:
        return b"f"
    return str(bind).encode()


def is_postgres(url: str) -> bool:
    return urlsplit(url).scheme in ("postgresql", "postgres")
