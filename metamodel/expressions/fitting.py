"""Which value stands for which type: text next to a date, a number next to an amount."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from metamodel.expressions.fault_words import nearest, node_words, type_words
from metamodel.expressions.literals import call, constant, scaled_literal
from metamodel.expressions.nodes import (
    Evaluate,
    ListValue,
    Literal,
    Node,
    Part,
    Read,
    Recast,
    Rounded,
)
from metamodel.expressions.scope import USER
from metamodel.expressions.syntax import Place
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    CHOICES,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    FILES,
    HELD,
    MONEY,
    NULL,
    NUMBER,
    PERSON,
    PERSONS,
    RECORD,
    RECORDS,
    ROLE,
    SETS,
    TEXT,
    Type,
    number,
)
from metamodel.kinds.held_results import HELD_TYPES
from metamodel.reserved_names import NAME
from metamodel.storage import MAX_DIGITS

from . import chronology, decimals
from . import operations as op

TYPED = "Write its type: evaluate(field, 'number')."
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REFERENCES = frozenset({RECORD.name, PERSON.name})
ORDERED = frozenset(
    {TEXT.name, NUMBER.name, MONEY.name, DATE.name, DATETIME.name, DURATION.name, DAYS.name}
)
_ITEM = {CHOICES.name: CHOICE, PERSONS.name: PERSON, RECORDS.name: RECORD}


class Misfit(Exception):
    """A value that does not stand for a type; why, and what does."""

    def __init__(self, message: str, hint: str = "", node: Node | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = Place() if node is None else node.place  # where it is, if that is known


def is_null(node: Node) -> bool:
    return node.type.name == NULL.name


def is_void(node: Node) -> bool:
    """Whether it is empty whatever the record is, as `1/0` and `lower(null)` are."""
    return isinstance(node, Literal) and node.value is None


def taken_as_it_is(node: Node) -> bool:
    """Whether the whole is what another system said: whoever takes it judges it."""
    return isinstance(node, Read) and node.type.open and len(node.path) > 1


def fit(node: Node, type: Type, zone: str) -> Node:
    """The node as a value of the type; raises Misfit."""
    if isinstance(node, Evaluate) and node.type.name == HELD.name:
        node = _known(node, type)
    text = isinstance(node, Literal) and node.type.name == TEXT.name
    if is_null(node) or (text and is_void(node)):
        return constant(None, type, node)
    if isinstance(node, ListValue):
        return _listing(node, type, zone)
    if text and type.name != TEXT.name:
        assert isinstance(node, Literal)
        return _read_text(node, type, zone)
    fitted = _same(node, type) if node.type.name == type.name else _other(node, type, zone)
    if fitted is None:
        raise Misfit(
            f"{node_words(node)}, but {type_words(type)} is expected.",
            _remedy(node.type, type),
            node,
        )
    return fitted


def _known(node: Evaluate, type: Type) -> Evaluate:
    """What a field holds, as a value of the type that is asked for."""
    if type.name not in {one.name for one in HELD_TYPES.values()}:
        raise Misfit(f"An expression in a record cannot give {type_words(type)}.", "", node)
    return replace(node, type=Type(type.name, currency=type.currency))


def stored(node: Node, type: Type) -> Node:
    """A value of the type as a field holds it: an amount in any currency in its minor units."""
    any_currency = type.name == MONEY.name and not type.currency and type.scale is None
    if not any_currency or is_void(node) or (isinstance(node, Read) and node.type == type):
        return node
    return Rounded(node, type=replace(type, currency=node.type.currency), place=node.place)


def _same(node: Node, type: Type) -> Node | None:
    if type.name in (NUMBER.name, MONEY.name) and type.scale is not None:
        return _scaled(node, type)
    if type.name in REFERENCES and type.objects and node.type.objects:
        if not set(node.type.objects) <= set(type.objects):
            wanted = type_words(type)
            if wanted == type_words(node.type):  # people: they differ in who may be meant
                wanted = f"only a {' or '.join(type.objects)}"
            raise Misfit(f"{node_words(node)}, but {wanted} is expected.")
        return node if node.type.objects == type.objects else Recast(node, type=type)
    return node


def _scaled(node: Node, type: Type) -> Node:
    """With the scale of a field: that is how it is stored."""
    if isinstance(node, Literal):
        return _scaled_literal(node, type)
    if type.currency and node.type.currency and node.type.currency != type.currency:
        raise Misfit(
            f"This amount is in {node.type.currency}, but {type.currency} is expected.",
            "Write an amount in that currency.",
        )
    if isinstance(node, Read) and node.type == type:
        return node
    kept = replace(type, currency=node.type.currency)
    return Rounded(node, type=kept, place=node.place)


def _scaled_literal(node: Literal, type: Type) -> Node:
    """With the scale of a field, which rounds what has more decimals and refuses what is larger."""
    made = scaled_literal(node, type.scale)
    if made.type.scale == type.scale or not isinstance(node.value, Decimal):
        return made
    assert type.scale is not None
    if decimals.fix(node.value, type.scale) is None:
        most = MAX_DIGITS - type.scale
        raise Misfit(
            f"{node.value:f} is too large for this field.",
            f"It holds at most {most} digits before the decimal point.",
            node,
        )
    return Rounded(made, type=type, place=node.place)


def _other(node: Node, type: Type, zone: str) -> Node | None:
    pair = node.type.name, type.name
    place = node.place
    if pair == (DATE.name, DATETIME.name):
        return call(op.START_OF_DAY, (node, constant(zone, TEXT)), DATETIME, node)
    if pair in ((DAYS.name, DURATION.name), (CHOICE.name, TEXT.name), (TEXT.name, CHOICE.name)):
        return Recast(node, type=type, place=place)
    if pair == (NUMBER.name, MONEY.name) and type.currency:
        amount = fit(node, number(type.scale), zone) if type.scale is not None else node
        return Recast(amount, type=type, place=place)
    if pair == (NUMBER.name, DURATION.name) and isinstance(node, Literal):
        if is_void(node):
            return constant(None, type, node)
        if node.value != node.value.to_integral_value():
            raise Misfit("A duration is whole seconds.", "Write minutes(1.5) or hours(2).")
        slot = node.read_on(int)  # whole ones are written with as many decimals: none
        return Literal(int(node.value), type=DURATION, place=place, slot=slot)
    if pair == (RECORD.name, PERSON.name) and node.type.objects in ((USER,), *SETS):
        return (
            Recast(node, type=type, place=place) if node.type.objects[0] in type.objects else None
        )
    if pair == (PERSON.name, RECORD.name) and node.type.objects == type.objects == (USER,):
        return Recast(node, type=type, place=place)
    if _ITEM.get(type.name) and _ITEM[type.name].name == node.type.name:
        return ListValue((node,), type=type, place=place)
    return None


def _listing(node: ListValue, type: Type, zone: str) -> Node:
    item = _ITEM.get(type.name)
    if item is None:
        raise Misfit(f"This is a list, but {type_words(type)} is expected.")
    wanted = replace(item, objects=type.objects, options=type.options)
    return replace(node, items=tuple(fit(one, wanted, zone) for one in node.items), type=type)


def _read_text(node: Literal, type: Type, zone: str) -> Node:
    """A literal that is written as text: a date, an option or an id."""
    written: str = node.value
    if type.name in (CHOICE.name, CHOICES.name):
        return _option(node, type)
    if type.name == PERSON.name:
        return _somebody(node, type)
    named, mark, _ = written.partition(":")
    if type.name == RECORD.name and mark and named in type.objects:
        return _reference(node, type, named)
    read: Callable[[str], object] = _no_value
    if type.name == DATE.name:
        read = chronology.read_date
    elif type.name == DATETIME.name:
        read = partial(chronology.read_moment, zone=zone)
    elif type.name == RECORD.name and len(type.objects) == 1:
        read = _id
    value = read(written)
    if value is None:
        raise _unread(node, type)
    return Literal(value, type=type, place=node.place, slot=node.read_on(read))


def _unread(node: Literal, type: Type) -> Misfit:
    return Misfit(f"'{node.value}' is not {type_words(type)}.", _text_remedy(type), node)


def _no_value(written: str) -> None:
    """Text never stands for these types."""


def _id(written: str) -> str | None:
    id = written.lower()
    return id if ID.fullmatch(id) else None


def _somebody(node: Literal, type: Type) -> Node:
    """The id of a user, `team:ID`, `group:ID` or `role:NAME`."""
    kind, mark, _ = node.value.rpartition(":")
    kind = kind if mark else USER if USER in type.objects else type.objects[0]
    if kind not in type.objects:
        raise _unread(node, type)
    return _reference(node, type, kind, mark)


def _reference(node: Literal, type: Type, object: str, mark: str = ":") -> Node:
    """The id in `book:ID`, or the name of a role; without a mark the whole text is the id."""
    start = f"{object}{mark}" if mark else ""
    role = object == ROLE and NAME.fullmatch(node.value[len(start) :])

    def read(written: str) -> str | None:
        if not written.startswith(start):
            return None
        named = written[len(start) :]
        if role:
            return named if NAME.fullmatch(named) else None
        return _id(named)

    value = read(node.value)
    if value is None:
        raise _unread(node, type)
    of = TEXT if role else Type(RECORD.name, (object,))
    found = Literal(value, type=of, place=node.place, slot=node.read_on(read))
    return Recast(found, type=type, place=node.place)


def _option(node: Literal, type: Type) -> Node:
    names = [option.name for option in type.options]
    if names and node.value not in names:
        raise Misfit(f"'{node.value}' is not an option.", nearest(node.value, names), node)
    known = frozenset(names)
    slot = node.read_on(lambda written: written if not known or written in known else None)
    chosen = replace(node, type=CHOICE, slot=slot)
    if type.name == CHOICES.name:
        return ListValue((chosen,), type=type, place=node.place)
    return chosen


def _text_remedy(type: Type) -> str:
    return {
        DATE.name: "Write 2026-06-15.",
        DATETIME.name: "Write 2026-06-15T08:00:00Z.",
        NUMBER.name: "Write the number without quotes, or number(...).",
        MONEY.name: "Write the amount without quotes.",
        BOOLEAN.name: "Write true or false.",
        DURATION.name: "Write hours(2).",
        DAYS.name: "Write days(2).",
        RECORD.name: "Compare with an id, or with one of its fields, as in author.name."
        if len(type.objects) < 2
        else f"Write the object before the id: {type.objects[0]}:ID.",
        PERSON.name: "Compare with `me`, team:ID, role:NAME or one of its fields.",
    }.get(type.name, "")


def _remedy(given: Type, wanted: Type) -> str:
    if given.name == HELD.name:
        return TYPED
    if wanted.name == TEXT.name:
        if given.name == RECORD.name:
            return "Add `.title`, or one of its fields."
        return "Write text(...) around it."
    if wanted.name == NUMBER.name:
        return {
            TEXT.name: "Write number(...) around it.",
            MONEY.name: "Add `.amount`.",
            DURATION.name: "Write hours(...) around it.",
            DAYS.name: "Write days(...) around it.",
        }.get(given.name, "")
    if wanted.name == BOOLEAN.name:
        if given.name in (RECORDS.name, FILES.name, CHOICES.name, PERSONS.name):
            return "Write exists(...) around it."
        return "Compare it, as in `x != null`."
    if wanted.name == DATE.name and given.name == DATETIME.name:
        return "Write date(...) around it."
    return {DURATION.name: "Write hours(...) around it.", DAYS.name: "Write days(...)."}.get(
        wanted.name, ""
    )


def amount(node: Node) -> Node:
    """The amount of money in a fixed currency, as a number."""
    if isinstance(node, Recast) and node.operand.type.name == NUMBER.name:
        return node.operand
    return Part(node, "amount", type=number(node.type.scale), place=node.place)


def unify(left: Node, right: Node, zone: str) -> tuple[Node, Node]:
    """Two values as values of one type; raises Misfit."""
    if is_null(left) or is_null(right):
        other = right if is_null(left) else left
        return fit(left, other.type, zone), fit(right, other.type, zone)
    names = {left.type.name, right.type.name}
    if HELD.name in names and len(names) == 2:
        held, other = (left, right) if left.type.name == HELD.name else (right, left)
        fitted = fit(held, other.type, zone)
        return (fitted, other) if held is left else (other, fitted)
    if names == {HELD.name}:
        raise Misfit("What the records hold is of no known type.", TYPED, left)
    if names <= REFERENCES:
        if set(left.type.objects) & set(right.type.objects):
            return left, right
        raise Misfit(f"{node_words(left)}, and {_lower(node_words(right))}: they are never equal.")
    if names == {MONEY.name, NUMBER.name}:
        return _amounts(left, right)
    if names == {CHOICE.name} and left.type != right.type:
        return fit(left, TEXT, zone), fit(right, TEXT, zone)
    if len(names) == 1:
        return _scales(left, right)
    for one, other in ((left, right), (right, left)):
        if _is_text(one) and other.type.name != TEXT.name:
            fitted = fit(one, other.type, zone)
            return (fitted, other) if one is left else (other, fitted)
    for one, other in ((left, right), (right, left)):
        if other.type.name in (NUMBER.name, CHOICE.name):
            continue
        try:
            fitted = fit(one, other.type, zone)
        except Misfit:
            continue
        return (fitted, other) if one is left else (other, fitted)
    raise Misfit(
        f"{node_words(left)} and {_lower(node_words(right))}: their types do not match.",
        _remedy(left.type, right.type),
    )


def _is_text(node: Node) -> bool:
    return isinstance(node, Literal) and node.type.name == TEXT.name


def _amounts(left: Node, right: Node) -> tuple[Node, Node]:
    money = left if left.type.name == MONEY.name else right
    if not money.type.currency:
        raise Misfit(f"{node_words(money)} in any currency.", "Compare `.amount` and `.currency`.")
    return _scales(*(amount(one) if one.type.name == MONEY.name else one for one in (left, right)))


def _scales(left: Node, right: Node) -> tuple[Node, Node]:
    if isinstance(left, Literal):
        left = scaled_literal(left, right.type.scale)
    if isinstance(right, Literal):
        right = scaled_literal(right, left.type.scale)
    return left, right


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
