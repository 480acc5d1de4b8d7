"""One term of a sentence: which field, how it is asked, and with what it is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.nodes import (
    Collection,
    Compare,
    Empty,
    Literal,
    Member,
    Node,
    Not,
    OperationCall,
    Or,
    Part,
    Read,
    Recast,
    Root,
    Within,
)
from metamodel.expressions.types import DURATION, MONEY, NUMBER, RECORD, ROLE

from .asked_fields import asked
from .filter_words import raw_words
from .presenters import Op, face_of, references, said
from .reader_format import ReaderFormat, typed_number
from .record_tables import TableColumn, column_along

Context = dict[str, Any]
NAMED_PEOPLE = ("team", "group", ROLE)  # whose value says what they are


class Unreadable(Exception):
    """The expression says more than a term can."""


@dataclass(frozen=True)
class ReadTerm:
    """A term as it was read: what it is of, the name of the operator, and a literal or raw text."""

    column: TableColumn
    op: str
    value: Any

    def want(self, fmt: ReaderFormat) -> None:
        """Tell whose names it needs."""
        if isinstance(self.value, Literal):
            value = _wire(self.column.field, self.value.value, self.value.type.objects)
            fmt.names.want(references(self.column.field, [value]))

    def shown(self, catalog: Catalog, fmt: ReaderFormat) -> Context:
        column = self.column
        field = column.field
        op = next((op for op in face_of(field).asks(field) if op.name == self.op), None)
        if op is None:
            raise Unreadable
        text, label = "", ""
        if isinstance(self.value, Literal):
            wire = _wire(field, self.value.value, self.value.type.objects)
            day = day_of(catalog, self.value.value) if field.type.timed else None
            text = day or _typed(field, wire, fmt)
            label = said(field, wire, fmt)
        elif self.value is not None:
            text, label = self.value, raw_words(self.value, field)
        op_label, value_label = _worded(op, label)
        return {
            "field": column.name,
            "label": column.label[:1].lower() + column.label[1:],
            "op": self.op,
            "op_label": op_label,
            "value": text,
            "value_label": value_label,
            "asked": asked(field, column.name, column.label),
        }


class TermReader:
    """Reads terms about the records of one object type."""

    def __init__(self, catalog: Catalog, type_: ObjectType, source: str) -> None:
        self._catalog = catalog
        self._type = type_
        self._source = source

    def text(self, node: Node) -> str:
        place = node.place
        if not place.length:
            raise Unreadable
        return self._source[place.at : place.at + place.length]

    def is_mine(self, node: Node) -> bool:
        """Whether it is a call of mine(), which stands for several questions."""
        return isinstance(node, Or) and _MINE.fullmatch(self._written(node)) is not None

    def is_field(self, node: Node) -> bool:
        """Whether it is a field that stands for a condition, such as `in_force`."""
        return not isinstance(node, Read) and _PATH.fullmatch(self._written(node)) is not None

    def _written(self, node: Node) -> str:
        return self._source[node.place.at : node.place.at + node.place.length]

    def read(self, node: Node) -> ReadTerm:
        """Raises Unreadable."""
        path, op, value = self._term(node)
        return ReadTerm(self.column(path), op, value)

    def column(self, path: tuple[str, ...]) -> TableColumn:
        try:
            return column_along(self._catalog, self._type, path)
        except (KeyError, IndexError):  # a name of the surroundings
            raise Unreadable from None

    def _term(self, node: Node) -> tuple[tuple[str, ...], str, Any]:
        """The path, the operator and the value: a literal, raw text, or None."""
        turned = isinstance(node, Not)
        inner = node.operand if isinstance(node, Not) else node
        if self.is_field(inner):
            return tuple(self._written(inner).split(".")), "no" if turned else "yes", None
        if isinstance(inner, Empty):
            return path_of(inner.operand), "not_empty" if turned else "empty", None
        if isinstance(inner, Read):
            return path_of(inner), "no" if turned else "yes", None
        if isinstance(inner, Part) and inner.name == "closed":
            return path_of(inner.operand), "open" if turned else "closed", None
        if isinstance(inner, Or) and not turned and self.is_mine(inner):
            return path_of(next(inner.items[0].children())), "ours", None
        if isinstance(inner, Compare):
            return self._compared(inner, turned)
        if isinstance(inner, Within) and not turned:
            raw = ", ".join(self.text(item) for item in inner.items)
            return path_of(inner.item), "among", raw
        if isinstance(inner, Member):
            return self._member(inner, turned)
        if isinstance(inner, OperationCall):
            return self._called(inner, turned)
        raise Unreadable

    def _compared(self, node: Compare, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        left, right = node.left, _plain(node.right)
        if isinstance(left, Part) and left.name == "closed" and isinstance(right, Literal):
            return path_of(left.operand), "open" if right.value is turned else "closed", None
        path = path_of(left)
        field = self.column(path).field
        if isinstance(right, Literal) and isinstance(right.value, bool):
            return path, "yes" if right.value is not turned else "no", None
        if isinstance(right, Read) and right.root is Root.ME and not right.path and not turned:
            return path, "me", None
        if node.operator == "==" and isinstance(right, Literal):
            return path, "is_not" if turned else "is", right
        if turned:
            raise Unreadable
        timed = field.type.timed
        names = _TIMED if timed else _BOUNDED
        name = names.get(node.operator, "")
        if isinstance(right, Literal):
            if not timed or day_of(self._catalog, right.value) is not None:
                return path, name, right
        raw = self.text(node.right)  # also of a moment with a time, which a day cannot say
        if timed and raw == "now()" and node.operator in "<>":
            return path, "past" if node.operator == "<" else "from_now", None
        return path, f"{name}_raw", raw

    def _member(self, node: Member, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        item = _plain(node.item)
        if isinstance(item, Literal) and isinstance(node.collection, Read | Collection):
            return path_of(node.collection), "has_not" if turned else "has", item
        if turned:
            raise Unreadable
        return path_of(item), "within_raw", self.text(node.collection)

    def _called(self, node: OperationCall, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        name, arguments = node.operation.name, [_lowered(a) for a in node.arguments]
        if name not in ("contains", "starts_with") or not isinstance(arguments[1], Literal):
            raise Unreadable
        if turned and name == "starts_with":
            raise Unreadable
        return path_of(arguments[0]), f"not_{name}" if turned else name, arguments[1]


_TIMED = {"<": "before", ">": "after", "<=": "until", ">=": "since"}
_BOUNDED = {"<": "below", ">": "above", "<=": "at_most", ">=": "at_least"}
_MINE = re.compile(r"mine\([a-z0-9_.]+\)")
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def day_of(catalog: Catalog, value: date) -> str | None:
    """A day as its input holds it; of a moment the day that begins at it."""
    if not isinstance(value, datetime):
        return value.isoformat()
    local = value.astimezone(ZoneInfo(catalog.zone))
    return local.date().isoformat() if local.time() == time() else None


def _plain(node: Node) -> Node:
    return node.operand if isinstance(node, Recast) else node


def path_of(node: Node) -> tuple[str, ...]:
    node = _plain(node)
    if isinstance(node, Part) and node.name == "amount" and node.operand.type.currency:
        node = node.operand  # a number beside it is an amount in its currency
    elif isinstance(node, OperationCall) and node.operation.name == "start_of_day":
        node = node.arguments[0]  # of a date beside a moment
    elif isinstance(node, Collection) and node.root is Root.ROW and node.field is None:
        return (*node.path, node.name)
    if isinstance(node, Read) and node.root is Root.ROW and node.path:
        return node.path
    raise Unreadable


def _lowered(node: Node) -> Node:
    if isinstance(node, OperationCall) and node.operation.name == "lower":
        return node.arguments[0]
    return node


def _wire(field: Field, value: Any, objects: tuple[str, ...] = ()) -> Any:
    """The wire form of a literal beside a field."""
    type_ = field.type
    if type_.name == RECORD.name and len(field.targets) > 1 and objects:
        return {"object": objects[0], "id": value}
    if field.many and not isinstance(value, list):
        value = [value]
    if type_.people:
        # A literal that is no record is the name of a role.
        kind = objects[0] if objects else ROLE
        people = [{kind: v} if isinstance(v, str) else v for v in _list(value)]
        return people if field.many else people[0]
    if isinstance(value, tuple):
        return field.kind.wire(field, value)
    if type_.name == MONEY.name:
        return {"amount": str(value), "currency": field.option("currency")}
    return value if type_.objects else field.kind.wire(field, value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _typed(field: Field, wire: Any, fmt: ReaderFormat) -> str:
    """A value as the input of the sentence's editor holds it: as people write it."""
    if field.type.name == DURATION.name and isinstance(wire, int):
        return field.kind.show(field, wire)
    if field.type.name in (NUMBER.name, MONEY.name):
        return typed_number(_written(wire), fmt.locale)
    return _written(wire)


def _written(wire: Any) -> str:
    """A value as the sentence's editor holds it."""
    if isinstance(wire, list):
        return _written(wire[0]) if wire else ""
    if isinstance(wire, Mapping) and "object" in wire:
        return f"{wire['object']}:{wire['id']}"
    if isinstance(wire, Mapping):
        kind, value = next(iter(wire.items()), ("", ""))
        return f"{kind}:{value}" if kind in NAMED_PEOPLE else str(value)
    return str(wire)


def _worded(op: Op, label: str) -> tuple[str, str]:
    """The verb and what stands in the pressed word after it."""
    if op.takes == "none":
        verb, _, rest = op.label.partition(" ")
        return verb, rest
    return op.label.removesuffix(" …"), label
