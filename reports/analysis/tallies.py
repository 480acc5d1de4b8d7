"""What is counted, added and compared of groups: parts that join exactly, in any order.

A tally holds, for each currency (or "" where there is none), the sum and the number of values, or
the least or greatest one. A group's tally is that of its parts joined, so totals add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from metamodel.currencies import Amount
from metamodel.expressions.decimals import CONTEXT, WIDE, round_half_up

Tally = Mapping[str, tuple[Any, int]]

NOTHING: Tally = {}


def _added(one: tuple[Any, int], other: tuple[Any, int]) -> tuple[Any, int]:
    return WIDE.add(one[0], other[0]), one[1] + other[1]


def _least(one: tuple[Any, int], other: tuple[Any, int]) -> tuple[Any, int]:
    return min(one[0], other[0]), one[1] + other[1]


def _greatest(one: tuple[Any, int], other: tuple[Any, int]) -> tuple[Any, int]:
    return max(one[0], other[0]), one[1] + other[1]


_JOIN: Mapping[str, Callable[[tuple[Any, int], tuple[Any, int]], tuple[Any, int]]] = {
    "count": _added,
    "sum": _added,
    "avg": _added,
    "min": _least,
    "max": _greatest,
}


def joined(function: str, one: Tally, other: Tally) -> Tally:
    """Two tallies as one."""
    if not one or not other:
        return one or other
    join = _JOIN[function]
    made = dict(one)
    for currency, held in other.items():
        made[currency] = join(made[currency], held) if currency in made else held
    return made


def amount_of(function: str, held: tuple[Any, int] | None, scale: int) -> Any:
    """The value of one currency's tally; of nothing a sum is zero, and the others are empty."""
    value, number = held if held is not None else (Decimal(0), 0)
    if function in ("count", "sum"):
        return value
    if number == 0:
        return None
    if function == "avg":
        return round_half_up(CONTEXT.divide(value, Decimal(number)), scale)
    return value


def by_currency(function: str, tally: Tally, scale: int) -> list[Amount]:
    """The amounts of a tally, one for each currency."""
    found = ((currency, amount_of(function, held, scale)) for currency, held in tally.items())
    return [Amount(value, currency) for currency, value in sorted(found) if value is not None]
