"""Calculations: the stored values of formulas, worked out by the database and written to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import access_of
from fluvial.auth.actors import SYSTEM
from fluvial.database.id_lists import id_list, listed_ids
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.drafts.insertion import update_cells
from fluvial.records.reading.canonical import reader
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.row_builder import as_stored
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.expressions.sql import Builder, Source
from metamodel.expressions.types import MONEY
from metamodel.storage import POSTGRESQL


@dataclass(frozen=True)
class Worked:
    """What a record holds in some calculated fields, and what it should hold."""

    record: str
    rev: int
    old: Mapping[str, Any]  # canonical, by field
    new: Mapping[str, Any]
    cells: Mapping[str, Any]  # the new values by column, in their stored form

    @property
    def changed(self) -> list[str]:
        return [name for name, value in self.new.items() if self.old[name] != value]


@dataclass(frozen=True)
class _Part:
    """A field in the row of a plan: where its old and its new columns are."""

    name: str
    columns: tuple[str, ...]
    old: slice
    new: slice
    read: Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class _Plan:
    compiled: Compiled
    parts: tuple[_Part, ...] = ()


def lock(session: Session, object_name: str, ids: Iterable[str]) -> None:
    """Let no other transaction change these records, or work out anything for them, meanwhile.

    SQLite has one writer anyway.
    """
    if session.connection.dialect != POSTGRESQL:
        return

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[object_name]
        statement = sa.select(table.c.id).where(table.c.id.in_(listed_ids(POSTGRESQL)))
        statement = statement.order_by(table.c.id).with_for_update(key_share=True)
        return Compiled(statement, POSTGRESQL)

    compiled: Compiled = plans_of(session.catalog).get(("lock", object_name), make)
    ask(session, compiled, ids=id_list(POSTGRESQL, ids))


def work_out(
    session: Session, object_name: str, names: Sequence[str], ids: Iterable[str]
) -> list[Worked]:
    """Ask the database what calculated fields of live records should hold."""
    dialect = session.connection.dialect
    key = ("work out", object_name, tuple(names))
    plan: _Plan = plans_of(session.catalog).get(
        key, lambda: _work_out(session.catalog, dialect, object_name, names)
    )
    rows = ask(session, plan.compiled, ids=id_list(dialect, ids))
    return [_worked(plan, row) for row in rows]


def _worked(plan: _Plan, row: Sequence[Any]) -> Worked:
    cells: dict[str, Any] = {}
    for part in plan.parts:
        cells.update(zip(part.columns, row[part.new], strict=True))
    return Worked(
        row[0],
        int(row[1]),
        {part.name: part.read(row[part.old]) for part in plan.parts},
        {part.name: part.read(row[part.new]) for part in plan.parts},
        cells,
    )


def write(session: Session, object_name: str, names: Sequence[str], rows: Sequence[Worked]) -> None:
    """Write what was worked out: one row by its values, several by their formulas again."""
    if not rows:
        return
    catalog, connection = session.catalog, session.connection
    if len(rows) == 1:
        write_cells(session, object_name, rows)
        return
    compiled: Compiled = plans_of(catalog).get(
        ("write out", object_name, tuple(names)),
        lambda: _writing(catalog, connection.dialect, object_name, names, some=True),
    )
    ask(session, compiled, ids=id_list(connection.dialect, (row.record for row in rows)))


def write_cells(session: Session, object_name: str, rows: Sequence[Worked]) -> None:
    """Write what was worked out by its values, which are of the same fields."""
    if rows:
        table = tables_of(session.catalog).objects[object_name]
        cells = [[*row.cells.values(), row.record] for row in rows]
        update_cells(session.connection, table, tuple(rows[0].cells), ("id",), cells)


def fill(session: Session, catalog: Catalog, object_name: str, name: str) -> None:
    """Work a field out for every record, as a change of metadata does."""
    ask(session, _writing(catalog, session.connection.dialect, object_name, (name,), some=False))


def _context(catalog: Catalog, dialect: str) -> PlanContext:
    return PlanContext(catalog, access_of(catalog, SYSTEM), dialect)


def _work_out(catalog: Catalog, dialect: str, object_name: str, names: Sequence[str]) -> _Plan:
    context = _context(catalog, dialect)
    source = Source(context.trusted(), object_name)
    columns: list[sa.ColumnElement[Any]] = [source.column("id"), source.column("rev")]
    parts = []
    for name in names:
        field = context.objects[object_name].fields[name]
        held = [source.column(name, c.suffix) for c in field.columns if not c.hidden]
        made = [element for _, element in _made(context, source, field)]
        start = len(columns)
        columns += [*held, *made]
        parts.append(
            _Part(
                name,
                tuple(field.base + column.suffix for column in field.columns),
                slice(start, start + len(held)),
                slice(start + len(held), len(columns)),
                reader(field, dialect),
            )
        )
    statement = sa.select(*(c.label(f"v{i}") for i, c in enumerate(columns)))
    statement = statement.where(
        source.column("id").in_(listed_ids(dialect)), source.column("deleted_at").is_(None)
    )
    return _Plan(context.compiled(statement.select_from(source.joined())), tuple(parts))


def _writing(
    catalog: Catalog, dialect: str, object_name: str, names: Sequence[str], *, some: bool
) -> Compiled:
    context = _context(catalog, dialect)
    table = tables_of(catalog).objects[object_name]
    source = Source(context.trusted(), object_name)
    made = [
        pair
        for name in names
        for pair in _made(context, source, context.objects[object_name].fields[name])
    ]
    query = sa.select(
        source.column("id").label("the_record"),
        *(element.label(f"n{at}") for at, (_, element) in enumerate(made)),
    ).select_from(source.joined())
    if some:
        query = query.where(source.column("id").in_(listed_ids(dialect)))
    worked = query.subquery("worked")
    return context.compiled(
        table.update()
        .where(table.c.id == worked.c.the_record)
        .values({column: worked.c[f"n{at}"] for at, (column, _) in enumerate(made)})
    )


def _made(
    context: PlanContext, source: Source, field: Field
) -> Iterator[tuple[str, sa.ColumnElement[Any]]]:
    """The columns of a calculated field with what its formula gives for them."""
    builder = Builder(source.sql, source, source)
    value = builder.calculated(source, field)
    columns = [column for column in field.columns if not column.hidden]
    elements = [as_stored(element, storage, context.dialect) for element, storage in value.parts]
    if len(elements) < len(columns) and field.type.name == MONEY.name:
        named = builder.currency(value, field.formula.type if field.formula else field.type)
        elements.append(sa.case((value.element.is_not(None), named)))
    for column, element in zip(columns, elements, strict=True):
        yield field.base + column.suffix, element
