"""Connections to an empty database of each kind, without an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.database import Database
from fluvial.database.statement import DIALECTS

Connect = Callable[[], Connection]


@pytest.fixture
def connect(database_url: str) -> Iterator[Connect]:
    """Opens connections to one database: two of them are two processes to each other."""
    database = Database(database_url, threads=1)
    opened: list[Connection] = []

    def open_one() -> Connection:
        opened.append(database.connect())
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()
    database.close()


@pytest.fixture
def connection(connect: Connect) -> Connection:
    return connect()


def created(connection: Connection, table: sa.Table) -> None:
    """Make a table."""
    sql = sa.schema.CreateTable(table).compile(dialect=DIALECTS[connection.dialect])
    connection.script(str(sql))
