"""Indexes of large tables on PostgreSQL: built beside the others' work, after the change.

planned: nobody has begun; building: a worker is at it, or died over it; valid: in use;
failed: there are equal values. An index that was cut off is dropped and built again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import BusyError, Connection, DatabaseError, UniqueError
from fluvial.database.engine_tables import INDEX
from fluvial.database.locks import Lock, alone
from fluvial.database.statement import Statement, insert, param
from fluvial.runtime.engine import Engine
from metamodel.storage import POSTGRESQL

log = logging.getLogger("fluvial.indexing")


_i = INDEX.c
_ADD = insert(INDEX)
_DROP = Statement(INDEX.delete().where(_i.name == param("the_name", _i.name)))
_ALL = Statement(sa.select(_i.name, _i.object, _i.state, _i.error).order_by(_i.name))
_OPEN = Statement(
    sa.select(_i.name, _i.statement)
    .where(
        _i.state.in_([sa.literal("planned", _i.state.type), sa.literal("building", _i.state.type)])
    )
    .order_by(_i.name)
    .limit(1)
)
_SET = Statement(
    INDEX.update()
    .where(_i.name == param("the_name", _i.name))
    .values(
        state=sa.bindparam("the_state", type_=_i.state.type),
        error=sa.bindparam("the_error", type_=_i.error.type),
    )
)


def plan_index(connection: Connection, target: str, statements: Sequence[str]) -> None:
    """Leave an index to the workers. `target` is its object and its name."""
    object, _, name = target.partition(".")
    _DROP.run(connection, the_name=name)
    (statement,) = statements
    _ADD.run(connection, name=name, object=object, statement=statement, state="planned", error="")


def forget_index(connection: Connection, name: str) -> None:
    _DROP.run(connection, the_name=name)


def retry_index(connection: Connection, name: str) -> None:
    _SET.run(connection, the_name=name, the_state="planned", the_error="")


def index_states(connection: Connection) -> list[dict[str, Any]]:
    return [
        {"name": name, "object": object, "state": state, "error": error}
        for name, object, state, error in _ALL.rows(connection)
    ]


def index_is_there(connection: Connection, name: str) -> bool:
    """Whether PostgreSQL has the index and uses it."""
    rows = connection.query(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", [f'"{name}"']
    )
    return bool(rows) and bool(rows[0][0])


def run(engine: Engine) -> bool:
    """Build the next index; whether there may be more to build."""
    if engine.database.dialect != POSTGRESQL:
        return False
    connection = engine.database.connection()
    if not _OPEN.rows(connection):
        return False
    with alone(connection, Lock.INDEXES) as mine:
        row = _OPEN.row(connection) if mine else None
        if row is not None:
            build(connection, *row)
    return mine


def build(connection: Connection, name: str, statement: str) -> None:
    """Build it, and note how that ended."""
    _SET.run(connection, the_name=name, the_state="building", the_error="")
    error = create_beside(connection, name, statement)
    state = "failed" if error else "valid"
    if not _SET.run(connection, the_name=name, the_state=state, the_error=error):
        connection.script(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')  # wanted no more


def create_beside(connection: Connection, name: str, statement: str) -> str:
    """Create an index without keeping anybody from writing; why not, where it cannot be."""
    if index_is_there(connection, name):
        return ""
    connection.script(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
    try:
        connection.script(statement.replace(" INDEX ", " INDEX CONCURRENTLY ", 1))
    except BusyError:
        connection.script(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
        raise
    except (UniqueError, DatabaseError) as error:
        log.warning("%s: %s", name, error)
        connection.script(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
        if isinstance(error, UniqueError):
            return "Some records have the same values, so the key is not unique yet."
        return str(error)
    return ""
