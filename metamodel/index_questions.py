"""What documents ask of the records of an object, so that an index can answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from metamodel.catalog import Catalog
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.nodes import And, Compare, Literal, Moment, Node, Read, Root
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN


@dataclass(frozen=True)
class IndexQuestion:
    """What a document asks of an object: fields with one value each, and an order.

    `ordered` is whether the first records are asked for, or only how many there are. `parts` is
    whether people are asked for kind by kind, each of which has a column of its own.
    """

    object: str
    equal: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()  # "due", "-due"
    ordered: bool = True
    parts: bool = False
    whole: bool = False  # by all of the fields, however many


def fixed(catalog: Catalog, object: str, where: str) -> tuple[str, ...]:
    """The fields that a condition gives one value."""
    if not where:
        return ()
    try:
        tree = compile_expression(where, scope_of(catalog, object), BOOLEAN).tree
    except ExpressionError:
        return ()
    return tuple(dict.fromkeys(_fixed(tree)))


def _fixed(node: Node) -> Iterator[str]:
    if isinstance(node, And):
        for item in node.items:
            yield from _fixed(item)
    if not isinstance(node, Compare) or node.operator != "==":
        return
    for one, other in ((node.left, node.right), (node.right, node.left)):
        value = isinstance(other, Literal | Moment) or (
            isinstance(other, Read) and other.root is Root.ME
        )
        if value and isinstance(one, Read) and one.root is Root.ROW and len(one.path) == 1:
            yield one.path[0]
