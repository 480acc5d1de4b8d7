"""Sums and averages are exact on both databases, also beyond what one number of SQLite holds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.statement import Compiled
from fluvial.records.reading.aggregates import AVERAGE_SCALE, Aggregate, average, extreme, total
from metamodel.expressions.sql_value import SqlValue
from metamodel.storage import INTEGER, Storage, decimal
from tests.fluvial.database.connections import created

MONEY: Storage = decimal(2)
LARGE = 2**63 - 1

NUMBERS: list[list[int]] = [
    [], [0], [1, 2], [-1, -2, 5], [LARGE] * 3, [-LARGE] * 3, [LARGE, -LARGE, 7], [10**9, -1],
    [-(10**9), 1], [1, 1, 2, 1, 1, 1, 1],
]  # fmt: skip


def table(storage: Storage) -> sa.Table:
    return sa.Table("numbers", sa.MetaData(), sa.Column("value", Stored(storage)))


def asked(connection: Connection, values: list[Any], storage: Storage, make: Any) -> Any:
    """What an aggregate makes of values in canonical form."""
    numbers, dialect = table(storage), connection.dialect
    connection.script("DROP TABLE IF EXISTS numbers")
    created(connection, numbers)
    bind = sa.bindparam("value", type_=numbers.c.value.type)
    add = Compiled(numbers.insert().values(value=bind), dialect)
    for value in [*values, None]:  # empties do not count
        connection.execute(add.sql, add.binds({"value": value}))
    element, wire = make(SqlValue(numbers.c.value, storage), dialect)
    cell = connection.query(Compiled(sa.select(element), dialect).sql)[0][0]
    return cell if wire is None or cell is None else wire(cell)


@pytest.mark.parametrize("values", NUMBERS)
def test_whole_numbers(connection: Connection, values: list[int]) -> None:
    assert asked(connection, values, INTEGER, total) == sum(values)
    mean = asked(connection, values, INTEGER, average)
    if not values:
        assert mean is None
    else:
        step = Decimal(1).scaleb(-AVERAGE_SCALE)
        exact = (Decimal(sum(values)) / len(values)).quantize(step, ROUND_HALF_UP)
        assert mean == f"{exact:f}"
    for name, of in (("min", min), ("max", max)):
        found = asked(connection, values, INTEGER, named(name))
        assert found == (of(values) if values else None)


def named(name: str) -> Any:
    def make(value: SqlValue, dialect: str) -> Aggregate:
        return extreme(name, value, dialect)

    return make


@pytest.mark.parametrize(
    ("values", "added", "mean"),
    [
        ([], "0.00", None),
        (["0.10", "0.20"], "0.30", "0.150000"),
        (["-0.01"], "-0.01", "-0.010000"),
        (["0.01", "0.01", "0.00"], "0.02", "0.006667"),
        (["-10000000.00", "0.01"], "-9999999.99", "-4999999.995000"),
        (["90000000000000000.00"] * 3, "270000000000000000.00", "90000000000000000.000000"),
    ],
)
def test_decimals(connection: Connection, values: list[str], added: str, mean: str | None) -> None:
    numbers = [Decimal(value) for value in values]
    assert asked(connection, numbers, MONEY, total) == added
    assert asked(connection, numbers, MONEY, average) == mean
