"""Collection functions over rows that are at hand: the same answers as the database gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

from metamodel.currencies import Amount
from metamodel.expressions import decimals
from metamodel.expressions.nodes import Gather
from metamodel.expressions.python import Environment, run
from metamodel.expressions.types import DURATION, MONEY, Type


def gathered(node: Gather, rows: Sequence[Environment]) -> Any:
    """The value of a collection function; rows in the order of their creation."""
    where = node.where
    met = [row for row in rows if where is None or run(where, row) is True]
    if node.function == "exists":
        return bool(met)
    if node.function == "count":
        return Decimal(len(met))
    return _FUNCTIONS[node.function](node, list(_values(node, met)))


def _values(node: Gather, rows: Sequence[Environment]) -> Iterator[Any]:
    assert node.item is not None
    for row in rows:
        value = run(node.item, row)
        if value is not None or node.function in ("first", "last"):
            yield value


def _sum(node: Gather, values: Sequence[Any]) -> Any:
    if node.type.name == MONEY.name:
        return _money(node, values, lambda total: total)
    if _lengths(node.type):
        return sum(values)
    return reduce(decimals.add, values, Decimal(0))


def _average(node: Gather, values: Sequence[Any]) -> Any:
    if not values:
        return None
    count = Decimal(len(values))
    if node.type.name == MONEY.name:
        return _money(node, values, lambda total: decimals.divide(total, count))
    if _lengths(node.type):
        return decimals.split_duration(sum(values), count)
    return decimals.divide(reduce(decimals.add, values, Decimal(0)), count)


def _money(
    node: Gather, values: Sequence[Amount], made: Callable[[Decimal], Decimal | None]
) -> Amount | None:
    """Amounts of several currencies have no sum: it is empty."""
    found = {value.currency for value in values} or {node.type.currency or ""}
    if len(found) > 1 or found == {""}:
        return None
    total = made(reduce(decimals.add, (value.amount for value in values), Decimal(0)))
    return None if total is None else Amount(total, found.pop())


def _lengths(type: Type) -> bool:
    return type.name == DURATION.name


def _least(node: Gather, values: Sequence[Any]) -> Any:
    return min(values, default=None)


def _most(node: Gather, values: Sequence[Any]) -> Any:
    return max(values, default=None)


def _listed(node: Gather, values: Sequence[Any]) -> Any:
    return ", ".join(str(value) for value in values if value != "") or None


_FUNCTIONS: Mapping[str, Callable[[Gather, Sequence[Any]], Any]] = {
    "sum": _sum,
    "avg": _average,
    "min": _least,
    "max": _most,
    "first": lambda _, values: values[0] if values else None,
    "last": lambda _, values: values[-1] if values else None,
    "list": _listed,
}
