"""The database of a process: a connection for each thread, and the threads that use them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from metamodel.storage import POSTGRESQL, SQLITE

from .connection import Connection
from .postgres import PostgresConnection, is_postgres
from .sqlite import SqliteConnection, copy_of
from .writer_turns import WriterTurns

T = TypeVar("T")


class Database:
    """Connections are pinned to threads: no pool to check out from, no rollback on return."""

    def __init__(self, url: str, threads: int = 8) -> None:
        self.url = url
        self.dialect = POSTGRESQL if is_postgres(url) else SQLITE
        # SQLite hands the interpreter's lock over at every row: a second thread only slows it.
        self._threads = ThreadPoolExecutor(
            max_workers=threads if self.dialect == POSTGRESQL else 1, thread_name_prefix="records"
        )
        self.turns = WriterTurns()  # of SQLite
        self._local = threading.local()
        self._all: list[Connection] = []
        self._lock = threading.Lock()

    def connection(self) -> Connection:
        """The connection of the calling thread, opened at its first use."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.connect()
            with self._lock:
                self._all.append(connection)
        return connection

    def connect(self) -> Connection:
        """A new connection that the caller closes."""
        if self.dialect == POSTGRESQL:
            return PostgresConnection(self.url)
        return SqliteConnection(sqlite_path(self.url), self.turns)

    def copied(self) -> Connection:
        """Of SQLite: a copy of what is committed now, which nobody else sees. Others go on to read
        and write while it is made; it is gone once it is closed."""
        return copy_of(sqlite_path(self.url))

    def changed_rows(self) -> int:
        """How many rows the connections of this process have written, as far as they count."""
        with self._lock:
            return sum(connection.changed_rows for connection in self._all)

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Where requests run."""
        return self._threads

    def call(self, work: Callable[[], T]) -> T:
        """Run it where requests run, and wait for it."""
        return self._threads.submit(work).result()

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


def sqlite_path(url: str) -> Path:
    """The file of `sqlite:///relative` or `sqlite:////absolute`."""
    path = urlsplit(url).path
    return Path(path[1:] if path.startswith("//") else path if Path(path).is_absolute() else path)
