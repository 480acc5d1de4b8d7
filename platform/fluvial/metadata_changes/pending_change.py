"""Changes that wait: values of a large table are copied first, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import PENDING
from fluvial.database.schema_changes import Columns
from fluvial.database.schema_locks import alter
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.runtime.session import Session
from metamodel.storage import SQLITE

from .backfill import MARKER
from .change import MetadataChange, Prepared
from .kept_documents import change_of, kept_documents
from .retired_columns import retired_columns
from .retype import Retype, guard, unguard

COPYING, DONE, FAILED, CANCELLED = "copying", "done", "failed", "cancelled"

_p = PENDING.c
_COLUMNS = (
    _p.id, _p.at, _p.by, _p.note, _p.state, _p.error, _p.documents, _p.take_out, _p.make,
    _p.columns, _p.progress, _p.revision, _p.packages, _p.whole,
)  # fmt: skip
_ADD = insert(PENDING)
_ALL = Statement(sa.select(*_COLUMNS).order_by(_p.at.desc(), _p.id).limit(100))
_ONE = Statement(sa.select(*_COLUMNS).where(_p.id == param("the_id", _p.id)))
_LOCKED = Statement(sa.select(_p.state).where(_p.id == param("the_id", _p.id)).with_for_update())
_OPEN = Statement(
    sa.select(*_COLUMNS)
    .where(_p.state == sa.literal(COPYING, _p.state.type))
    .order_by(_p.at, _p.id)
)
_SET = Statement(
    PENDING.update()
    .where(_p.id == param("the_id", _p.id))
    .values(
        state=sa.bindparam("the_state", type_=_p.state.type),
        error=sa.bindparam("the_error", type_=_p.error.type),
        revision=sa.bindparam("the_revision", type_=_p.revision.type),
    )
)
_NOTE = Statement(
    PENDING.update()
    .where(_p.id == param("the_id", _p.id))
    .values(progress=sa.bindparam("the_progress", type_=_p.progress.type))
)


@dataclass
class Pending:
    """A change that is under way."""

    id: str
    at: datetime
    by: str | None
    note: str
    state: str
    error: str
    documents: list[dict[str, Any]]
    take_out: bool
    make: list[str]
    columns: dict[str, str]
    progress: dict[str, dict[str, Any]]
    revision: int | None
    packages: dict[str, str | None] | None
    whole: bool | None

    def change(self) -> MetadataChange:
        return change_of(
            self.documents,
            note=self.note,
            take_out=self.take_out,
            make=self.make,
            packages=self.packages or {},
            whole=bool(self.whole),
            columns=self.columns,
            pending=self.id,
        )

    @property
    def copied(self) -> int:
        return sum(int(one["copied"]) for one in self.progress.values())

    @property
    def rows(self) -> int:
        return sum(int(one["rows"]) for one in self.progress.values())

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at,
            "by": {"user": self.by} if self.by else None,
            "note": self.note,
            "state": self.state,
            "error": self.error,
            "documents": [f"{entry['kind']}/{entry['name']}" for entry in self.documents],
            "progress": {
                target: {"copied": one["copied"], "rows": one["rows"]}
                for target, one in self.progress.items()
            },
            "revision": self.revision,
        }


def pending_changes(connection: Connection) -> list[Pending]:
    """The newest first."""
    return [Pending(*row) for row in _ALL.rows(connection)]


def open_changes(connection: Connection) -> list[Pending]:
    """Those that are under way, the oldest first."""
    return [Pending(*row) for row in _OPEN.rows(connection)]


def pending_change(connection: Connection, id: str) -> Pending:
    row = _ONE.row(connection, the_id=id)
    if row is None:
        raise NotFound("There is no such change in progress.")
    return Pending(*row)


def refuse_touched(connection: Connection, prepared: Prepared, own: str | None) -> None:
    """A document whose change is under way is not changed by another one meanwhile."""
    for pending in open_changes(connection):
        if pending.id == own:
            continue
        places = {(one["kind"], one["name"]) for one in pending.documents}
        touched = sorted("/".join(key) for _, key in prepared.after if key in places)
        if touched:
            raise Conflict(
                f"{touched[0]} is being changed: its values are being copied. Wait for the "
                f"plan {pending.id}, or cancel it.",
                headers={"Retry-After": "5"},
                plan=pending.id,
            )


def reopened(retype: Retype, dialect: str) -> list[str]:
    """Statements that let columns from before be written again."""
    return unguard(retype.new, dialect) if retype.reused else []


def begin(session: Session, change: MetadataChange, prepared: Prepared) -> None:
    """Make the new columns, and leave copying and switching to the workers."""
    connection = session.connection
    alter(connection, _expanding(connection, prepared))
    rows = {o.target: o.rows for o in prepared.retypes_of()}
    change.pending = new_id()
    change.operations = prepared.operations
    _ADD.run(
        connection,
        id=change.pending,
        at=session.now,
        by=session.actor.id,
        note=change.note,
        state=COPYING,
        error="",
        documents=kept_documents(change),
        take_out=change.take_out,
        make=sorted(change.make),
        columns={
            **{r.target: r.new.base for r in prepared.retypes},
            **{o.target: "" for o in prepared.operations if o.op == "add_object"},
        },
        progress={
            target: {"copied": 0, "rows": count, "after": "", "passes": 0}
            for target, count in rows.items()
        },
        revision=None,
        packages=dict(change.packages),
        whole=change.whole,
    )
    session.engine.woken(connection, "changes")


def _expanding(connection: Connection, prepared: Prepared) -> list[str]:
    """The statements that make new tables and columns, beside what is there."""
    there = Columns.read(connection).tables
    statements = []
    for operation in prepared.operations:
        if operation.op in ("add_object", "retype_field"):
            statements += operation.statements
    for retype in prepared.retypes:
        statements += reopened(retype, connection.dialect)
        marker = f"{retype.new.base}{MARKER}"
        if marker not in there[retype.new.object]:
            statements.append(f'ALTER TABLE "{retype.new.object}" ADD COLUMN "{marker}" BIGINT')
    return statements


def note_progress(connection: Connection, pending: Pending) -> None:
    _NOTE.run(connection, the_id=pending.id, the_progress=pending.progress)


def end(
    connection: Connection, id: str, state: str, error: str = "", revision: int | None = None
) -> None:
    _SET.run(connection, the_id=id, the_state=state, the_error=error, the_revision=revision)


def still_open(connection: Connection, id: str) -> bool:
    """Whether it is under way; nobody ends it before this transaction does."""
    row = _LOCKED.row(connection, the_id=id)
    return row is not None and row[0] == COPYING


def give_up(connection: Connection, pending: Pending, state: str, error: str = "") -> None:
    """Leave the change out: its new columns go, and those from before are kept as they were."""
    there = Columns.read(connection).tables
    kept = {(c.object, c.column): c for c in retired_columns(connection)}
    statements: list[str] = []
    tables = [name for name in pending.columns if "." not in name]
    for target, base in pending.columns.items():
        object = target.partition(".")[0]
        if object in tables:
            continue
        retired = kept.get((object, base))
        if retired is not None:
            field = retired.as_field()
            statements += unguard(field, connection.dialect) + guard(field, connection.dialect)
            continue
        for name in sorted(there.get(object, ())):
            if name == base or name.startswith(f"{base}__"):
                statements += drop_column(connection, object, name)
        if f"{object}__{base}" in there:
            statements.append(f'DROP TABLE "{object}__{base}"')
    for name in sorted(there, reverse=True):  # those of links before those of their records
        if name.partition("__")[0] in tables:
            statements.append(f'DROP TABLE "{name}"')
    alter(connection, statements)
    end(connection, pending.id, state, error)


def drop_column(connection: Connection, table: str, column: str) -> list[str]:
    """Statements that drop a column in place, with the indexes that SQLite would trip over.

    A copy of the table in its place would let go the rows of others that refer to it.
    """
    dropped = []
    if connection.dialect == SQLITE:
        sql = (
            "SELECT DISTINCT l.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i "
            "WHERE i.name = ?"
        )
        indexes = connection.query(sql, [table, column])
        dropped = [f'DROP INDEX IF EXISTS "{row[0]}"' for row in indexes]
    return [*dropped, f'ALTER TABLE "{table}" DROP COLUMN "{column}"']


def cancel(session: Session, id: str) -> Pending:
    """Cancel it; everything stays as it is."""
    connection = session.connection
    with connection.transaction():
        pending = pending_change(connection, id)
        if not still_open(connection, id):
            raise Conflict(f"It is already {pending.state}.")
        give_up(connection, pending, CANCELLED)
    return pending_change(connection, id)
