"""Rows are inserted and changed as they were given, one or many, in one way or the other."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection, UniqueError
from fluvial.database.engine_tables import column
from fluvial.database.statement import Statement
from fluvial.records.drafts.insertion import (
    binds,
    insert_alike,
    insert_cells,
    insert_rows,
    insertion,
    update_cells,
)
from metamodel.storage import BOOLEAN, INTEGER, JSON, POSTGRESQL, SQLITE, TEXT, TIMESTAMP, decimal
from tests.fluvial.database.connections import created

SAMPLE = sa.Table(
    "sample", sa.MetaData(),
    column("id", INTEGER, primary_key=True), column("note", TEXT, nullable=True),
    column("on", BOOLEAN, nullable=True), column("at", TIMESTAMP, nullable=True),
    column("price", decimal(2), nullable=True), column("body", JSON, nullable=True),
)  # fmt: skip
NAMES = tuple(c.name for c in SAMPLE.c)
ALL = Statement(sa.select(SAMPLE).order_by(SAMPLE.c.id))
NOON = datetime(2026, 6, 15, 12, 0, 0, 1, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    (1, 'it\'s "quoted" \\ {x} $1 ?', True, NOON, Decimal("12.50"), {"a": [1, None]}),
    (2, "", False, None, Decimal("-0.01"), []),
    (3, None, None, None, None, None),
    (4, "é\n\t🔑", True, NOON, Decimal("0.00"), "text"),
]


@pytest.fixture(autouse=True)
def sample(connection: Connection) -> None:
    created(connection, SAMPLE)


def cells(dialect: str, rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """In their stored form."""
    stored = [c.type.storage for c in SAMPLE.c if isinstance(c.type, Stored)]
    return [
        [None if v is None else s.encode(dialect, v) for s, v in zip(stored, row, strict=True)]
        for row in rows
    ]


def test_rows_come_back(connection: Connection) -> None:
    insert_rows(connection, SAMPLE, [dict(zip(NAMES, row, strict=True)) for row in ROWS])
    assert ALL.rows(connection) == ROWS


def test_what_a_row_does_not_name_is_empty(connection: Connection) -> None:
    insert_rows(connection, SAMPLE, [{"id": 1, "other": "x"}])
    assert ALL.rows(connection) == [(1, None, None, None, None, None)]


@pytest.mark.parametrize("listed", [False, True])
def test_cells_come_back_also_as_one_list(connection: Connection, listed: bool) -> None:
    rows = cells(connection.dialect, ROWS)
    before = connection.statements
    insert_cells(connection, SAMPLE, NAMES, rows, listed=listed)
    assert connection.statements == before + 1
    assert ALL.rows(connection) == ROWS


@pytest.mark.parametrize("listed", [False, True])
def test_of_rows_that_are_there_only_some_columns_change(
    connection: Connection, listed: bool
) -> None:
    insert_cells(connection, SAMPLE, ("id", "note", "on"), [[1, "a", None], [2, "b", None]])
    more = [[2, "x", None], [3, "y", None]]
    insert_cells(
        connection, SAMPLE, ("id", "note", "on"), more, keys=("id",), other=("note",), listed=listed
    )
    assert [row[:2] for row in ALL.rows(connection)] == [(1, "a"), (2, "x"), (3, "y")]


def test_columns_that_are_the_same_in_all_rows(connection: Connection) -> None:
    insert_alike(connection, SAMPLE, ("id", "note"), [[1, "a"], [2, "b"]], at=NOON, on=False)
    assert [row[:4] for row in ALL.rows(connection)] == [
        (1, "a", False, NOON), (2, "b", False, NOON),
    ]  # fmt: skip


def test_columns_are_changed_in_the_rows_of_their_keys(connection: Connection) -> None:
    insert_cells(connection, SAMPLE, ("id", "note"), [[at, f"n{at}"] for at in range(1, 5)])
    changed: list[list[Any]] = [["x", 1], [None, 3], ["nobody", 9]]
    assert update_cells(connection, SAMPLE, ("note",), ("id",), changed) == 2
    assert [row[1] for row in ALL.rows(connection)] == ["x", "n2", None, "n4"]
    both = [[Decimal(7), 2, "n2"], [Decimal(7), 4, "other"]]
    stored = [[decimal(2).encode(connection.dialect, row[0]), *row[1:]] for row in both]
    assert update_cells(connection, SAMPLE, ("price",), ("id", "note"), stored) == 1
    assert [row[4] for row in ALL.rows(connection)] == [None, Decimal("7.00"), None, None]


def test_nothing_to_write_asks_nothing(connection: Connection) -> None:
    before = connection.statements
    insert_cells(connection, SAMPLE, NAMES, [])
    insert_alike(connection, SAMPLE, ("id",), [], on=True)
    assert update_cells(connection, SAMPLE, ("note",), ("id",), []) == 0
    assert connection.statements == before


def test_of_many_rows_all_are_there_or_none(connection: Connection) -> None:
    with pytest.raises(UniqueError), connection.transaction():
        insert_cells(connection, SAMPLE, ("id", "note"), [[1, "a"], [2, "b"], [1, "c"]])
    assert ALL.rows(connection) == []


def test_places_of_binds() -> None:
    assert (binds(SQLITE, 3), binds(POSTGRESQL, 3)) == (["?"] * 3, ["$1", "$2", "$3"])
    assert insertion("t", ("a", "b"), SQLITE) == 'INSERT INTO "t" ("a", "b") VALUES (?, ?)'
