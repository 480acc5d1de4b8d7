"""Purging: retired columns and their values are dropped for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fluvial.database.connection import Connection
from fluvial.database.object_tables import link_name
from fluvial.database.schema_changes import Columns
from fluvial.database.schema_locks import LockedError, alter
from fluvial.kernel.problems import Conflict, Forbidden, NotFound
from fluvial.records.drafts.dated_fields import purge_days
from fluvial.records.drafts.state_log import purge_spans
from fluvial.records.reading.link_values import forget_said
from fluvial.runtime.session import Session
from metamodel.reach import Reach
from metamodel.storage import SQLITE

from .apply import note_revision
from .backfill import MARKER
from .pending_change import drop_column
from .put_away import put_away_by_others
from .retired_columns import RetiredColumn, forget, retired_columns
from .retype import unguard
from .widening import covers

GRACE = timedelta(seconds=60)  # calls that began before the field went may still read it


def retired_list(connection: Connection) -> list[dict[str, Any]]:
    """The retired columns with what they hold."""
    columns = Columns.read(connection)
    return [
        {
            "object": column.object,
            "field": column.field,
            "column": column.column,
            "kind": column.kind,
            "retired_at": column.at,
            "cause": column.cause,
            "values": _held(connection, column, columns),
        }
        for column in retired_columns(connection)
    ]


def _held(connection: Connection, column: RetiredColumn, columns: Columns) -> int:
    """How many records have a value in it."""
    field = column.as_field()
    if field.kind.linked:
        table = link_name(field)
        sql = f'SELECT count(DISTINCT source) FROM "{table}"'
        return int(connection.query(sql)[0][0]) if table in columns.tables else 0
    first = f"{field.base}{field.columns[0].suffix}"
    if first not in columns.tables.get(column.object, ()):
        return 0
    return int(connection.query(f'SELECT count("{first}") FROM "{column.object}"')[0][0])


def purge(session: Session, object: str, field: str) -> list[str]:
    """Drop the retired columns of a field for good; what was dropped."""
    connection = session.connection
    try:
        if connection.dialect == SQLITE and not connection.in_transaction:
            _drop_by_turns(connection, _to_purge(session, object, field))
        with connection.transaction():
            found = _to_purge(session, object, field)
            columns = Columns.read(connection)
            alter(connection, [s for c in found for s in _dropping(connection, c, columns)])
            for column in found:
                forget(connection, column.object, column.column)
                forget_said(connection, column.as_field())
            purge_days(session, object, field)
            purge_spans(session, object, field)
            note_revision(session, f"Purged {object}.{field}", [])
    except LockedError as error:
        raise Conflict(
            "These records are in use. Try again.", headers={"Retry-After": "2"}
        ) from error
    return [f"{c.object}.{c.column}" for c in found]


def _to_purge(session: Session, object: str, field: str) -> list[RetiredColumn]:
    retired = retired_columns(session.connection)
    found = [c for c in retired if (c.object, c.field) == (object, field)]
    if not found:
        raise NotFound(f"No values are kept of `{object}.{field}`.")
    _refuse_others(session, object, field)
    if any(session.now - c.at < GRACE for c in found):
        raise Conflict(
            "It was retired less than a minute ago, and calls in progress may still "
            "read it. Wait a minute.",
            headers={"Retry-After": "60"},
        )
    return found


def _drop_by_turns(connection: Connection, found: Sequence[RetiredColumn]) -> None:
    """SQLite writes the whole table anew for each column: others write in between.

    What is cut off goes on with the next purge, since the columns count as retired until the end.
    """
    columns = Columns.read(connection)
    for statement in [s for c in found for s in _dropping(connection, c, columns)]:
        with connection.transaction():
            connection.script(statement)


def _refuse_others(session: Session, object: str, field: str) -> None:
    """Values are gone for good: those of a field that somebody may change, or has taken out."""
    if session.access.admin:
        return
    target = f"{object}.{field}"
    type_ = session.catalog.objects.get(object)
    if type_ is not None and field in type_.fields:
        reach = Reach("", "update", object, field, everywhere=True)
        why = covers(session.access, session.catalog, reach)
    else:
        others = put_away_by_others(session, [target])
        why = f"Somebody else has put {target} away." if others else ""
    if why:
        raise Forbidden(f"{why} Ask an administrator to purge it.")


def _dropping(connection: Connection, column: RetiredColumn, columns: Columns) -> list[str]:
    field = column.as_field()
    table = link_name(field) if field.kind.linked else field.object
    if table not in columns.tables:
        return []
    statements = unguard(field, connection.dialect)
    names = [f"{field.base}{c.suffix}" for c in field.columns]
    if field.kind.linked:
        statements.append(f'DROP TABLE "{table}"')
    marker = f"{field.base}{MARKER}"
    for name in [n for n in (*names, marker) if n in columns.tables.get(field.object, ())]:
        statements += drop_column(connection, field.object, name)
    return statements
