"""What is planned between two catalogs: operations with their class, rows, words and statements."""

from __future__ import annotations

import pytest

from fluvial.database.connection import Connection
from fluvial.database.inspection import inspect
from fluvial.database.schema_changes import (
    Columns,
    Ddl,
    SchemaOperation,
    difference,
    estimate,
)
from fluvial.database.setup import set_up
from fluvial.kernel.ids import new_id
from metamodel.catalog import Catalog
from metamodel.storage import POSTGRESQL, SQLITE
from tests.metamodel.catalogs import catalog

SHELF = """
kind: object
name: shelf
title: "{name}"
fields:
  - {name: name, kind: text, required: true}
  - {name: room, kind: text}
"""
WIDER = SHELF + "  - {name: width, kind: number, scale: 2}\n"
LINKED = SHELF + "  - {name: others, kind: multi_lookup, to: shelf}\n"
KEYED = (
    SHELF + "keys:\n  - {fields: [room, name], unique: true}\n  - {fields: [room], unique: false}\n"
)
SHORT = SHELF.replace("  - {name: room, kind: text}\n", "")
WORKED_OUT = SHORT + '  - {name: room, kind: calculated, result: text, formula: "name"}\n'
SHELVES = catalog(SHELF)


def plan(connection: Connection, old: Catalog | None, new: Catalog) -> list[SchemaOperation]:
    return difference(old, new, connection, Columns.read(connection))


def run(connection: Connection, operations: list[SchemaOperation]) -> None:
    for operation in operations:
        for statement in operation.statements:
            connection.script(statement)


def said(operations: list[SchemaOperation]) -> list[tuple[str, str, str]]:
    return [(one.op, one.target, one.class_) for one in operations]


@pytest.fixture
def shelves(connection: Connection) -> Connection:
    """A database with a table of shelves, and two records in it."""
    set_up(connection, [])
    run(connection, plan(connection, None, SHELVES))
    moment = "2026-01-01T00:00:00.000000Z"
    for _ in range(2):
        connection.execute(
            "INSERT INTO shelf (id, rev, created_at, updated_at, name, title) "
            f"VALUES ('{new_id()}', 1, '{moment}', '{moment}', 'a', 'a')"
        )
    return connection


def test_from_nothing_every_object_is_added(connection: Connection) -> None:
    set_up(connection, [])
    operations = plan(connection, None, SHELVES)
    added = {one.target: one for one in operations}
    assert set(added) == set(SHELVES.objects)
    assert {(one.op, one.class_, one.rows) for one in operations} == {("add_object", "instant", 0)}
    assert added["shelf"].undo == "Delete the object."
    run(connection, operations)


def test_equal_catalogs_need_nothing(shelves: Connection) -> None:
    assert plan(shelves, SHELVES, catalog(SHELF)) == []


def test_a_field_is_added_retired_and_restored(shelves: Connection) -> None:
    wider = catalog(WIDER)
    (added,) = plan(shelves, SHELVES, wider)
    assert said([added]) == [("add_field", "shelf.width", "instant")]
    assert (added.rows, added.undo, len(added.statements)) == (0, "Delete the field.", 1)
    run(shelves, [added])
    (retired,) = plan(shelves, wider, SHELVES)
    assert said([retired]) == [("retire_field", "shelf.width", "destructive")]
    assert (retired.rows, retired.statements) == (2, [])  # its values are kept
    assert "values are kept" in retired.undo
    (restored,) = plan(shelves, SHELVES, wider)
    assert said([restored]) == [("restore_field", "shelf.width", "instant")]
    assert restored.statements == []


def test_links_have_a_table_of_their_own(shelves: Connection) -> None:
    linked = catalog(LINKED)
    run(shelves, plan(shelves, SHELVES, linked))
    assert "shelf__others" in inspect(shelves).columns
    assert said(plan(shelves, SHELVES, linked)) == [("restore_field", "shelf.others", "instant")]


def test_keys_are_scans_that_say_how_they_are_undone(shelves: Connection) -> None:
    keyed = catalog(KEYED)
    added = plan(shelves, SHELVES, keyed)
    assert sorted(one.op for one in added) == ["add_index", "add_unique_key"]
    assert {(one.class_, one.rows, one.undo) for one in added} == {
        ("scan", 2, "Remove the key again.")
    }
    before = set(inspect(shelves).indexes)
    run(shelves, added)
    made = set(inspect(shelves).indexes) - before
    assert {f"shelf.{name}" for name in made} == {one.target for one in added}
    dropped = plan(shelves, keyed, SHELVES)
    assert sorted(one.op for one in dropped) == ["drop_index", "drop_unique_key"]
    run(shelves, dropped)
    assert set(inspect(shelves).indexes) == before


def test_a_field_that_is_worked_out_from_now_on_leaves_its_values(shelves: Connection) -> None:
    operations = plan(shelves, SHELVES, catalog(WORKED_OUT))
    assert ("retire_field", "shelf.room", "destructive") in said(operations)


def test_an_object_that_goes_keeps_its_records(shelves: Connection) -> None:
    (gone,) = plan(shelves, SHELVES, catalog())
    assert said([gone]) == [("retire_object", "shelf", "destructive")]
    assert (gone.rows, gone.statements) == (2, [])


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_estimates_grow_with_the_rows_except_of_instant_steps(dialect: str) -> None:
    seconds = {}
    for class_ in ("instant", "scan", "rewrite", "destructive"):
        for rows in (0, 10**6):
            operation = SchemaOperation("x", "y", class_, rows)
            estimate(operation, dialect)
            seconds[class_, rows] = operation.seconds
    assert seconds["instant", 0] == seconds["instant", 10**6] == seconds["scan", 0]
    assert seconds["scan", 0] < seconds["scan", 10**6] < seconds["rewrite", 10**6]


def test_taking_statements_leaves_none() -> None:
    ddl = Ddl(SQLITE)
    ddl.operations.execute("SELECT 1")
    ddl.operations.execute("SELECT ';' ")
    assert ddl.take() == ["SELECT 1", "SELECT ';'"]
    assert ddl.take() == []
