"""find(): the first record of a collection in an order, as a link to it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from metamodel.expressions.fault_words import node_words
from metamodel.expressions.fitting import ORDERED
from metamodel.expressions.nodes import Collection, Find, Node, Part, Read, Root
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import BOOLEAN, CHOICE, MONEY, record

_RANKED = ORDERED - {MONEY.name} | {BOOLEAN.name, CHOICE.name}

Rule = Callable[[ast.expr], Node]
Inside = Callable[..., list[Node]]  # checks arguments whose bare names are the collection's


def find(
    checker: PartChecker,
    node: ast.Call,
    collection: Collection,
    inside: Inside,
    rules: Sequence[Rule],
) -> Find:
    """The typed node of a call, whose arguments behind the collection follow the rules."""
    ways = [_way(one) for one in node.args[2:]]
    made = inside([*node.args[1:2], *(part for part, _ in ways)], *rules)
    for part, order in zip(node.args[2:], made[1:], strict=True):
        _check_order(checker, part, order)
    source = record(collection.source)
    return Find(
        "find",
        collection,
        Read(Root.ROW, collection.source, (), type=source),
        made[0] if made else None,
        tuple(made[1:]),
        tuple(down for _, down in ways),
        type=source,
    )


def _way(node: ast.expr) -> tuple[ast.expr, bool]:
    """A field to order by, and whether a minus before it turns the order round."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand, True
    return node, False


def _check_order(checker: PartChecker, node: ast.expr, made: Node) -> None:
    if made.type.name == MONEY.name:
        hint = "Write its amount, such as price.amount."
        checker.syntax.fail(node, f"{node_words(made)}, which has no order.", hint)
    if made.type.name not in _RANKED or not _is_field(made):
        checker.syntax.fail(
            node,
            f"{node_words(made)}, which records cannot be ordered by.",
            "Name a field of the records, as in find(loans, returned == null, due).",
        )


def _is_field(made: Node) -> bool:
    inner = made.operand if isinstance(made, Part) else made
    return isinstance(inner, Read) and inner.root is Root.ROW and bool(inner.path)
