"""Values that stand in the text: with the scale of what they stand next to, or worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from metamodel.expressions.nodes import Literal, Node, OperationCall, Recast, Slot
from metamodel.expressions.types import DATE, DATETIME, DAYS, DURATION, MONTHS, Type, number
from metamodel.storage import MAX_DIGITS

from . import operations as op

N = TypeVar("N", bound=Node)


def constant(value: object, type: Type, node: Node | None = None) -> Literal:
    """A literal that is part of the shape: it is not lifted."""
    if node is None:
        return Literal(value, False, type=type)
    return Literal(value, False, type=type, place=node.place)


def scaled_literal(node: Literal, scale: int | None) -> Literal:
    """A number with the scale of the field that it stands next to, where it loses nothing."""
    if scale is None or not isinstance(node.value, Decimal):
        return node
    if not _holds(node.value, scale):
        return pinned(node)
    slot = node.read_on(lambda value: value if _holds(value, scale) else None)
    return replace(node, type=number(scale), slot=slot)


def _holds(value: Decimal, scale: int) -> bool:
    """Whether a number of this scale holds the value."""
    plain = value.normalize().as_tuple()
    exponent = int(plain.exponent)
    return -exponent <= scale and len(plain.digits) + exponent + scale <= MAX_DIGITS


def pinned(node: N) -> N:
    """The node, where a literal of another value might make another tree."""
    if isinstance(node, Literal):
        return replace(node, slot=None)
    return replace(node, operand=pinned(node.operand)) if isinstance(node, Recast) else node


def call(
    operation: op.Operation, arguments: Sequence[Node], type: Type, place: Node | None = None
) -> Node:
    """A call, or its result where every argument stands in the text."""
    made = OperationCall(
        operation,
        tuple(arguments),
        type=type,
        place=place.place if place else arguments[0].place,
    )
    if not all(isinstance(argument, Literal) for argument in arguments):
        return made
    values = [argument.value for argument in arguments if isinstance(argument, Literal)]
    if any(value is None for value in values):
        return constant(None, type, made)
    result = operation.run(*values)
    slot = _slot_of_result(operation, arguments, type)
    return Literal(result, result is not None, type=type, place=made.place, slot=slot)


# Of results of other types something is decided by the value: the scale of a number, the date
# that a text is.
_READ_ON = frozenset({DATE.name, DATETIME.name, DURATION.name, DAYS.name, MONTHS.name})


def _slot_of_result(operation: op.Operation, arguments: Sequence[Node], type: Type) -> Slot | None:
    """The slot of what an operation makes of one value in the text, beside constants."""
    values = [one for one in arguments if isinstance(one, Literal)]
    slots = [(at, one.slot) for at, one in enumerate(values) if one.slot is not None]
    if len(slots) != 1 or (type.name not in _READ_ON and operation is not op.NEGATE):
        return None
    ((at, slot),) = slots
    before = [one.value for one in values[:at]]
    after = [one.value for one in values[at + 1 :]]
    return slot.then(lambda value: operation.run(*before, value, *after))
