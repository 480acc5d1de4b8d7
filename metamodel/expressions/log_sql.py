"""The state log in SQL: correlated subqueries over the spans of a record."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import FromClause, and_, case, func, literal_column, null, or_, select

from metamodel.expressions.nodes import Collection, Logged, Moment, Node
from metamodel.expressions.sql_value import (
    Element,
    SqlContext,
    SqlValue,
    integer,
    storage_of,
    typed,
)
from metamodel.expressions.types import DATETIME, RECORD, Type

from . import operations as op

_NOW = Moment(type=DATETIME)


class LogBuilder(Protocol):
    """The builder of the expression in which the log is asked."""

    sql: SqlContext

    def value(self, node: Node) -> SqlValue: ...

    def text(self, value: str) -> Element: ...

    def owner(self, node: Collection) -> Element: ...


def logged(builder: LogBuilder, node: Logged) -> SqlValue:
    """The answer of the log of one choice of a record; of no record it is that of an empty log."""
    spans = builder.sql.spans().alias()
    found = [
        spans.c.record == _record(builder, node),
        # Names of fields are small letters, digits and _, so they need no quoting.
        spans.c.field == literal_column(f"'{node.field.path[-1]}'"),
    ]
    if node.state:
        found.append(spans.c.state == builder.text(node.state))
    if builder.sql.fresh:  # as of another day
        found.append(spans.c["from"] <= _now(builder))
    if node.function == "since":
        found.append(_running(builder, spans))
    made = _measure(builder, node, spans)
    query = select(made).where(and_(*found)).correlate_except(spans)
    answer: Element = query.scalar_subquery()
    if node.function == "spent":
        answer = func.coalesce(answer, integer(0))
        if node.calendar is not None:  # one that a field names, or does not
            calendar = builder.value(node.calendar)
            answer = case((calendar.element.is_(None), null()), else_=answer)
    return SqlValue(answer, storage_of(node.type), nullable=node.function != "times")


def _record(builder: LogBuilder, node: Logged) -> Element:
    """The id of the record that has the choice."""
    read = node.field
    type = Type(RECORD.name, (read.object,))
    return builder.owner(
        Collection(read.root, read.object, read.path[:-1], "", read.object, None, type=type)
    )


def _measure(builder: LogBuilder, node: Logged, spans: FromClause) -> Element:
    if node.function in ("since", "reached"):
        edge = func.max if node.function == "since" else func.min
        return edge(spans.c["from"])
    if node.function == "times":
        return func.count()
    until: Element = func.coalesce(spans.c.until, _now(builder))
    if builder.sql.fresh:
        until = case((until > _now(builder), _now(builder)), else_=until)
    if node.calendar is None:
        passed: Any = getattr(func, op.BETWEEN_MOMENTS.function)(until, spans.c["from"])
    else:
        calendar = builder.value(node.calendar).element
        passed = getattr(func, op.WORKING_TIME.function)(spans.c["from"], until, calendar)
    return typed(builder.sql, func.sum(passed), storage_of(node.type))


def _running(builder: LogBuilder, spans: FromClause) -> Element:
    running: Element = spans.c.until.is_(None)
    return or_(running, spans.c.until > _now(builder)) if builder.sql.fresh else running


def _now(builder: LogBuilder) -> Element:
    return builder.value(_NOW).element
