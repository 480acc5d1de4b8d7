"""What is in the database is read as it is: the same words on both databases where they can be."""

from __future__ import annotations

import pytest

from fluvial.database.connection import Connection
from fluvial.database.inspection import column_types, inspect, plain_type


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("TEXT", "text"),
        ('text COLLATE "C"', "text"),
        ("NUMERIC(10, 2)", "numeric(10,2)"),
        ("timestamp with time zone", "timestamp with time zone"),
        ("", ""),
    ],
)
def test_types_are_written_in_one_way(text: str, plain: str) -> None:
    assert plain_type(text) == plain
    assert plain_type(plain) == plain


def test_an_empty_database_holds_nothing(connection: Connection) -> None:
    found = inspect(connection)
    assert (found.columns, found.indexes, found.triggers, found.constraints) == (
        {}, {}, set(), set(),
    )  # fmt: skip


def test_columns_indexes_and_triggers(connection: Connection) -> None:
    connection.script('CREATE TABLE "Order" (id INTEGER PRIMARY KEY, "Name" TEXT, other INTEGER)')
    connection.script("CREATE TABLE two (id INTEGER PRIMARY KEY, code TEXT UNIQUE)")
    connection.script('CREATE UNIQUE INDEX twin ON "Order" (other, "Name")')
    connection.script('CREATE INDEX folded ON "Order" (lower("Name"), other)')
    found = inspect(connection)
    assert found.columns == column_types(connection) == {
        "Order": {"id": "integer", "Name": "text", "other": "integer"},
        "two": {"id": "integer", "code": "text"},
    }  # fmt: skip
    # Those that belong to a key of the table are none of their own.
    assert set(found.indexes) == {"twin", "folded"}
    twin, folded = found.indexes["twin"], found.indexes["folded"]
    assert (twin.table, twin.unique, twin.valid) == ("Order", True, True)
    assert twin.columns == ["other", "Name"]  # in the order of the index
    assert (folded.unique, folded.columns) == (False, ["", "other"])


def test_dropped_columns_are_gone(connection: Connection) -> None:
    connection.script("CREATE TABLE one (id INTEGER PRIMARY KEY, gone TEXT)")
    connection.script("ALTER TABLE one DROP COLUMN gone")
    assert inspect(connection).columns == {"one": {"id": "integer"}}
