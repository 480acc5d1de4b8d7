"""Indexes that nobody declares: added where an older release made the tables without them."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.locks import Lock, hold
from fluvial.database.object_tables import CREATED, asked_name, index_name, tables_of
from fluvial.database.schema_changes import Ddl, count_rows
from fluvial.database.schema_locks import alter
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.storage import POSTGRESQL

from .apply import SMALL_ROWS
from .index_builds import index_states, plan_index

_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('index', 'table')",
    "postgresql": "SELECT relname::text FROM pg_class "
    "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('i', 'r')",
}


def add_standing_indexes(session: Session) -> None:
    """Build what is missing; on large tables of PostgreSQL a worker does, beside the others."""
    connection = session.connection
    if not _without(session):
        return
    with connection.transaction():
        hold(connection, Lock.SETUP)
        for type_, index in _without(session):
            _add(connection, type_, index)


def _without(session: Session) -> list[tuple[ObjectType, sa.Index]]:
    """The indexes that tables are without, and that nobody is about to build."""
    connection = session.connection
    there = {row[0] for row in connection.query(_NAMES[connection.dialect])}
    there.update(one["name"] for one in index_states(connection))
    tables = tables_of(session.catalog).objects
    return [
        (type_, index)
        for type_ in session.catalog.objects.values()
        if type_.name in there and not _standing(type_) <= there
        for index in sorted(tables[type_.name].indexes, key=lambda one: str(one.name))
        if str(index.name) in _standing(type_) - there
    ]


def _standing(type_: ObjectType) -> set[str]:
    asked = {asked_name(type_, key) for key in type_.asked}
    return {index_name(type_.name, CREATED), *asked}


def _add(connection: Connection, type_: ObjectType, index: sa.Index) -> None:
    ddl = Ddl(connection.dialect)
    ddl.operations.execute(sa.schema.CreateIndex(index, if_not_exists=True))
    statements = ddl.take()
    if connection.dialect == POSTGRESQL and count_rows(connection, type_.name) > SMALL_ROWS:
        plan_index(connection, f"{type_.name}.{index.name}", statements)
    else:
        alter(connection, statements)
