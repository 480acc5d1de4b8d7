"""segment_sum(): what a period costs, of records that hold for parts of it, in one exact sum.

It becomes a plain sum. Every record counts in whole units of the period and the sum is divided
once, so that nothing is rounded on the way, on any target. Where what it reads changes from a day
on, the period is summed in parts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from metamodel.catalog import Field
from metamodel.expressions.arithmetic import arithmetic
from metamodel.expressions.fault_words import nearest, node_words
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import (
    Coalesce,
    Collection,
    Extreme,
    Literal,
    Node,
    PartDay,
    Read,
    Root,
    Spread,
)
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import DATE, MONEY, NUMBER, TEXT, money, number
from metamodel.segments import CONVENTIONS

from . import operations as op


def segment_sum(
    checker: PartChecker,
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
    worth = inside(lambda: _worth(checker, node))
    period = (first, after, convention)
    item = checker.attempt(node, lambda: _counted(checker, worth, spans, (first, after), period))
    part = (PartDay("day", type=DATE), PartDay("next", type=DATE))
    daily = checker.attempt(node, lambda: _counted(checker, worth, spans, part, period))
    type = money(item.type.currency) if item.type.name == MONEY.name else NUMBER
    record = checker.scope.record or checker.scope.object
    added = Spread("sum", collection, item, None, daily, first, after, record, type=type)
    whole = call(op.SEGMENT_UNITS, (first, after, *period), number(0))
    return checker.attempt(node, lambda: arithmetic("/", added, whole, checker.scope.zone))


def _counted(
    checker: PartChecker,
    worth: Node,
    spans: tuple[Node, Node] | None,
    part: tuple[Node, Node],
    period: tuple[Node, Node, Node],
) -> Node:
    """What a record is worth times the units of the period for which it holds in a part of it."""
    starts, ends = part
    if spans is not None:
        starts, ends = (
            Extreme(function, (Coalesce((span, limit), type=DATE), limit), type=DATE)
            for function, span, limit in zip(("max", "min"), spans, part, strict=True)
        )
    share = call(op.SEGMENT_UNITS, (starts, ends, *period), number(0))
    return arithmetic("*", worth, share, checker.scope.zone)


def _worth(checker: PartChecker, node: ast.Call) -> Node:
    """The quantity times the price of a record."""
    made = [checker.check(one) for one in node.args[1:3]]
    return checker.attempt(node, lambda: arithmetic("*", made[0], made[1], checker.scope.zone))


def _convention(checker: PartChecker, node: ast.expr) -> Node:
    made = checker.check(node)
    if not isinstance(made, Literal) or made.value not in CONVENTIONS:
        written = made.value if isinstance(made, Literal) else None
        hint = nearest(str(written), CONVENTIONS) or f"Write one of {', '.join(CONVENTIONS)}."
        checker.syntax.fail(node, f"{node_words(made)}, not a convention.", hint)
    return constant(made.value, TEXT)


def _of_period(checker: PartChecker, node: ast.expr, made: Node) -> Node:
    """An end of the period, which is one for all records of the collection."""
    if any(getattr(part, "root", None) is Root.ROW for part in made.walk()):
        checker.syntax.fail(
            node,
            "The period must be the same for all records of the collection.",
            "Write `record.` before a field of the record itself.",
        )
    return made


def _spans(
    checker: PartChecker, node: ast.Call, collection: Collection
) -> tuple[Node, Node] | None:
    """From when until when a record holds; None where only its link has days."""
    dated = checker.scope.objects[collection.source].dated
    fields = checker.scope.objects[collection.source].fields
    if dated is None or fields[dated.from_].type.name != DATE.name:
        if dated is None and _link(checker, collection).option("dated"):
            return None
        checker.syntax.fail(
            node.args[0],
            f"{node_words(collection)}, whose records are not dated.",
            "Give it `dated: {from: ..., until: ..., per: [...]}`, or its look-up `dated: true`.",
        )
    made = []
    for name in (dated.from_, dated.until):
        checker.names.uses.add((collection.source, name))
        made.append(Read(Root.ROW, collection.source, (name,), type=fields[name].type))
    return made[0], made[1]


def _link(checker: PartChecker, collection: Collection) -> Field:
    """The look-up by which the records of a collection belong to it."""
    objects = checker.scope.objects
    if collection.field is None:
        return objects[collection.object].fields[collection.name]
    return objects[collection.source].fields[collection.field]
