"""Sums, averages, least and most of a value: exact, and the same on both databases.

SQLite adds integers of 64 bits and refuses what is larger, so a sum travels as two halves.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from metamodel.expressions.decimals import CONTEXT, plain, round_half_up
from metamodel.expressions.sql_value import EXACT, SqlValue
from metamodel.storage import POSTGRESQL, Storage

AVERAGE_SCALE = 6
HALF = 10**9

Wire = Callable[[Any], Any]
Aggregate = tuple[sa.ColumnElement[Any], Wire | None]  # and what makes its cell JSON


def total(made: SqlValue, dialect: str) -> Aggregate:
    """The sum; of nothing it is zero."""
    added = sa.func.coalesce(added_text(made, dialect), sa.literal_column("''"))
    return added, lambda cell: _wire(read_added(cell, made.storage), made.storage)


def average(made: SqlValue, dialect: str) -> Aggregate:
    """The sum by the number of values, half up; of nothing it is empty."""
    scale = max(made.storage.scale, AVERAGE_SCALE)
    both = _joined(added_text(made, dialect), sa.func.count(made.element))

    def wire(cell: str) -> str | None:
        added, _, number = cell.rpartition("/")
        if number == "0":
            return None
        value = CONTEXT.divide(read_added(added, made.storage), Decimal(number))
        return f"{round_half_up(value, scale):f}"

    return both, wire


def extreme(function: str, made: SqlValue, dialect: str) -> Aggregate:
    """`min` or `max`; of nothing it is empty."""
    made_of = extreme_of(function, made, dialect)
    if made.storage is not EXACT:
        return made_of, made.storage.wire(dialect)
    return made_of, lambda cell: plain(Decimal(cell))


def extreme_of(function: str, made: SqlValue, dialect: str) -> sa.ColumnElement[Any]:
    """The least or greatest value in its stored form."""
    exact = made.storage is EXACT and dialect != POSTGRESQL
    element: sa.ColumnElement[Any] = getattr(
        sa.func, f"fluvial_{function}_of" if exact else function
    )(made.element)
    return element


def added_text(made: SqlValue, dialect: str) -> sa.ColumnElement[Any]:
    """The sum as text, for `read_added`; empty, or zero, where there is nothing to add."""
    element = made.element
    if dialect == POSTGRESQL:
        return sa.cast(sa.func.sum(element), sa.Text)
    if made.storage is EXACT:
        return sa.func.fluvial_sum(element)
    half: Any = sa.literal_column(str(HALF))
    high, low = sa.func.sum(element.op("/")(half)), sa.func.sum(element.op("%")(half))
    return _joined(high, low, ":")


def _joined(
    left: sa.ColumnElement[Any], right: sa.ColumnElement[Any], mark: str = "/"
) -> sa.ColumnElement[Any]:
    nothing: sa.ColumnElement[str] = sa.literal_column("''")
    first, second = (sa.func.coalesce(sa.cast(p, sa.Text), nothing) for p in (left, right))
    joined: sa.ColumnElement[Any] = first.op("||")(sa.literal_column(f"'{mark}'")).op("||")(second)
    return joined


def read_added(text: str | None, storage: Storage) -> Decimal:
    """A sum as the database writes it."""
    if not text or text == ":":
        return Decimal(0)
    high, mark, low = text.partition(":")
    if not mark:
        return Decimal(text)
    return Decimal(int(high) * HALF + int(low)).scaleb(-storage.scale)


def _wire(value: Decimal, storage: Storage) -> str | int:
    if storage is EXACT:
        return plain(value)
    decimals = storage.to_wire if storage.name.startswith("decimal") else None
    return str(decimals(value)) if decimals is not None else int(value)
