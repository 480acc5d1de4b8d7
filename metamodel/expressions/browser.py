"""The browser target: the typed tree as compact JSON, which front/expressions.js evaluates.

A part is its own value (text, true, false, null) or a list that begins with the word for what is
done. What only the server knows is `["ask"]`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from metamodel.calendars.calendar import Calendar
from metamodel.catalog import ObjectType
from metamodel.currencies import MOST_DECIMALS, Amount, currencies, minor_units
from metamodel.expressions.decimals import plain
from metamodel.expressions.strings import browser_pattern
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    CHOICES,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    FILES,
    MONEY,
    MONTHS,
    NUMBER,
    PERSON,
    PERSONS,
    RECORD,
    RECORDS,
    ROLE,
    TEXT,
    Type,
)
from metamodel.storage import USUAL, timestamp_wire

from . import nodes
from . import operations as op

Json = Any
Fold = Callable[[nodes.Node], tuple[bool, Any]]  # whether the server says the value now, and which

ASK: Json = ["ask"]
# How a value stands in a form: the letter after the name that is read.
LETTERS: Mapping[str, str] = {
    TEXT.name: "t", NUMBER.name: "n", MONEY.name: "m", BOOLEAN.name: "b", DATE.name: "d",
    DATETIME.name: "i", DURATION.name: "s", DAYS.name: "s", MONTHS.name: "s", CHOICE.name: "t",
    CHOICES.name: "l", RECORDS.name: "l", FILES.name: "l", PERSON.name: "p", PERSONS.name: "q",
}  # fmt: skip


def letter(type: Type) -> str:
    if type.name == RECORD.name:
        return "a" if len(type.objects) > 1 else "t"
    return LETTERS.get(type.name, "t")


@cache
def _units() -> Json:
    """The decimals of currencies that have not the usual ones."""
    return {code: n for code in sorted(currencies()) if (n := minor_units(code)) != USUAL}


def compact(tree: nodes.Node, object: str | None, objects: Mapping[str, ObjectType]) -> Json:
    """The JSON of a tree whose record is of `object`."""
    return Writer(object, objects).write(tree)


def condition_of_form(
    tree: nodes.Node,
    object: str,
    objects: Mapping[str, ObjectType],
    asked: Container[str],
    fold: Fold,
) -> Json:
    """A condition of a form that asks for some fields; true or false where those do not matter.

    `fold` settles what they cannot change. The rest names nothing but the fields of the form.
    """
    return simplified(value_of_form(tree, object, objects, asked, fold))


def value_of_form(
    tree: nodes.Node,
    object: str,
    objects: Mapping[str, ObjectType],
    asked: Container[str],
    fold: Fold,
) -> Json:
    """A value that follows the fields of a form, such as a default."""
    return Writer(object, objects, asked, fold).write(tree)


def calendars_of(tree: Json) -> Iterator[str]:
    """The names of the calendars that a page has to bring for it."""
    if isinstance(tree, list):
        if tree[:1] == ["cal"]:
            yield tree[1]
        for part in tree:
            yield from calendars_of(part)


def asks(tree: Json) -> bool:
    """Whether some part of it only the server knows."""
    return isinstance(tree, list) and (tree == ASK or any(map(asks, tree)))


def simplified(tree: Json) -> Json:
    """A condition without the parts that are settled, or that stand beside an `ask`."""
    if not isinstance(tree, list):
        return tree is True
    word, *parts = tree
    if word == "not":
        made = simplified(parts[0])
        return not made if isinstance(made, bool) else ASK if made == ASK else ["not", made]
    if word in ("and", "or"):
        settles = word == "or"
        made = [simplified(part) for part in parts]
        if settles in made:
            return settles
        left = [part for part in made if not isinstance(part, bool)]
        if not left or left[1:] == left[:-1]:
            return left[0] if left else not settles
        return [word, *left]
    return ASK if asks(tree) else tree


# What only the server knows.
ASKED: tuple[type[nodes.Node], ...] = (
    nodes.Gather, nodes.Spread, nodes.Find, nodes.Decide, nodes.Logged, nodes.Evaluate,
    nodes.FoundBy,
)  # fmt: skip


class Writer:
    """Writes the parts of one tree."""

    def __init__(
        self,
        object: str | None,
        objects: Mapping[str, ObjectType],
        asked: Container[str] | None = None,
        fold: Fold | None = None,
    ) -> None:
        self.object = object
        self.objects = objects
        self.asked = asked  # the fields of a form; None where all are known
        self.fold = fold
        self._rules: Mapping[type[nodes.Node], Callable[[Any], Json]] = {
            nodes.Literal: lambda node: value_json(node.value, node.type),
            nodes.Read: self._read,
            nodes.Collection: self._collection,
            nodes.Part: self._part,
            nodes.Recast: self._recast,
            nodes.Rounded: self._rounded,
            nodes.OperationCall: self._call,
            nodes.MoneyCall: self._money,
            nodes.Join: lambda node: ["join", *map(self.write, node.items)],
            nodes.Coalesce: lambda node: ["coalesce", *map(self.write, node.items)],
            nodes.Extreme: lambda node: [node.function, *map(self.write, node.items)],
            nodes.ListValue: lambda node: ["list", *map(self.write, node.items)],
            nodes.Compare: lambda node: [node.operator, *self._alike(node.left, node.right)],
            nodes.Empty: lambda node: ["empty", self.write(node.operand)],
            nodes.Within: lambda node: ["in", *self._alike(node.item, *node.items)],
            nodes.Member: self._member,
            nodes.And: lambda node: ["and", *map(self.write, node.items)],
            nodes.Or: lambda node: ["or", *map(self.write, node.items)],
            nodes.Not: lambda node: ["not", self.write(node.operand)],
            nodes.Choose: lambda node: ["if", *map(self.write, node.children())],
            nodes.CountOf: lambda node: ["count", self.write(node.operand)],
            **dict.fromkeys(ASKED, lambda node: ASK),
            nodes.ChangeTest: self._change,
            nodes.Moment: lambda node: ["today" if node.type.name == DATE.name else "now"],
        }

    def write(self, node: nodes.Node) -> Json:
        if self.fold is not None and not isinstance(node, nodes.Literal):
            known, value = self.fold(node)
            if known:
                return value_json(value, node.type)
        return self._rules[type(node)](node)

    def _rounded(self, node: nodes.Rounded) -> Json:
        made, scale = self.write(node.operand), node.type.scale
        if scale is not None:
            return ["fix", made, scale]
        return ["fix", ["fix", made, _units()], MOST_DECIMALS]

    def _read(self, node: nodes.Read) -> Json:
        return self._path(node.root, node.path, node.type)

    def _path(self, root: nodes.Root, path: tuple[str, ...], type: Type) -> Json:
        if root is nodes.Root.ROW and len(path) == 1 and self.object is not None:
            formula = self.objects[self.object].fields[path[0]].formula
            if formula is not None:
                return self.write(formula.tree)
        if self.asked is not None and (len(path) != 1 or path[0] not in self.asked):
            return ASK
        words = {nodes.Root.ME: ("me",), nodes.Root.RECORD: ("record",)}.get(root, ())
        return ["get", ".".join((*words, *(path or ("id",)))), letter(type)]

    def _collection(self, node: nodes.Collection) -> Json:
        if node.field is not None:
            return ASK
        return self._path(node.root, (*node.path, node.name), node.type)

    def _part(self, node: nodes.Part) -> Json:
        operand = self.write(node.operand)
        if node.operand.type.name == MONEY.name:
            return [node.name, operand]
        if node.name == ROLE:
            return ["unref", operand, ROLE]
        values = {o.name: getattr(o, node.name) for o in node.operand.type.options}
        return ["of", operand, {name: None if v == "" else v for name, v in values.items()}]

    def _recast(self, node: nodes.Recast) -> Json:
        made, given, wanted = self.write(node.operand), node.operand.type, node.type
        if wanted.name == MONEY.name and given.name == NUMBER.name:
            return ["money", made, wanted.currency or ""]
        if _told(wanted) and not _told(given):
            return ["ref", made, ROLE if given.name == TEXT.name else given.objects[0]]
        if wanted.name == RECORD.name and not _told(wanted) and _told(given):
            return ["unref", made, wanted.objects[0]]
        return made

    def _call(self, node: nodes.OperationCall) -> Json:
        if node.operation is op.MATCHES:
            pattern = node.arguments[1]
            assert isinstance(pattern, nodes.Literal)
            translated = browser_pattern(pattern.value)
            return (
                ASK
                if translated is None
                else ["matches", self.write(node.arguments[0]), translated]
            )
        return [node.operation.name, *map(self.write, node.arguments)]

    def _money(self, node: nodes.MoneyCall) -> Json:
        gives = node.type.name == MONEY.name
        return [
            "amounts",
            node.operation.name,
            gives,
            self.write(node.left),
            self.write(node.right),
        ]

    def _alike(self, *parts: nodes.Node) -> list[Json]:
        """References that say what they are of, as soon as one of them does."""
        if not any(_told(node.type) for node in parts):
            return [self.write(node) for node in parts]
        return [
            self.write(node)
            if _told(node.type)
            else ["ref", self.write(node), node.type.objects[0]]
            for node in parts
        ]

    def _member(self, node: nodes.Member) -> Json:
        item, held = self.write(node.item), self.write(node.collection)
        told, given = node.collection.type.name == PERSONS.name, node.item.type
        if told and not _told(given):
            item = ["ref", item, given.objects[0]]
        elif not told and _told(given):
            item = ["unref", item, node.collection.type.objects[0]]
        return ["has", held, item]

    def _change(self, node: nodes.ChangeTest) -> Json:
        field = [node.field.path[0] if node.field.path else "id", letter(node.field.type)]
        if node.function in ("was", "changed"):
            return [node.function, *field]
        return [node.function, *field, *([] if node.by is None else [self.write(node.by)])]


def _told(type: Type) -> bool:
    """Whether values of a type say what they are of: `user:ID`."""
    return type.name == PERSON.name or (type.name == RECORD.name and len(type.objects) > 1)


def value_json(value: Any, type: Type) -> Json:
    """A canonical value as a part of its own."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Amount):
        return ["m", plain(value.amount), value.currency]
    if isinstance(value, Decimal):
        return ["n", plain(value)]
    if isinstance(value, int):
        return ["n", str(value)] if type.name == NUMBER.name else ["s", str(value)]
    if isinstance(value, datetime):
        return ["i", timestamp_wire(value)]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, Calendar):
        return ["cal", value.name]
    if isinstance(value, tuple):
        return f"{value[0]}:{value[1]}"
    if isinstance(value, list):
        return ["list", *(value_json(one, type) for one in value)]
    raise TypeError(f"{value!r} has no form in the browser")


def wire_json(value: Any, type: Type) -> Json:
    """A canonical value as a form holds it: what front/values.js reads."""
    if isinstance(value, Amount):
        return {"amount": plain(value.amount), "currency": value.currency}
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return int(value) if letter(type) == "s" else plain(Decimal(value))
    if isinstance(value, datetime):
        return timestamp_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        told = {value[0]: value[1]}
        return (
            told
            if type.name in (PERSON.name, PERSONS.name)
            else {"object": value[0], "id": value[1]}
        )
    if isinstance(value, list):
        return [wire_json(one, type) for one in value]
    return value
