"""How large an expression is once the formulas that it reads stand in their places.

Formulas that depend on the time, and all of them as of another day, are worked out inside one
another. Where each of them reads the one before it twice, twelve are four thousand parts. And
SQLite reads a statement with a stack of a hundred places, which ten of them in a row fill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from metamodel.catalog import Field, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Join, Node, Read

MOST_PARTS = 1_000
MOST_LEVELS = 96  # of formulas in one another, about in the places of SQLite's stack
_LEVELS: dict[type[Node], int] = {Join: 13}
_LEVEL = 3


class Size(NamedTuple):
    """The parts of an expression, and how deep they stand in one another."""

    parts: int
    levels: int
    nested: bool  # it reads a formula that is worked out when it is read


ONE = Size(1, 1, False)


class Expansion:
    """Counts the parts of expressions over some object types, each formula once."""

    def __init__(self, objects: Mapping[str, ObjectType]) -> None:
        self._objects = objects
        self._known: dict[tuple[str, str], Size] = {}

    def of(self, expression: Expression) -> Size:
        for field in self._read(expression.tree):
            self.of_field(field)
        return self._size(expression.tree)

    def of_field(self, field: Field) -> Size:
        """Of a field's formula. Without recursion: a chain of formulas may have any length."""
        waiting, begun = [field], set[tuple[str, str]]()
        while waiting:
            one = waiting[-1]
            place = (one.object, one.name)
            assert one.formula is not None
            more = [] if place in begun else [*self._read(one.formula.tree)]
            begun.add(place)
            waiting += [read for read in more if (read.object, read.name) not in begun]
            if waiting[-1] is one:
                self._known[place] = self._size(one.formula.tree)
                waiting.pop()
        return self._known[field.object, field.name]

    def _read(self, tree: Node) -> Iterator[Field]:
        """The calculated fields that a tree reads and that are not counted yet."""
        for node in tree.walk():
            field = self._formula(node)
            if field is not None and (field.object, field.name) not in self._known:
                yield field

    def _formula(self, node: Node) -> Field | None:
        if not isinstance(node, Read) or not node.path:
            return None
        object = self._objects.get(node.object)
        field = object.fields.get(node.path[-1]) if object is not None else None
        return field if field is not None and field.formula is not None else None

    def _size(self, node: Node) -> Size:
        field = self._formula(node)
        if field is not None:  # one that needs itself is a fault of its own
            inner = self._known.get((field.object, field.name), ONE)
            levels = 0 if field.kept else inner.levels
            return Size(min(inner.parts + 1, MOST_PARTS + 1), levels + _LEVEL, not field.kept)
        sizes = [self._size(child) for child in node.children()]
        levels = max((size.levels for size in sizes), default=0)
        return Size(
            1 + sum(size.parts for size in sizes),
            levels + _LEVELS.get(type(node), _LEVEL),
            any(size.nested for size in sizes),
        )
