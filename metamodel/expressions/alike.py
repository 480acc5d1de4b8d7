"""Values of which any may be the result: of `if`, of coalesce(), of min() and max()."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from metamodel.expressions.fault_words import MANY
from metamodel.expressions.fitting import REFERENCES, Misfit, fit, is_null, unify
from metamodel.expressions.literals import pinned
from metamodel.expressions.nodes import Literal, Moment, Node, Read, Recast
from metamodel.expressions.types import CHOICE, MONEY, NUMBER, PERSON, TEXT, Type


def alike(left: Node, right: Node, zone: str) -> tuple[Node, Node]:
    """Two values as values of one type; raises Misfit."""
    if left.type.name in MANY or right.type.name in MANY:
        raise Misfit("A collection cannot be a result here.", "Choose with count() or exists().")
    if CHOICE.name in (left.type.name, right.type.name):
        # What is an option is one, and what is none is text: that is decided by the value.
        left, right = pinned(left), pinned(right)
    try:
        left, right = unify(left, right, zone)
    except Misfit:
        if {left.type.name, right.type.name} != {CHOICE.name, TEXT.name}:
            raise
        # A text that is no option of the choice: then both are text.
        return fit(left, TEXT, zone), fit(right, TEXT, zone)
    if left.type.name in REFERENCES and left.type != right.type:
        wanted = _somebody(left.type, right.type)
        return fit(left, wanted, zone), fit(right, wanted, zone)
    return left, right


def _somebody(left: Type, right: Type) -> Type:
    """The type of either of two references, one of which is a person."""
    if left.name == right.name == PERSON.name:
        return replace(left, objects=tuple(dict.fromkeys((*left.objects, *right.objects))))
    return left if left.name == PERSON.name else right


def unify_all(nodes: Sequence[Node], zone: str) -> tuple[Node, ...]:
    """Several values as values of one type; raises Misfit."""
    if any(node.type.name == CHOICE.name for node in nodes):
        nodes = [pinned(node) for node in nodes]
    known = [node for node in nodes if not is_null(node)] or list(nodes)
    sample = reduce(lambda one, other: alike(one, other, zone)[1], known)
    sample = reduce(lambda one, other: alike(other, one, zone)[1], known, sample)
    return tuple(alike(node, sample, zone)[0] for node in nodes)


def common(nodes: Sequence[Node]) -> Type:
    """The type of a value that is one of several alike ones."""
    first = nodes[0].type
    if all(node.type == first for node in nodes):
        return first
    if first.name == NUMBER.name:
        return NUMBER
    if first.name == MONEY.name:
        currencies = {node.type.currency for node in nodes}
        only = currencies.pop() if len(currencies) == 1 else None
        return replace(first, scale=None, currency=only)
    return first


def is_simple(node: Node) -> bool:
    """Whether it may be written twice: a target that repeats it does not grow beyond bounds."""
    if isinstance(node, Recast):
        return is_simple(node.operand)
    return isinstance(node, (Literal, Moment, Read))


def is_twofold(type: Type) -> bool:
    """Whether its values have two halves: an amount and a currency, an id and what it is of."""
    several = type.name in REFERENCES and len(type.objects) > 1
    return several or (type.name == MONEY.name and not type.currency)
