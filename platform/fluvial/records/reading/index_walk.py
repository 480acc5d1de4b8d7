"""The order of a page, and the parts in which the records are walked.

Empties come last in both directions. Indexes of PostgreSQL hold them last, so that read backwards
they come first: a list that an index serves is walked in two parts then, the records with a value
before those without one. Within a part there is nothing to say about empties, so the index serves
both directions, and a cursor is a place in it. The second part is only read where the first one
does not fill the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from metamodel.catalog import ObjectType
from metamodel.expressions.nodes import And, Compare, Literal, Moment, Node, Read, Root
from metamodel.expressions.types import PERSON
from metamodel.storage import INTEGER, POSTGRESQL

from . import cursor
from .cursor import Key
from .query import Query

FILLED = frozenset({"id", "rev", "created_at", "updated_at"})  # no record is without them

Element = sa.ColumnElement[Any]


@dataclass(frozen=True)
class WalkPart:
    conditions: tuple[sa.ColumnElement[bool], ...]
    order: tuple[Element, ...]


class Walk:
    """The parts of a page of a table, which is read by the name `alias`."""

    def __init__(self, keys: Sequence[Key], alias: sa.FromClause, dialect: str) -> None:
        self._keys = keys
        self._alias = alias
        self._dialect = dialect

    def parts(self, after: tuple[bool, ...] | None, served: bool) -> list[WalkPart]:
        """`after` says which keys of the cursor are empty; `served`: by an index, in this order."""
        first, descending = self._keys[0]
        empties = None if after is None else [None if empty else True for empty in after]
        filled = self._filled(first)
        if empties is not None and empties[0] is None:
            return [WalkPart((cursor.after(self._keys, empties),), self._order(plain=served))]
        behind = () if empties is None else (self._behind(empties, filled or served),)
        if filled or not served:
            return [WalkPart(behind, self._order())]
        if empties is None and not (descending and self._dialect == POSTGRESQL):
            return [WalkPart((), self._order())]
        order = self._order(plain=True)
        return [WalkPart((first.is_not(None), *behind), order), WalkPart((first.is_(None),), order)]

    def _filled(self, key: Element) -> bool:
        column: Any = key
        return getattr(column, "table", None) is self._alias and column.key in FILLED

    def _order(self, *, plain: bool = False) -> tuple[Element, ...]:
        """`plain`: the first key is empty in none of the records, or in all of them."""
        ordered: list[Element] = []
        for at, (key, descending) in enumerate(self._keys):
            element: Any = key.desc() if descending else key.asc()
            said = self._filled(key) or (plain and not at)
            ordered.append(element if said else element.nulls_last())
        return tuple(ordered)

    def _behind(self, values: Sequence[Any], filled: bool) -> sa.ColumnElement[bool]:
        """The records behind a cursor whose first key has a value, as a place in an index."""
        if not filled:
            return cursor.after(self._keys, values)
        if all(self._filled(key) for key, _ in self._keys[1:]):
            if len({descending for _, descending in self._keys}) == 1:
                return cursor.behind(self._keys)
        return cursor.after(self._keys, values, filled=True)


def page_of(
    columns: Sequence[Element],
    keys: Sequence[Key],
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    parts: Sequence[WalkPart],
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """The statement of a page: its columns, then the keys of its cursor."""
    limit = sa.bindparam("limit", type_=Stored(INTEGER))
    named = [key.label(f"k{at}") for at, (key, _) in enumerate(keys)]
    selects = [
        sa.select(*columns, *named)
        .select_from(source)
        .where(*conditions, *part.conditions)
        .order_by(*part.order)
        .limit(limit)
        for part in parts
    ]
    if len(selects) == 1:
        return selects[0]
    # Both databases read the parts in this order, and stop where the limit is reached.
    return sa.union_all(*(sa.select(part.subquery()) for part in selects)).limit(limit)


def is_served(
    type_: ObjectType, query: Query, condition: Node | None, keys: Sequence[Key], alias: Any
) -> bool:
    """Whether an index has the order of a list, once it looks at the records of some values."""
    first: Any = keys[0][0]
    if getattr(first, "table", None) is alias and first.key in ("id", "created_at"):
        return True
    return has_order(type_, fixed_fields(type_, query, condition), keys[0], alias)


def has_order(type_: ObjectType, fixed: set[str], key: Key, alias: Any) -> bool:
    """Whether an index has the records of a few fixed values in the order of a sort key."""
    first: Any = key[0]
    if getattr(first, "table", None) is not alias:
        return False
    return next(walked_keys(type_, fixed, first.key), None) is not None


def walked_keys(type_: ObjectType, fixed: set[str], name: str) -> Iterator[tuple[str, ...]]:
    """What stands before a field in the keys that have its order, once that is fixed."""
    for key in (*type_.keys, *type_.asked):
        if not key.unique and name in key.fields:
            before = key.fields[: key.fields.index(name)]
            if set(before) <= fixed:
                yield before


def fixed_fields(type_: ObjectType, query: Query, condition: Node | None) -> set[str]:
    """The fields that have one value in all records of a list."""
    fixed = {name for name, text in query.equals if text and _is_plain(type_, name)}
    return fixed | _fixed(type_, condition)


def _is_plain(type_: ObjectType, name: str) -> bool:
    """Whether a field is one column, which equals a value or does not."""
    field = type_.fields.get(name)
    if field is None or not field.columns or field.many or field.type.name == PERSON.name:
        return False
    return sum(not column.hidden for column in field.columns) == 1


def _fixed(type_: ObjectType, condition: Node | None) -> set[str]:
    """The fields that a condition gives one value."""
    if isinstance(condition, And):
        return {name for item in condition.items for name in _fixed(type_, item)}
    if not isinstance(condition, Compare) or condition.operator != "==":
        return set()
    names = set()
    for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
        value = isinstance(other, (Literal, Moment))
        if isinstance(one, Read) and one.root is Root.ROW and len(one.path) == 1 and value:
            names.add(one.path[0])
    return {name for name in names if _is_plain(type_, name)}
