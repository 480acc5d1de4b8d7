"""A condition as a sentence: terms, groups of them, and questions about collections.

A sentence is {joint, terms}. A term is about a field, or about the records of a collection, which
have a sentence of their own, or it is a group, which has one too. What says more than that stands
in its place as the text that it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import Catalog, Inverse, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import (
    And,
    Collection,
    Compare,
    CountOf,
    Gather,
    Literal,
    Node,
    Not,
    Or,
    Root,
)

from .asked_fields import asked_of_all
from .presenters.filter_questions import GATHERS
from .reader_format import ReaderFormat
from .term_reading import Context, ReadTerm, TermReader, Unreadable

MOST_LEVELS = 2  # of groups and collections in one another

_COUNTS = {">=": "at_least", "<=": "at_most", "==": "exactly"}


@dataclass(frozen=True)
class _Written:
    """A part that stays the text that it is."""

    text: str


@dataclass(frozen=True)
class _Level:
    joint: str
    items: tuple[Any, ...]  # ReadTerm, _Written, _Level, _Gathered


@dataclass(frozen=True)
class _Gathered:
    """A question about the records of a collection; `level` is empty where it is about all."""

    name: str
    label: str
    inverse: Inverse
    op: str
    number: str
    level: _Level


def read_sentence(
    catalog: Catalog, type_: ObjectType, expression: Expression, fmt: ReaderFormat
) -> Context | None:
    """The sentence of a condition; None where words could show no part of it."""
    try:
        level = _Reader(catalog, type_, expression.source).level(expression.tree, MOST_LEVELS)
    except Unreadable:
        return None
    if all(isinstance(item, _Written) for item in level.items):
        return None
    for term in _terms(level):
        term.want(fmt)
    fmt.names.load()
    try:
        return _shown(level, catalog, fmt)
    except Unreadable:
        return None


def _terms(level: _Level) -> Iterator[ReadTerm]:
    for item in level.items:
        if isinstance(item, ReadTerm):
            yield item
        elif not isinstance(item, _Written):
            yield from _terms(item if isinstance(item, _Level) else item.level)


def _shown(level: _Level, catalog: Catalog, fmt: ReaderFormat) -> Context:
    return {"joint": level.joint, "terms": [_item(one, catalog, fmt) for one in level.items]}


def _item(item: Any, catalog: Catalog, fmt: ReaderFormat) -> Context:
    if isinstance(item, _Written):
        return {"text": item.text}
    if isinstance(item, ReadTerm):
        return item.shown(catalog, fmt)
    if isinstance(item, _Level):
        return _shown(item, catalog, fmt)
    op = next(one for one in GATHERS if one.name == item.op)
    return {
        "collection": item.name,
        "label": item.label[:1].lower() + item.label[1:],
        "object": item.inverse.source,
        "op": item.op,
        "op_label": op.label.removesuffix(" …"),
        "value": item.number,
        "value_label": item.number,
        "asked": asked_of_all(item.inverse, item.name, item.label),
        **_shown(item.level, catalog, fmt),
    }


class _Reader:
    def __init__(self, catalog: Catalog, type_: ObjectType, source: str) -> None:
        self._catalog = catalog
        self._type = type_
        self._source = source
        self._terms = TermReader(catalog, type_, source)

    def level(self, node: Node, levels: int) -> _Level:
        if self._several(node) and isinstance(node, (And, Or)):
            items = tuple(self._part(item, levels) for item in node.items)
            return _Level("or" if isinstance(node, Or) else "and", items)
        return _Level("and", (self._part(node, levels),))

    def _several(self, node: Node) -> bool:
        one = self._terms.is_mine(node) or self._terms.is_field(node)
        return isinstance(node, (And, Or)) and not one

    def _part(self, node: Node, levels: int) -> Any:
        try:
            if self._several(node):
                if levels < 1:
                    raise Unreadable
                return self.level(node, levels - 1)
            gathered = self._gathered(node, levels)
            return gathered or self._terms.read(node)
        except Unreadable:
            return _Written(self._terms.text(node))

    def _gathered(self, node: Node, levels: int) -> _Gathered | None:
        turned = isinstance(node, Not)
        inner = node.operand if isinstance(node, Not) else node
        if isinstance(inner, Gather) and inner.function == "exists":
            return self._about(inner, "none" if turned else "any", "", levels)
        if isinstance(inner, Compare) and not turned and isinstance(inner.right, Literal):
            counted, number = inner.left, inner.right.value
            if isinstance(counted, CountOf):
                raise Unreadable
            if isinstance(counted, Gather) and counted.function == "count":
                if inner.operator not in _COUNTS or number != int(number) or number < 0:
                    raise Unreadable
                return self._about(counted, _COUNTS[inner.operator], f"{number:f}", levels)
        return None

    def _about(self, node: Gather, op: str, number: str, levels: int) -> _Gathered:
        collection = node.collection
        if collection.root is not Root.ROW or levels < 1:
            raise Unreadable
        inverse, label = self._named(collection)
        level = _Level("and", ())
        if node.where is not None:
            type_ = self._catalog.objects[collection.source]
            reader = _Reader(self._catalog, type_, self._source)
            level = reader.level(node.where, levels - 1)
        name = ".".join((*collection.path, collection.name))
        return _Gathered(name, label, inverse, op, number, level)

    def _named(self, collection: Collection) -> tuple[Inverse, str]:
        owner = self._catalog.objects[collection.object]
        inverse = owner.inverses.get(collection.name)
        if inverse is None:  # the records of a field that links to several
            raise Unreadable
        if not collection.path:
            return inverse, inverse.label
        column = self._terms.column(collection.path)
        return inverse, f"{column.label} › {inverse.label}"
