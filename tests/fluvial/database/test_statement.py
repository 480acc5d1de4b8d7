"""Statements: binds by their places, in their stored form, and back again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column
from fluvial.database.statement import Compiled, Statement, insert, param
from metamodel.storage import BOOLEAN, INTEGER, JSON, POSTGRESQL, SQLITE, TEXT, TIMESTAMP
from tests.fluvial.database.connections import created

SAMPLE = sa.Table(
    "sample", sa.MetaData(),
    column("id", INTEGER, primary_key=True), column("body", JSON, nullable=True),
    column("at", TIMESTAMP, nullable=True), column("on", BOOLEAN, nullable=True),
)  # fmt: skip
NOON = datetime(2026, 6, 15, 12, 0, 0, 250_000, tzinfo=UTC)


def bind(name: str, value: Any = None) -> Any:
    return sa.bindparam(name, value, type_=Stored(TEXT))


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_binds_stand_in_the_order_of_the_text(dialect: str) -> None:
    c: Any = sa.table("t", sa.column("a"), sa.column("b")).c
    compiled = Compiled(sa.select(c.a).where(c.b == bind("z"), c.a == bind("y")), dialect)
    assert compiled.order == ("z", "y")
    assert compiled.binds({"y": "1", "z": "2", "unused": "3"}) == ["2", "1"]


def test_a_bind_that_stands_twice() -> None:
    c: Any = sa.table("t", sa.column("a"), sa.column("b")).c
    twice = sa.select(c.a).where(c.b == bind("x"), c.a == bind("x"))
    assert Compiled(twice, SQLITE).binds({"x": "1"}) == ["1", "1"]
    assert Compiled(twice, POSTGRESQL).binds({"x": "1"}) == ["1"]


def test_constants_hold_where_no_value_is_given() -> None:
    c: Any = sa.table("t", sa.column("a")).c
    compiled = Compiled(sa.select(c.a).where(c.a == bind("x", "kept")), SQLITE)
    assert compiled.binds({}) == ["kept"]
    assert compiled.binds({"x": "given"}) == ["given"]
    assert compiled.binds({"x": None}) == [None]  # what is given as empty is empty


def test_a_statement_is_compiled_once_for_each_database() -> None:
    statement = Statement(sa.select(SAMPLE.c.id))
    before = Compiled.compilations
    assert statement.on(SQLITE) is statement.on(SQLITE)
    assert statement.on(POSTGRESQL) is not statement.on(SQLITE)
    assert Compiled.compilations == before + 2


def test_values_come_back_as_they_were_given(connection: Connection) -> None:
    created(connection, SAMPLE)
    rows: list[tuple[object, ...]] = [
        (1, {"a": [1, None, "é"]}, NOON, True),
        (2, None, None, None),
        (3, [], datetime.min.replace(tzinfo=UTC), False),
    ]
    add = insert(SAMPLE)
    for row in rows:
        names = [c.name for c in SAMPLE.c]
        assert add.run(connection, **dict(zip(names, row, strict=True))) == 1
    everything = Statement(sa.select(SAMPLE).order_by(SAMPLE.c.id))
    assert everything.rows(connection) == rows
    later = Statement(sa.select(SAMPLE.c.id).where(SAMPLE.c.at >= param("since", SAMPLE.c.at)))
    assert later.row(connection, since=NOON) == (1,)
    assert later.row(connection, since=NOON.replace(microsecond=250_001)) is None


def test_what_is_returned_is_decoded_too(connection: Connection) -> None:
    created(connection, SAMPLE)
    insert(SAMPLE).run(connection, id=1, body={"n": 1}, at=NOON, on=False)
    changed = Statement(
        SAMPLE.update().values(on=param("on", SAMPLE.c.on)).returning(SAMPLE.c.body, SAMPLE.c.on)
    )
    assert changed.rows(connection, on=True) == [({"n": 1}, True)]
    assert changed.row(connection, on=None) == ({"n": 1}, None)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_change_with_a_part_before_it_says_how_many_rows_it_touched(
    connection: Connection, rows: int
) -> None:
    created(connection, SAMPLE)
    add = insert(SAMPLE)
    for at in range(5):
        add.run(connection, id=at, body=None, at=None, on=None)
    c = SAMPLE.c
    chosen = sa.select(c.id).where(c.id < param("the_id", c.id)).cte("chosen")
    few = c.id.in_(sa.select(chosen.c.id))
    assert (
        Statement(SAMPLE.update().where(few).values(at=NOON)).run(connection, the_id=rows) == rows
    )
    assert Statement(SAMPLE.update().values(on=True)).run(connection) == 5
    assert Statement(SAMPLE.delete().where(few)).run(connection, the_id=rows) == rows
    assert Statement(sa.delete(SAMPLE).where(c.id < 0)).run(connection) == 0
