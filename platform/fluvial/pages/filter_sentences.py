"""Filters as sentences: what can be asked of each field, and expressions read back into terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fluvial.auth.access import Access
from fluvial.kernel.problems import Problem
from fluvial.records.reading.caller_paths import condition
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import (
    And,
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
from metamodel.kinds.duration import DAY_LENGTH

from .filter_words import raw_words
from .presenters import Op, face_of, references, said
from .reader_format import ReaderFormat, typed_number
from .record_tables import column_of

Context = dict[str, Any]

HELD = {NUMBER.name: "digits", MONEY.name: "amount", DURATION.name: "length"}  # read by the script
NAMED_PEOPLE = ("team", "group", ROLE)  # whose value says what they are
SYSTEM = ("created_at", "created_by", "updated_at", "updated_by", "owner")


def askable(access: Access, type_: ObjectType) -> list[Context]:
    """The fields that a filter may name, as the script that builds sentences reads them."""
    key = (access.roles, access.unrestricted, type_.name)
    cache = access.catalog.derive(_askable)
    if key not in cache:
        hidden = access.object(type_.name).hidden
        fields = [f for f in type_.own_fields if f.name not in hidden and not f.hidden]
        fields += [type_.fields[name] for name in SYSTEM if name in type_.fields]
        cache[key] = [_asked(field, field.name, field.label) for field in fields]
    return cache[key]


def _askable(_: Catalog) -> dict[Any, list[Context]]:
    return {}


def _asked(field: Field, name: str, label: str) -> Context:
    face = face_of(field)
    return {
        "name": name,
        "label": label,
        # A moment is asked for by its day.
        "input": {"type": "date"} if field.type.timed else face.input(field),
        "quote": field.type.quoted,
        "holds": HELD.get(field.type.name, ""),
        "day": field.option(DAY_LENGTH, ""),
        "ops": [asdict(op) for op in face.asks(field)],
        "options": face.options(field),
        "search_url": f"/lookup/{field.object}/{field.name}?plain=true"
        if field.type.objects
        else "",
    }


def sentence(
    access: Access,
    type_: ObjectType,
    where: str,
    fmt: ReaderFormat,
    *,
    clear: str,
    error: str = "",
) -> Context:
    """The filter of a list for its template."""
    fields = askable(access, type_)
    terms: list[Context] = []
    joint, readable = "and", not error
    if where and not error:
        try:
            read = _Reading(access, type_, condition(access, type_, where))
            joint, terms = read.joint, read.terms(fmt)
        except (_Unreadable, Problem):
            readable = False
    known = {field["name"] for field in fields}
    further = {t["field"]: t.pop("asked") for t in terms}
    fields = [*fields, *(asked for name, asked in further.items() if name not in known)]
    return {
        "terms": terms,
        "expression": where,
        "readable": readable,
        "joint": joint,
        "error": {"message": error} if error else None,
        "clear_href": clear,
        "fields": fields,
    }


class _Unreadable(Exception):
    """The expression says more than a row of terms can."""


class _Reading:
    def __init__(self, access: Access, type_: ObjectType, expression: Expression) -> None:
        self._access = access
        self._type = type_
        self._source = expression.source.strip()
        tree = expression.tree
        several = isinstance(tree, (And, Or)) and not self._is_mine(tree)
        self.joint = "or" if several and isinstance(tree, Or) else "and"
        self._items = tree.items if several and isinstance(tree, (And, Or)) else (tree,)

    def terms(self, fmt: ReaderFormat) -> list[Context]:
        read = [self._term(item) for item in self._items]
        for path, _, value in read:
            if isinstance(value, Literal):
                field = self._column(path).field
                fmt.names.want(references(field, [_wire(field, value.value, value.type.objects)]))
        fmt.names.load()
        return [self._shown(path, op, value, fmt) for path, op, value in read]

    def _is_mine(self, node: Node) -> bool:
        """Whether it is a call of mine(), which stands for several questions."""
        place = node.place
        text = self._source[place.at : place.at + place.length]
        return isinstance(node, Or) and _MINE.fullmatch(text) is not None

    def _column(self, path: tuple[str, ...]) -> Any:
        return column_of(self._access, self._type, ".".join(path))

    def _term(self, node: Node) -> tuple[tuple[str, ...], str, Any]:
        """The path, the operator and the value: a literal, raw text, or None."""
        turned = isinstance(node, Not)
        inner = node.operand if isinstance(node, Not) else node
        if isinstance(inner, Empty):
            return _path(inner.operand), "not_empty" if turned else "empty", None
        if isinstance(inner, Read):
            return _path(inner), "no" if turned else "yes", None
        if isinstance(inner, Part) and inner.name == "closed":
            return _path(inner.operand), "open" if turned else "closed", None
        if isinstance(inner, Or) and not turned and self._is_mine(inner):
            return _path(next(inner.items[0].children())), "ours", None
        if isinstance(inner, Compare):
            return self._compared(inner, turned)
        if isinstance(inner, Within) and not turned:
            raw = ", ".join(self._text(item) for item in inner.items)
            return _path(inner.item), "among", raw
        if isinstance(inner, Member):
            return self._member(inner, turned)
        if isinstance(inner, OperationCall):
            return self._called(inner, turned)
        raise _Unreadable

    def _compared(self, node: Compare, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        left, right = node.left, _plain(node.right)
        if isinstance(left, Part) and left.name == "closed" and isinstance(right, Literal):
            return _path(left.operand), "open" if right.value is turned else "closed", None
        path = _path(left)
        field = self._column(path).field
        if isinstance(right, Literal) and isinstance(right.value, bool):
            return path, "yes" if right.value is not turned else "no", None
        if isinstance(right, Read) and right.root is Root.ME and not right.path and not turned:
            return path, "me", None
        if node.operator == "==" and isinstance(right, Literal):
            return path, "is_not" if turned else "is", right
        if turned:
            raise _Unreadable
        timed = field.type.timed
        names = _TIMED if timed else _BOUNDED
        name = names.get(node.operator, "")
        if isinstance(right, Literal) and (not timed or self._day_of(right.value) is not None):
            return path, name, right
        raw = self._text(node.right)  # also of a moment with a time, which a day cannot say
        if timed and raw == "now()" and node.operator in "<>":
            return path, "past" if node.operator == "<" else "from_now", None
        return path, f"{name}_raw", raw

    def _day_of(self, value: date) -> str | None:
        """A day as its input holds it; of a moment the day that begins at it."""
        if not isinstance(value, datetime):
            return value.isoformat()
        local = value.astimezone(ZoneInfo(self._access.catalog.zone))
        return local.date().isoformat() if local.time() == time() else None

    def _member(self, node: Member, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        item = _plain(node.item)
        if isinstance(item, Literal) and isinstance(node.collection, Read | Collection):
            return _path(node.collection), "has_not" if turned else "has", item
        if turned:
            raise _Unreadable
        return _path(item), "within_raw", self._text(node.collection)

    def _called(self, node: OperationCall, turned: bool) -> tuple[tuple[str, ...], str, Any]:
        name, arguments = node.operation.name, [_lowered(a) for a in node.arguments]
        if name not in ("contains", "starts_with") or not isinstance(arguments[1], Literal):
            raise _Unreadable
        if turned and name == "starts_with":
            raise _Unreadable
        return _path(arguments[0]), f"not_{name}" if turned else name, arguments[1]

    def _text(self, node: Node) -> str:
        place = node.place
        if not place.length:
            raise _Unreadable
        return self._source[place.at : place.at + place.length]

    def _shown(self, path: tuple[str, ...], name: str, value: Any, fmt: ReaderFormat) -> Context:
        column = self._column(path)
        op = next((op for op in face_of(column.field).asks(column.field) if op.name == name), None)
        if op is None:
            raise _Unreadable
        text, label = "", ""
        if isinstance(value, Literal):
            wire = _wire(column.field, value.value, value.type.objects)
            day = self._day_of(value.value) if column.field.type.timed else None
            text = day or _typed(column.field, wire, fmt)
            label = said(column.field, wire, fmt)
        elif value is not None:
            text, label = value, raw_words(value, column.field)
        op_label, value_label = _worded(op, label)
        return {
            "field": column.name,
            "label": column.label[:1].lower() + column.label[1:],
            "op": name,
            "op_label": op_label,
            "value": text,
            "value_label": value_label,
            "asked": _asked(column.field, column.name, column.label),
        }


_TIMED = {"<": "before", ">": "after", "<=": "until", ">=": "since"}
_BOUNDED = {"<": "below", ">": "above", "<=": "at_most", ">=": "at_least"}
_MINE = re.compile(r"mine\([a-z0-9_.]+\)")


def _plain(node: Node) -> Node:
    return node.operand if isinstance(node, Recast) else node


def _path(node: Node) -> tuple[str, ...]:
    node = _plain(node)
    if isinstance(node, Part) and node.name == "amount" and node.operand.type.currency:
        node = node.operand  # a number beside it is an amount in its currency
    elif isinstance(node, OperationCall) and node.operation.name == "start_of_day":
        node = node.arguments[0]  # of a date beside a moment
    elif isinstance(node, Collection) and node.root is Root.ROW and node.field is None:
        return (*node.path, node.name)
    if isinstance(node, Read) and node.root is Root.ROW and node.path:
        return node.path
    raise _Unreadable


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


def joined(parts: Iterable[str]) -> str:
    """Conditions that all have to hold."""
    given = [part for part in parts if part]
    return given[0] if len(given) == 1 else " and ".join(f"({part})" for part in given)
