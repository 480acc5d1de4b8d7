"""Rows: a record's own values in canonical form, as the write path and rules use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.objects import tables_of
from fluvial.database.statement import Compiled
from fluvial.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.sql import Source
from metamodel.kinds.kind import Kind
from metamodel.storage import INTEGER, POSTGRESQL, TEXT, UUID

from .canonical import reader
from .context import PlanContext, session_binds
from .output import linked_ids
from .plan import plans_of

Values = dict[str, Any]


@dataclass(frozen=True)
class _RowPlan:
    sql: str
    order: tuple[str, ...]
    constants: Mapping[str, Any]
    read: Callable[[Sequence[Any]], Values]


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
    kept = None
    if session.rows is not None and action is None and not (lock or deleted):
        kept = session.rows.setdefault(object_name, {})
        if record in kept:
            return kept[record]  # type: ignore[no-any-return]
    plan = _row_plan(session, object_name, action, lock, deleted)
    values = {**plan.constants, **session_binds(session), "id": record}
    rows = session.connection.query(plan.sql, [values[name] for name in plan.order])
    found = plan.read(rows[0]) if rows else None
    if kept is not None:
        kept[record] = found
    return found


def load_rows(
    session: Session,
    object_name: str,
    ids: Sequence[str] | None,
    action: str | None,
    *,
    limit: int = 500,
) -> list[Values]:
    """The stored values of the ids, or of the first records, those in the bin among them."""
    access = session.access
    roles = (access.roles, access.unrestricted) if action else None
    key = (roles, "rows", object_name, action, ids is None, session.as_of is not None)
    plan: _RowPlan = plans_of(session.catalog).get(
        key, lambda: _make_many(session, object_name, action, ids is None)
    )
    values = {**plan.constants, **session_binds(session), "limit": limit}
    if ids is not None:
        postgresql = session.connection.dialect == POSTGRESQL
        quoted = ",".join(ids) if postgresql else ",".join(f'"{one}"' for one in ids)
        values["ids"] = f"{{{quoted}}}" if postgresql else f"[{quoted}]"
    rows = session.connection.query(plan.sql, [values[name] for name in plan.order])
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
    columns, read = _selected(context, source)
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
    return _planned(context, statement, read)


def _make_many(
    session: Session, object_name: str, action: str | None, everything: bool
) -> _RowPlan:
    context, source = _source(session, object_name)
    columns, read = _selected(context, source)
    statement = sa.select(*(c.label(f"v{i}") for i, c in enumerate(columns)))
    record = source.column("id")
    if not everything:
        ids = sa.bindparam("ids", type_=Stored(TEXT))
        if context.dialect == POSTGRESQL:
            among = record == sa.func.any(sa.cast(ids, sa.ARRAY(sa.Uuid)))
        else:
            among = record.in_(sa.select(sa.func.json_each(ids).table_valued("value").c.value))
        statement = statement.where(among)
    allowed = context.allowed(object_name, action, source) if action else None
    if allowed is not None:
        statement = statement.where(allowed)
    limit = sa.bindparam("limit", type_=Stored(INTEGER))
    statement = statement.select_from(source.joined()).order_by(record).limit(limit)
    return _planned(context, statement, read)


def _source(session: Session, object_name: str) -> tuple[PlanContext, Source]:
    access, dialect = session.access, session.connection.dialect
    context = PlanContext(access.catalog, access, dialect, as_of=session.as_of is not None)
    return context, Source(context, object_name)


def _selected(
    context: PlanContext, source: Source
) -> tuple[list[sa.ColumnElement[Any]], Callable[[Sequence[Any]], Values]]:
    """The columns of all stored fields, and how a row of them becomes values."""
    type_ = context.objects[source.object]
    columns: list[sa.ColumnElement[Any]] = []
    readers: list[tuple[str, slice, Callable[[Sequence[Any]], Any]]] = []
    for field in (*type_.stored_fields, *type_.linked_fields):
        start = len(columns)
        columns += _columns(context, source, field)
        part = slice(start, len(columns))
        readers.append((field.name, part, reader(field, context.dialect)))
    return columns, lambda row: {name: read(row[part]) for name, part, read in readers}


def _planned(
    context: PlanContext, statement: sa.Select[Any], read: Callable[[Sequence[Any]], Values]
) -> _RowPlan:
    compiled = Compiled(statement, context.dialect)
    constants = compiled.constants | {f"c{i}": v for i, v in enumerate(context.constants)}
    return _RowPlan(compiled.sql, compiled.order, constants, read)


def _columns(context: PlanContext, source: Source, field: Field) -> list[sa.ColumnElement[Any]]:
    if field.kind.linked:
        return [linked_ids(context, source, field)]
    return [source.column(field.name, c.suffix) for c in field.columns if not c.hidden]


def empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def packed(field: Field, value: Any, dialect: str) -> dict[str, Any]:
    """The columns of a field with a canonical value, by name, in their stored form."""
    return packer(field, dialect)(value)


def packer(field: Field, dialect: str) -> Callable[[Any], dict[str, Any]]:
    """From a canonical value of a field to its columns by name, in their stored form."""
    names = [field.name + c.suffix for c in field.columns]
    encoders = [c.storage.encoder(dialect) for c in field.columns]
    nothing = dict.fromkeys(names)
    if len(names) == 1 and type(field.kind).pack is Kind.pack and not field.many:
        return _plain_packer(names[0], encoders[0], nothing)

    def pack(value: Any) -> dict[str, Any]:
        if empty(value) and not (field.many and value == []):
            return nothing
        parts = field.kind.pack(field, value)
        return {
            name: part if part is None or encode is None else encode(part)
            for name, encode, part in zip(names, encoders, parts, strict=True)
        }

    return pack


def _plain_packer(
    name: str, encode: Callable[[Any], Any] | None, nothing: dict[str, Any]
) -> Callable[[Any], dict[str, Any]]:
    if encode is None:
        return lambda value: {name: None if value == "" else value}
    return lambda value: nothing if value is None or value == "" else {name: encode(value)}


class RowWriter:
    """The statements that write one object type's rows, compiled once per set of columns."""

    def __init__(self, catalog: Catalog, type_: ObjectType, dialect: str) -> None:
        self._type = type_
        self._dialect = dialect
        self._table = tables_of(catalog).objects[type_.name]
        self._links = {
            f.name: tables_of(catalog).links[type_.name, f.name] for f in type_.linked_fields
        }
        self._compiled: dict[Any, Compiled] = {}
        self._packers = {f.name: packer(f, dialect) for f in type_.fields.values() if f.columns}

    def _statement(self, key: Any, make: Callable[[], Any]) -> Compiled:
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = Compiled(make(), self._dialect)
        return found

    def _stored(self, values: Values) -> dict[str, Any]:
        packers = self._packers
        stored: dict[str, Any] = {}
        for name, value in values.items():
            if name in packers:
                stored |= packers[name](value)
        return stored

    def insert(self, session: Session, values: Values) -> None:
        stored = self._stored(values)
        compiled = self._statement(
            ("insert", tuple(stored)),
            lambda: self._table.insert().values({n: sa.bindparam(n) for n in stored}),
        )
        session.connection.execute(compiled.sql, [stored[n] for n in compiled.order])
        self._write_links(session, values["id"], values, fresh=True)

    def update(self, session: Session, record: str, rev: int, values: Values) -> bool:
        """Write the values where the record still is at `rev`; whether it was."""
        stored = self._stored(values)
        names = tuple(stored)

        def make() -> Any:
            table = self._table
            return (
                table.update()
                .where(
                    table.c.id == sa.bindparam("the_id", type_=Stored(UUID)),
                    table.c.rev == sa.bindparam("the_rev", type_=Stored(INTEGER)),
                )
                .values({n: sa.bindparam(f"_{n}", type_=table.c[n].type) for n in names})
            )

        compiled = self._statement(("update", names), make)
        binds = {f"_{n}": v for n, v in stored.items()} | {"the_id": record, "the_rev": rev}
        touched = session.connection.execute(compiled.sql, [binds[n] for n in compiled.order])
        if touched:
            self._write_links(session, record, values, fresh=False)
        return bool(touched)

    def _write_links(self, session: Session, record: str, values: Values, *, fresh: bool) -> None:
        connection = session.connection
        for name, link in self._links.items():
            if name not in values:
                continue
            if not fresh:
                gone = self._statement(("unlink", name), partial(_unlink, link))
                connection.execute(gone.sql, [record])
            added = self._statement(("link", name), partial(_link, link))
            for position, target in enumerate(values[name] or ()):
                binds = {"source": record, "target": target, "position": position}
                connection.execute(added.sql, [binds[n] for n in added.order])


def _unlink(link: sa.Table) -> sa.Delete:
    return link.delete().where(link.c.source == sa.bindparam("source", type_=Stored(UUID)))


def _link(link: sa.Table) -> sa.Insert:
    return link.insert().values({c.name: sa.bindparam(c.name, type_=c.type) for c in link.c})


def _writers(_: Catalog) -> dict[str, RowWriter]:
    return {}


def row_writer(session: Session, type_: ObjectType) -> RowWriter:
    writers = session.catalog.derive(_writers)
    found = writers.get(type_.name)
    if found is None:
        found = writers[type_.name] = RowWriter(session.catalog, type_, session.connection.dialect)
    return found
