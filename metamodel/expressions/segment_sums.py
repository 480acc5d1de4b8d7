"""segment_sum(): what a period costs, of records that hold for parts of it, in one exact sum.

It becomes a plain sum. Every record counts in whole units of the period and the sum is divided
once, so that nothing is rounded on the way, on any target.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from metamodel.expressions import operations as op
from metamodel.expressions.arithmetic import arithmetic
from metamodel.expressions.fitting import call, constant
from metamodel.expressions.nodes import Coalesce, Collection, Gather, Literal, Node, Read, Root
from metamodel.expressions.types import DATE, MONEY, NUMBER, TEXT, money, number
from metamodel.expressions.words import nearest, node_words
from metamodel.segments import CONVENTIONS

if TYPE_CHECKING:
    from metamodel.expressions.check import Checker


def segment_sum(
    checker: Checker,
    node: ast.Call,
    collection: Collection,
    inside: Callable[[Callable[[], Node]], Node],
) -> Node:
    """The tree of a call; `inside` checks what is about the records of the collection."""
    convention = _convention(checker, node.args[5])
    first, after = (
        _of_period(checker, one, inside(lambda one=one: checker.fitted(one, DATE)))  # type: ignore[misc]
        for one in node.args[3:5]
    )
    spans = _spans(checker, node, collection)
    starts, ends = (
        Coalesce((span, limit), type=DATE)
        for span, limit in zip(spans, (first, after), strict=True)
    )
    worth = inside(lambda: _worth(checker, node))
    share = call(op.SEGMENT_UNITS, (starts, ends, first, after, convention), number(0))
    whole = call(op.SEGMENT_UNITS, (first, after, first, after, convention), number(0))
    zone = checker.scope.zone
    item = checker.attempt(node, lambda: arithmetic("*", worth, share, zone))
    type = money(item.type.currency) if item.type.name == MONEY.name else NUMBER
    added = Gather("sum", collection, item, None, type=type)
    return checker.attempt(node, lambda: arithmetic("/", added, whole, zone))


def _worth(checker: Checker, node: ast.Call) -> Node:
    """The quantity times the price of a record, which hold for as long as it does."""
    made = [checker.check(one) for one in node.args[1:3]]
    for argument, part in zip(node.args[1:3], made, strict=True):
        for read in part.walk():
            if isinstance(read, Read) and read.path and _is_dated(checker, read):
                checker.syntax.fail(
                    argument,
                    f"`{'.'.join(read.path)}` changes from a day on, which one sum cannot follow.",
                    "Ask /api/segments, or keep its values as dated records.",
                )
    return checker.attempt(node, lambda: arithmetic("*", made[0], made[1], checker.scope.zone))


def _is_dated(checker: Checker, read: Read) -> bool:
    object = checker.scope.objects.get(read.object)
    field = object.fields.get(read.path[-1]) if object is not None else None
    return field is not None and bool(field.option("dated"))


def _convention(checker: Checker, node: ast.expr) -> Node:
    made = checker.check(node)
    if not isinstance(made, Literal) or made.value not in CONVENTIONS:
        written = made.value if isinstance(made, Literal) else None
        hint = nearest(str(written), CONVENTIONS) or f"Write one of {', '.join(CONVENTIONS)}."
        checker.syntax.fail(node, f"{node_words(made)}, not a convention.", hint)
    return constant(made.value, TEXT)


def _of_period(checker: Checker, node: ast.expr, made: Node) -> Node:
    """An end of the period, which is one for all records of the collection."""
    if any(getattr(part, "root", None) is Root.ROW for part in made.walk()):
        checker.syntax.fail(
            node,
            "The period is the same for all records of the collection.",
            "Write `record.` before a field of the record itself.",
        )
    return made


def _spans(checker: Checker, node: ast.Call, collection: Collection) -> tuple[Read, Read]:
    dated = checker.scope.objects[collection.source].dated
    fields = checker.scope.objects[collection.source].fields
    if dated is None or fields[dated.from_].type.name != DATE.name:
        checker.syntax.fail(
            node.args[0],
            f"{node_words(collection)}, whose records hold on no days.",
            "Give it `dated: {from: ..., until: ..., per: [...]}`.",
        )
    made = []
    for name in (dated.from_, dated.until):
        checker.names.uses.add((collection.source, name))
        made.append(Read(Root.ROW, collection.source, (name,), type=fields[name].type))
    return made[0], made[1]
