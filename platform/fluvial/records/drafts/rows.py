"""Rows: a record's own values in canonical form, as the write path and rules use them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Row
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Conflict
from fluvial.records.reading.link_values import write_said
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.row_builder import linked_ids
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.prefetch import Prefetch
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.sql import Source, predicate
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from metamodel.locked import LOCKED
from metamodel.storage import INTEGER, POSTGRESQL, UUID

from .codec import first_changes, row_packer, row_reader
from .insertion import insertion

Values = dict[str, Any]

# Stands among the values of a row that is read to be written: whether its lock holds. No field can
# have this name.
IS_LOCKED = "locked?"


@dataclass(frozen=True)
class _RowPlan:
    compiled: Compiled
    read: Callable[[Row], Values]


def load_row(
    session: Session,
    object_name: str,
    record: str,
    action: str | None,
    *,
    lock: bool = False,
    deleted: bool = False,
) -> Values | None:
    """A record's stored values, or None where it is not there or the action is not allowed.

    `action` None asks no permission: the engine itself looks.
    """
    if session.ahead is not None and action is None and not (lock or deleted):
        return _row_ahead(session, session.ahead, object_name, record)
    plan = _row_plan(session, object_name, action, lock, deleted)
    rows = ask(session, plan.compiled, id=record)
    return plan.read(rows[0]) if rows else None


def _row_ahead(session: Session, ahead: Prefetch, object_name: str, record: str) -> Values | None:
    ahead.settle_before(object_name, record)
    kept = ahead.rows.setdefault(object_name, {})
    if record not in kept:
        ids = ahead.rows_beside(object_name, record)
        found = load_rows(session, object_name, ids, None, live=True, limit=len(ids))
        ahead.keep(session.catalog, object_name, ids, found)
    return kept[record]  # type: ignore[no-any-return]


def load_rows(
    session: Session,
    object_name: str,
    ids: Sequence[str] | None,
    action: str | None,
    *,
    limit: int = 500,
    live: bool = False,
    lock: bool = False,
) -> list[Values]:
    """The stored values of the ids, or of the first records; not `live`: also of the bin."""
    access = session.access
    roles = (access.roles, access.unrestricted) if action else None
    dated = session.as_of is not None
    key = (roles, "rows", object_name, action, ids is None, dated, live, lock)
    plan: _RowPlan = plans_of(session.catalog).get(
        key, lambda: _make_many(session, object_name, action, ids is None, live, lock)
    )
    listed = id_list(session.connection.dialect, ids or ())
    rows = ask(session, plan.compiled, ids=listed, limit=limit)
    return [plan.read(row) for row in rows]


def _row_plan(
    session: Session, object_name: str, action: str | None, lock: bool, deleted: bool
) -> _RowPlan:
    access = session.access
    roles = (access.roles, access.unrestricted) if action else None
    dated = session.as_of is not None
    key = (roles, "row", object_name, action, lock, deleted, dated)
    plan: _RowPlan = plans_of(session.catalog).get(
        key, lambda: _make(session, object_name, action, lock, deleted)
    )
    return plan


def _make(
    session: Session, object_name: str, action: str | None, lock: bool, deleted: bool
) -> _RowPlan:
    dialect = session.connection.dialect
    context, source = _source(session, object_name)
    columns, read = _selected(context, source, lock)
    binned = source.column("deleted_at")
    statement = sa.select(*(c.label(f"v{i}") for i, c in enumerate(columns))).where(
        source.column("id") == sa.bindparam("id", type_=Stored(UUID)),
        binned.is_not(None) if deleted else binned.is_(None),
    )
    allowed = context.allowed(object_name, action, source) if action else None
    if allowed is not None:
        statement = statement.where(allowed)
    statement = statement.select_from(source.joined())
    if lock and dialect == POSTGRESQL:
        statement = statement.with_for_update(of=source.alias)
    return _RowPlan(context.compiled(statement, steady=None), read)


def _make_many(
    session: Session,
    object_name: str,
    action: str | None,
    everything: bool,
    live: bool,
    lock: bool,
) -> _RowPlan:
    context, source = _source(session, object_name)
    columns, read = _selected(context, source, lock)
    statement = sa.select(*(c.label(f"v{i}") for i, c in enumerate(columns)))
    record = source.column("id")
    if not everything:
        statement = statement.where(among_ids(record, context.dialect))
    if live:
        statement = statement.where(source.column("deleted_at").is_(None))
    allowed = context.allowed(object_name, action, source) if action else None
    if allowed is not None:
        statement = statement.where(allowed)
    limit = sa.bindparam("limit", type_=Stored(INTEGER))
    statement = statement.select_from(source.joined()).order_by(record).limit(limit)
    if lock and context.dialect == POSTGRESQL:
        statement = statement.with_for_update(of=source.alias)
    return _RowPlan(context.compiled(statement, steady=None), read)


def _source(session: Session, object_name: str) -> tuple[PlanContext, Source]:
    access, dialect = session.access, session.connection.dialect
    context = PlanContext(access.catalog, access, dialect, as_of=session.as_of is not None)
    return context, Source(context.trusted(), object_name)


def _selected(
    context: PlanContext, source: Source, lock: bool
) -> tuple[list[sa.ColumnElement[Any]], Callable[[Row], Values]]:
    """The columns of all stored fields, and how a row of them becomes values.

    Of a row that is to be written, also whether it is locked.
    """
    type_ = context.objects[source.object]
    columns: list[sa.ColumnElement[Any]] = []
    fields = (*type_.stored_fields, *type_.linked_fields)
    for field in fields:
        columns += _columns(context, source, field)
    read = row_reader(fields, context.dialect)
    locked = LOCKED.of(type_) if lock else None
    if locked is None:
        return columns, read
    columns.append(predicate(locked.when, source))
    return columns, lambda row: {**read(row), IS_LOCKED: bool(row[-1])}


def _columns(context: PlanContext, source: Source, field: Field) -> list[sa.ColumnElement[Any]]:
    if field.kind.linked:
        return [linked_ids(context, source, field)]
    return [source.column(field.name, c.suffix) for c in field.columns if not c.hidden]


def empty(value: Any) -> bool:
    return value is None or value == "" or value == []


@dataclass(frozen=True)
class _WritePlan:
    sql: str
    cells: Callable[[Values], list[Any]]
    rest: tuple[str, ...]  # the binds behind the cells
    constants: Mapping[str, Any]

    def binds(self, session: Session, cells: list[Any]) -> list[Any]:
        if not self.rest:
            return cells
        known = {**self.constants, **session.binds}
        return [*cells, *(known[name] for name in self.rest)]


def _roles(session: Session) -> tuple[Any, ...]:
    return session.access.roles, session.access.unrestricted


class RowWriter:
    """The statements that write one object type's rows, compiled once per set of columns."""

    def __init__(self, catalog: Catalog, type_: ObjectType, dialect: str) -> None:
        self._type = type_
        self._dialect = dialect
        self._plans = plans_of(catalog)
        tables = tables_of(catalog)
        self._table = tables.objects[type_.name]
        self._links = {f.name: tables.links[type_.name, f.name] for f in type_.linked_fields}
        self._saying = {f.name: f for f in type_.linked_fields if f.option(LINK_FIELDS)}
        self.columns = tuple(f.base + c.suffix for f in type_.stored_fields for c in f.columns)
        self.cells = row_packer(type_.stored_fields, dialect)
        self.changes = first_changes([f for f in type_.own_fields if f.stored])
        self._insert = insertion(type_.name, self.columns, dialect)

    def _statement(self, name: str, make: Callable[[], Any]) -> Compiled:
        key = (self._type.name, name)
        found: Compiled = self._plans.get(key, lambda: Compiled(make(), self._dialect))
        return found

    def insert(self, session: Session, values: Values, asked: tuple[str, ...] = ()) -> Row:
        """Write a new row; whether the actor may do with it what is `asked`, action by action."""
        cells = self.cells(values)
        if not asked:
            session.connection.execute(self._insert, cells)
            held: Row = ()
        else:
            key = (*_roles(session), self._type.name, "insert", asked)
            plan: _WritePlan = self._plans.get(key, lambda: self._inserting(session, asked))
            (held,) = session.connection.query(plan.sql, plan.binds(session, cells))
        if self._links:
            self._write_links(session, values["id"], values, fresh=True)
        return held

    def update(
        self,
        session: Session,
        record: str,
        rev: int,
        values: Values,
        asked: tuple[str, ...] = (),
    ) -> Row | None:
        """Write the values where the record still is at `rev`; None where it is not."""
        names = tuple(sorted(values))
        key = (*_roles(session), self._type.name, "update", names, asked)
        plan: _WritePlan = self._plans.get(key, lambda: self._updating(session, names, asked))
        cells = [*plan.cells(values), record, rev]
        rows = session.connection.query(plan.sql, plan.binds(session, cells))
        if rows and self._links:
            self._write_links(session, record, values, fresh=False)
        return rows[0][1:] if rows else None

    def _inserting(self, session: Session, asked: tuple[str, ...]) -> _WritePlan:
        statement = self._table.insert().values(self._given(self._type.stored_fields))
        return self._planned(session, statement, asked, self.cells, len(self.columns))

    def _updating(
        self, session: Session, names: Collection[str], asked: tuple[str, ...]
    ) -> _WritePlan:
        table = self._table
        fields = [f for f in self._type.stored_fields if f.name in names]
        given = self._given(fields)
        the_id, the_rev = (sa.bindparam(f"the_{n}", type_=table.c[n].type) for n in ("id", "rev"))
        statement = table.update().where(table.c.id == the_id, table.c.rev == the_rev)
        statement = statement.values(given).returning(sa.literal_column("1"))
        cells = row_packer(fields, self._dialect)
        return self._planned(session, statement, asked, cells, len(given) + 2)

    def _given(self, fields: Iterable[Field]) -> dict[str, Any]:
        names = [field.name + column.suffix for field in fields for column in field.columns]
        return {n: sa.bindparam(f"_{n}", type_=self._table.c[n].type) for n in names}

    def _planned(
        self,
        session: Session,
        statement: Any,
        asked: tuple[str, ...],
        cells: Callable[[Values], list[Any]],
        count: int,
    ) -> _WritePlan:
        """`count` are the binds that the caller gives; what `RETURNING` asks with follows them."""
        context = PlanContext(session.catalog, session.access, self._dialect)
        conditions = [context.allowed_of_written(self._type.name, action) for action in asked]
        returned = [one.label(f"may{at}") for at, one in enumerate(conditions)]
        compiled = context.compiled(statement.returning(*returned) if returned else statement)
        return _WritePlan(compiled.sql, cells, compiled.order[count:], compiled.constants)

    def _write_links(self, session: Session, record: str, values: Values, *, fresh: bool) -> None:
        connection = session.connection
        for name, link in self._links.items():
            if name not in values:
                continue
            if not fresh:
                gone = self._statement(f"unlink {name}", partial(_unlink, link))
                connection.execute(gone.sql, [record])
            added = self._statement(f"link {name}", partial(_link, link))
            for position, target in enumerate(values[name] or ()):
                binds = {"source": record, "target": target, "position": position}
                connection.execute(added.sql, [binds[n] for n in added.order])
            if name in self._saying:
                write_said(connection, self._saying[name], record, values[name], fresh=fresh)


def _unlink(link: sa.Table) -> sa.Delete:
    return link.delete().where(link.c.source == sa.bindparam("source", type_=Stored(UUID)))


def _link(link: sa.Table) -> sa.Insert:
    return link.insert().values({c.name: sa.bindparam(c.name, type_=c.type) for c in link.c})


def changed_meanwhile(type_: ObjectType) -> Conflict:
    return Conflict(f"This {type_.label.lower()} was changed at the same time. Try again.")


def _writers(_: Catalog) -> dict[str, RowWriter]:
    return {}


def row_writer(session: Session, type_: ObjectType) -> RowWriter:
    writers = session.catalog.derive(_writers)
    found = writers.get(type_.name)
    if found is None:
        found = writers[type_.name] = RowWriter(session.catalog, type_, session.connection.dialect)
    return found
