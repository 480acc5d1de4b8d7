"""Any single value as text, as text() and `&` write it."""

from __future__ import annotations

from metamodel.expressions.fault_words import node_words
from metamodel.expressions.fitting import Misfit, amount, is_null
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import Choose, Empty, Join, Literal, Node, Part, Recast
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


def _money(node: Node) -> Node:
    currency = Part(node, "currency", type=TEXT)
    text = Join(
        (_number(amount(node), node.type.scale), constant(" ", TEXT), currency),
        type=TEXT,
        place=node.place,
    )
    nothing = constant(None, TEXT)
    return Choose(Empty(node), nothing, text, type=TEXT, place=node.place)
