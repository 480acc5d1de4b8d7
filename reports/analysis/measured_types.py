"""Which values can be measured, and what type a measure of them has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fluvial.records.reading.aggregates import AVERAGE_SCALE
from fluvial.records.reading.summary import Measure
from metamodel.expressions.nodes import Node, Part
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, NUMBER, RECORDS, Type

ADDABLE = (NUMBER.name, DURATION.name, MONEY.name)
ORDERED = (*ADDABLE, DATE.name, DATETIME.name)


@dataclass(frozen=True)
class Measured:
    """The type of what a measure gives; `scale` is how many decimals an average has."""

    type: Type
    function: str
    scale: int = 0

    @property
    def in_currencies(self) -> bool:
        """Whether it is a list of amounts, one for each currency."""
        return self.function != "count" and is_of_any_currency(self.type)


def is_of_any_currency(type: Type) -> bool:
    return type.name == MONEY.name and type.currency is None


def measured(measure: Measure, inner: Type | None) -> Measured:
    """What a measure of values of a type gives."""
    if measure.function == "count" or inner is None:
        return Measured(Type(NUMBER.name, scale=0), "count")
    scale = inner.scale or 0
    if measure.function == "avg" and inner.name != DURATION.name:
        scale = max(scale, AVERAGE_SCALE)
        inner = Type(inner.name, currency=inner.currency, scale=scale)
    return Measured(inner, measure.function, scale)


def unfit(measure: Measure, tree: Node) -> Iterator[tuple[str, str]]:
    """Why values cannot be measured so, and what to do."""
    if measure.function == "count":
        if tree.type.name == RECORDS.name:
            yield (
                f"`{measure.text}`: the records of a collection cannot be counted like this.",
                f"Write sum(count({measure.inner})).",
            )
        return
    fitting = ADDABLE if measure.function in ("sum", "avg") else ORDERED
    if tree.type.name not in fitting:
        yield f"`{measure.text}`: {measure.function} cannot be used with {tree.type}.", ""
    elif any(_bare_amount(node) for node in tree.walk()):
        yield (
            f"`{measure.text}`: the amounts are in several currencies, and would be mixed.",
            "Leave `.amount` out: then there is one amount for each currency.",
        )


def _bare_amount(node: Node) -> bool:
    amount = isinstance(node, Part) and node.name == "amount"
    return amount and is_of_any_currency(node.operand.type)  # type: ignore[attr-defined]
