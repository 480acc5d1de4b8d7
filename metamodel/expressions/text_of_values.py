"""Any single value as text, as text() and `&` write it."""

from __future__ import annotations

from metamodel.currencies import MOST_DECIMALS, of_decimals
from metamodel.expressions.fault_words import node_words
from metamodel.expressions.fitting import Misfit, amount, is_null
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import Choose, Empty, Join, Literal, Node, Part, Recast, Within
from metamodel.expressions.operations import INTEGER, Operation
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    MONEY,
    NUMBER,
    TEXT,
)

from . import operations as op

USUAL = 2  # decimals of a currency
_WRITERS: dict[str, Operation] = {
    BOOLEAN.name: op.WRITE_BOOLEAN,
    DATE.name: op.WRITE_DATE,
    DATETIME.name: op.WRITE_MOMENT,
    DURATION.name: op.WRITE_DURATION,
    DAYS.name: op.WRITE_DURATION,
}


def as_text(node: Node) -> Node:
    """The node as text; raises Misfit."""
    name = node.type.name
    if name == TEXT.name:
        return node
    if is_null(node):
        return constant(None, TEXT, node)
    if name == NUMBER.name:
        return _number(node, node.type.scale)
    if name == BOOLEAN.name and isinstance(node, Literal):
        return constant("true" if node.value else "false", TEXT, node)
    if name in _WRITERS:
        return call(_WRITERS[name], (node,), TEXT, node)
    if name == CHOICE.name:
        return Recast(node, type=TEXT, place=node.place)
    if name == MONEY.name:
        return _money(node)
    raise Misfit(f"{node_words(node)} and cannot be used as text.", "Add `.title`, or a field.")


def _number(node: Node, scale: int | None) -> Node:
    digits = constant(-1 if scale is None else scale, INTEGER)
    return call(op.WRITE_NUMBER, (node, digits), TEXT, node)


def _decimals(currency: Node) -> Node:
    """How many decimals the currency of an amount has."""
    digits: Node = constant(USUAL, INTEGER)
    for units in range(MOST_DECIMALS + 1):
        codes = tuple(constant(code, TEXT) for code in of_decimals(units))
        if codes and units != USUAL:
            digits = Choose(Within(currency, codes), constant(units, INTEGER), digits, type=INTEGER)
    return digits


def _money(node: Node) -> Node:
    currency = Part(node, "currency", type=TEXT)
    written = amount(node)
    figures = _number(written, node.type.scale)
    if node.type.scale is None and not node.type.currency:
        figures = call(op.WRITE_NUMBER, (written, _decimals(currency)), TEXT, written)
    text = Join(
        (figures, constant(" ", TEXT), currency),
        type=TEXT,
        place=node.place,
    )
    nothing = constant(None, TEXT)
    return Choose(Empty(node), nothing, text, type=TEXT, place=node.place)
