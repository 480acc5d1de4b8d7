"""Type rules of `+ - * /`: which operation stands behind two types."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal

from metamodel.expressions.fault_words import node_words
from metamodel.expressions.fitting import TYPED, Misfit, amount, fit, is_null
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import MoneyCall, Node, Recast
from metamodel.expressions.operations import INTEGER, Operation
from metamodel.expressions.types import (
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    HELD,
    MONEY,
    MONTHS,
    NUMBER,
    TEXT,
    Type,
    money,
)

from . import operations as op

SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_NUMBERS: Mapping[str, Operation] = {
    "+": op.ADD, "-": op.SUBTRACT, "*": op.MULTIPLY, "/": op.DIVIDE,
}  # fmt: skip
_LENGTHS = (DURATION.name, DAYS.name)
_TIMES = (DATE.name, DATETIME.name)

Rule = Callable[[Node, Node, str, str], Node | None]


def arithmetic(sign: str, left: Node, right: Node, zone: str) -> Node:
    """The node of an operation; raises Misfit."""
    if is_null(left) and not is_null(right):
        left = fit(left, right.type, zone)
    if is_null(right) and not is_null(left):
        right = fit(right, left.type, zone)
    left, right = _as_held(sign, left, right, zone), _as_held(sign, right, left, zone)
    for rule in (_numbers, _money, _lengths, _shift, _between):
        made = rule(sign, left, right, zone)
        if made is not None:
            return made
    if TEXT.name in (left.type.name, right.type.name):
        wrong = left if left.type.name == TEXT.name else right
        hint = "Join text with `&`." if sign == "+" else "Write number(...) around it."
        raise Misfit(f"{node_words(wrong)}, which does not support `{sign}`.", hint)
    raise Misfit(
        f"`{sign}` cannot combine {left.type.name} and {right.type.name}.",
        "Add days(n), hours(n) or months(n) to dates." if left.type.name in _TIMES else "",
    )


def _as_held(sign: str, one: Node, other: Node, zone: str) -> Node:
    """What a record holds, as what stands beside it asks for: a factor is a number."""
    if one.type.name != HELD.name:
        return one
    if other.type.name == HELD.name:
        raise Misfit("What the records hold is of no known type.", TYPED, one)
    return fit(one, NUMBER if sign in "*/" else other.type, zone)


def negative(node: Node) -> Node:
    """`-x`; raises Misfit."""
    if node.type.name == NUMBER.name:
        return call(op.NEGATE, (node,), node.type, node)
    if node.type.name == MONEY.name:
        return MoneyCall(
            op.SUBTRACT, constant(Decimal(0), NUMBER), node, type=node.type, place=node.place
        )
    if node.type.name in (*_LENGTHS, MONTHS.name):
        return call(op.SUBTRACT_DURATIONS, (constant(0, INTEGER), node), node.type, node)
    raise Misfit(f"{node_words(node)} and cannot be negated.")


def _numbers(sign: str, left: Node, right: Node, zone: str) -> Node | None:
    if left.type.name != NUMBER.name or right.type.name != NUMBER.name:
        return None
    return call(_NUMBERS[sign], (left, right), NUMBER, left)


def _money(sign: str, left: Node, right: Node, zone: str) -> Node | None:
    names = (left.type.name, right.type.name)
    if MONEY.name not in names or not set(names) <= {MONEY.name, NUMBER.name}:
        return None
    if names == (MONEY.name, MONEY.name) and sign == "*":
        return None
    if names == (MONEY.name, MONEY.name) and sign in "+-/":
        same = left.type.currency == right.type.currency
        type = NUMBER if sign == "/" else money(left.type.currency if same else None)
        return MoneyCall(_NUMBERS[sign], left, right, type=type, place=left.place)
    one = left if names[0] == MONEY.name else right
    if sign == "*" or (sign == "/" and one is left):
        return MoneyCall(
            _NUMBERS[sign], left, right, type=money(one.type.currency), place=left.place
        )
    if sign in "+-" and names[0] != names[1]:
        if not one.type.currency:
            raise Misfit(
                f"{node_words(one)} in any currency.", "Calculate with `.amount` and `.currency`."
            )
        type = money(one.type.currency)
        numbers = [amount(n) if n is one else n for n in (left, right)]
        return Recast(call(_NUMBERS[sign], numbers, NUMBER), type=type, place=left.place)
    return None


def _lengths(sign: str, left: Node, right: Node, zone: str) -> Node | None:
    lengths = (left.type.name in _LENGTHS, right.type.name in _LENGTHS)
    if all(lengths) and sign in "+-":
        both = left.type.name == right.type.name == DAYS.name
        by = op.ADD_DURATIONS if sign == "+" else op.SUBTRACT_DURATIONS
        return call(by, (left, right), DAYS if both else DURATION, left)
    if all(lengths) and sign == "/":
        return call(op.RATIO, (left, right), NUMBER, left)
    if lengths[0] and right.type.name == NUMBER.name and sign in "*/":
        by = op.SCALE_DURATION if sign == "*" else op.SPLIT_DURATION
        return call(by, (left, right), _kept(left.type), left)
    if lengths[1] and left.type.name == NUMBER.name and sign == "*":
        return call(op.SCALE_DURATION, (right, left), _kept(right.type), left)
    if left.type.name == right.type.name == MONTHS.name and sign in "+-":
        by = op.ADD_DURATIONS if sign == "+" else op.SUBTRACT_DURATIONS
        return call(by, (left, right), MONTHS, left)
    return None


def _kept(type: Type) -> Type:
    return DAYS if type.name == DAYS.name else DURATION


def _shift(sign: str, left: Node, right: Node, zone: str) -> Node | None:
    if sign == "+" and right.type.name in _TIMES and left.type.name not in _TIMES:
        left, right = right, left
    if sign not in "+-" or left.type.name not in _TIMES:
        return None
    name = right.type.name
    if name not in (*_LENGTHS, MONTHS.name):
        return None
    by = right if sign == "+" else negative(right)
    if name == MONTHS.name:
        if left.type.name == DATE.name:
            return call(op.ADD_MONTHS, (left, by), DATE, left)
        return call(op.ADD_MONTHS_TO_MOMENT, (left, by, constant(zone, TEXT)), DATETIME, left)
    if left.type.name == DATE.name and name == DAYS.name:
        return call(op.SHIFT_DATE, (left, by), DATE, left)
    return call(op.SHIFT_MOMENT, (fit(left, DATETIME, zone), by), DATETIME, left)


def _between(sign: str, left: Node, right: Node, zone: str) -> Node | None:
    if sign != "-" or left.type.name not in _TIMES:
        return None
    if left.type.name == right.type.name == DATE.name:
        return call(op.BETWEEN_DATES, (left, right), DAYS, left)
    try:
        moments = fit(left, DATETIME, zone), fit(right, DATETIME, zone)
    except Misfit:
        return None
    return call(op.BETWEEN_MOMENTS, moments, DURATION, left)
