"""Decisions in SQL: for each input one question, which an index over the inputs answers.

Rows in which the first input is filled win over all others, so they are asked for first; then
those in which it is empty and the second is filled, and so on. Each question fixes the inputs up
to that one, and orders the few rows that are left by the inputs behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import FromClause, case, func, literal_column, or_, select

from metamodel.expressions.nodes import Decide, DecisionRows, Node, Read
from metamodel.expressions.sql_value import Element, SqlContext, SqlValue, integer
from metamodel.expressions.types import Type
from metamodel.storage import UUID

_ONE: Element = literal_column("1")


class _Source(Protocol):
    alias: FromClause
    sql: SqlContext
    object: str

    def column(self, name: str, suffix: str = "") -> Element: ...

    def joined(self, to: FromClause | None = None, on: Element | None = None) -> FromClause: ...

    @property
    def added(self) -> list[tuple[FromClause, Element]]: ...


class _Deciding(Protocol):
    """The builder of an expression, as far as decisions need it."""

    sql: SqlContext

    def value(self, node: Node) -> SqlValue: ...

    def compared(self, operator: str, left: SqlValue, right: SqlValue, type: Type) -> Element: ...

    def over(self, object: str, *, trusted: bool = False) -> tuple[Any, Any]: ...


def decided(builder: _Deciding, node: Decide) -> SqlValue:
    """What the row that wins gives; which one that is does not depend on who asks."""
    winner = _winner(builder, node)
    item = node.rows.item
    if isinstance(item, Read) and not item.path:
        return winner
    source, inner = builder.over(node.rows.object)
    value = inner.value(item)
    found = [source.column("id") == winner.element, source.column("deleted_at").is_(None)]
    seen = source.sql.restrict(node.rows.object, source.alias)
    if seen is not None:
        found.append(seen)

    def asked(element: Element) -> Element:
        query = select(element).select_from(source.joined()).where(*found)
        own = [source.alias, *(alias for alias, _ in source.added)]
        return query.correlate_except(*own).scalar_subquery()

    second = None if value.second is None else asked(value.second)
    return SqlValue(asked(value.element), value.storage, second, value.second_storage)


def _winner(builder: _Deciding, node: Decide) -> SqlValue:
    """The id of the row that wins."""
    asked = [builder.value(one) for one in node.values]
    day = None if node.day is None else builder.value(node.day)
    # Each is worked out once, in a row of its own.
    named = [one.element.label(f"v{at}") for at, one in enumerate(asked)]
    given = select(*named, *([] if day is None else [day.element.label("day")]))
    row = given.correlate_except().subquery()
    values = [SqlValue(row.c[f"v{at}"], one.storage) for at, one in enumerate(asked)]
    at = None if day is None else row.c.day
    probes = [_probe(builder, node.rows, values, at, first) for first in range(len(values) + 1)]
    won = select(func.coalesce(*probes)).select_from(row).correlate_except(row)
    return SqlValue(won.scalar_subquery(), UUID)


def _probe(
    builder: _Deciding,
    rows: DecisionRows,
    values: Sequence[SqlValue],
    day: Element | None,
    first: int,
) -> Element:
    """The best of the rows in which this is the first input that is filled; none is, at last."""
    source, inner = builder.over(rows.object, trusted=True)
    keys = [inner.value(key) for key in rows.keys]
    found = [source.column("deleted_at").is_(None)]
    ranks: list[Element] = []
    for at, (key, value, tree) in enumerate(zip(keys, values, rows.keys, strict=True)):
        if at < first:
            found.append(key.element.is_(None))
            continue
        same = inner.compared("==", key, value, tree.type)
        found.append(same if at == first else or_(key.element.is_(None), same))
        if at > first:
            ranks.append(case((key.element.is_(None), integer(1)), else_=integer(0)))
    if rows.spans is not None:
        start, until = (inner.value(one).element for one in rows.spans)
        found += [start <= day, or_(until.is_(None), until > day)]
    query = select(source.column("id")).select_from(source.joined()).where(*found)
    query = query.order_by(*ranks, source.column("id")).limit(_ONE)
    return query.correlate_except(source.alias).scalar_subquery()
