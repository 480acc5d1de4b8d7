"""The columns that records of a report are grouped by, and the value that they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.kernel.problems import Problem, fault
from fluvial.records.reading.caller_paths import compiled
from fluvial.records.reading.plan import PagePlanner
from fluvial.records.reading.row_builder import Output
from metamodel.catalog import Field
from metamodel.expressions import operations as op
from metamodel.expressions.decimals import plain
from metamodel.expressions.expression import Expression
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import Node
from metamodel.expressions.scope import scope_of
from metamodel.expressions.sql import value
from metamodel.expressions.sql_value import EXACT, SqlValue
from metamodel.expressions.types import DATE, DATETIME, TEXT
from metamodel.storage import POSTGRESQL

from .groupings import Grouping


@dataclass(frozen=True)
class GroupColumns:
    """The columns of one group, and what makes its value in wire form of them."""

    elements: tuple[sa.ColumnElement[Any], ...]
    read: Callable[[Sequence[Any]], Any]

    @property
    def width(self) -> int:
        return len(self.elements)


def group_columns(planner: PagePlanner, group: Grouping, zone: str) -> GroupColumns:
    if group.unit:
        return _of_unit(planner, group, zone)
    path = group.path
    field = planner.field(path, "group") if path and _is_path(planner, path) else None
    if path and field is not None:
        return _of_field(planner, path, field)
    return _of_value(planner, value(_expression(planner, group), planner.source))


def _is_path(planner: PagePlanner, path: Sequence[str]) -> bool:
    """Whether the last step is a field, and not a part of a value such as `.currency`."""
    made = compiled(".".join(path), _scope(planner), "group")
    return getattr(made.tree, "path", None) == tuple(path)


def _of_field(planner: PagePlanner, path: tuple[str, ...], field: Field) -> GroupColumns:
    if field.kind.linked:
        message = (
            f"Records cannot be grouped by {field.label.lower()}: it links to several records."
        )
        raise Problem(message, errors=[fault("group", "not_groupable", message)])
    source = planner.source.through(path[:-1]) if path[1:] else planner.source
    output = Output(planner.context, source, planner.context.objects[field.object], nulls=True)
    output.add((field.name,))
    build, name = output.builder(), field.name
    return GroupColumns(
        tuple(column.element for column in output.columns), lambda r: build(r)[name]
    )


def _of_unit(planner: PagePlanner, group: Grouping, zone: str) -> GroupColumns:
    made = _expression(planner, group)
    if made.type.name not in (DATE.name, DATETIME.name):
        message = f"`{group.text}`: `{group.inner}` is not a date. Write `{group.inner}` alone."
        raise Problem(message, errors=[fault("group", "not_a_date", message)])
    tree = day_of(made.tree, zone)
    native = planner.context.dialect != POSTGRESQL and group.unit in _FIRST
    if group.unit != "day" and not native:
        tree = call(op.START_OF_DATE, (tree, constant(group.unit, TEXT)), DATE, tree)
    found = value(replace(made, tree=tree), planner.source)
    if native:
        found = replace(found, element=_FIRST[group.unit](found.element))
    return _of_value(planner, found)


def _text(value: str) -> sa.ColumnElement[Any]:
    made: sa.ColumnElement[Any] = sa.literal_column(f"'{value}'")
    return made


def _part(day: Any, first: int, length: int) -> sa.ColumnElement[Any]:
    made: sa.ColumnElement[Any] = sa.func.substr(
        day, sa.literal_column(str(first)), sa.literal_column(str(length))
    )
    return made


def _quarter(day: Any) -> sa.ColumnElement[Any]:
    month = sa.cast(_part(day, 6, 2), sa.Integer)
    place = (month - sa.literal_column("1")) * sa.literal_column("2") + sa.literal_column("1")
    first = sa.func.substr(_text("010101040404070707101010"), place, sa.literal_column("2"))
    return _part(day, 1, 5).op("||")(first).op("||")(_text("-01"))


# SQLite has days as texts: their parts are at hand, without a function of ours for each record.
_FIRST: Mapping[str, Callable[[Any], sa.ColumnElement[Any]]] = {
    "month": lambda day: _part(day, 1, 7).op("||")(_text("-01")),
    "quarter": _quarter,
    "year": lambda day: _part(day, 1, 4).op("||")(_text("-01-01")),
}


def day_of(tree: Node, zone: str) -> Node:
    """The day of a date, or that on which a moment falls in a zone."""
    if tree.type.name == DATE.name:
        return tree
    return call(op.LOCAL_DATE, (tree, constant(zone, TEXT)), DATE, tree)


def _of_value(planner: PagePlanner, made: SqlValue) -> GroupColumns:
    if made.storage is EXACT:
        read: Callable[[Any], Any] | None = _exact
    else:
        read = made.storage.wire(planner.context.dialect)

    def wire(row: Sequence[Any]) -> Any:
        return row[0] if row[0] is None or read is None else read(row[0])

    return GroupColumns((made.element,), wire)


def _exact(cell: Any) -> str:
    return plain(Decimal(cell))


def _expression(planner: PagePlanner, group: Grouping) -> Expression:
    return compiled(group.inner, _scope(planner), "group")


def _scope(planner: PagePlanner) -> Any:
    return scope_of(planner.access.catalog, planner.type.name, hidden=planner.access.hides)
