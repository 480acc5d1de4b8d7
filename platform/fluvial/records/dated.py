"""Dated object types: records hold in [from, until), without overlap for equal keys.

The check runs in the transaction of the write. On SQLite there is one writer at a time; on
PostgreSQL an advisory lock on the key keeps a second writer of the same key waiting.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.objects import tables_of
from fluvial.database.statement import Compiled
from fluvial.session import Session
from metamodel.catalog import Dated, ObjectType
from metamodel.storage import DATE, POSTGRESQL, UUID

from .draft import Draft
from .plan import plans_of
from .rows import Values, packed


def check_period(draft: Draft, *, always: bool = False) -> None:
    """A period that begins before it ends and overlaps no other with the same key."""
    dated = draft.type.dated
    if dated is None:
        return
    if not always and not draft.changed & {dated.from_, dated.until, *dated.per}:
        return
    fields = draft.type.fields
    start, end = draft.values.get(dated.from_), draft.values.get(dated.until)
    if start is None:
        draft.fault(dated.from_, "required", f"{fields[dated.from_].label} is needed.")
        return
    if end is not None and end <= start:
        message = (
            f"{fields[dated.until].label} has to be after {fields[dated.from_].label.lower()}."
        )
        draft.fault(dated.until, "ends_before_start", message)
        return
    other = _overlapping(draft.session, draft.type, dated, draft.id, draft.values)
    if other is not None:
        from_, until = other
        span = f"from {from_}" + (f" until {until}" if until else " without end")
        keys = " and ".join(fields[name].label.lower() for name in dated.per)
        message = f"There is one for the same {keys} {span} already. Change its dates, or these."
        draft.fault(dated.from_, "overlap", message)


def _overlapping(
    session: Session, type_: ObjectType, dated: Dated, record: str, values: Values
) -> tuple[Any, Any] | None:
    connection = session.connection
    dialect = connection.dialect
    stored: dict[str, Any] = {}
    for name in dated.per:
        stored |= packed(type_.fields[name], values.get(name), dialect)
    if any(value is None for value in stored.values()):
        return None
    if dialect == POSTGRESQL:
        key = hashlib.sha256(repr((type_.name, sorted(stored.items()))).encode()).digest()
        lock = int.from_bytes(key[:8], "big", signed=True)
        connection.query("SELECT pg_advisory_xact_lock($1)", [lock])
    end = values.get(dated.until)

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[type_.name]
        from_, until = table.c[dated.from_], table.c[dated.until]
        the_start = sa.bindparam("the_start", type_=Stored(DATE))
        statement = sa.select(from_, until).where(
            *(table.c[name] == sa.bindparam(f"k_{name}", type_=Stored(UUID)) for name in stored),
            table.c.id != sa.bindparam("the_id", type_=Stored(UUID)),
            table.c.deleted_at.is_(None),
            sa.or_(until.is_(None), until > the_start),
        )
        if end is not None:
            statement = statement.where(from_ < sa.bindparam("the_end", type_=Stored(DATE)))
        return Compiled(statement.limit(sa.literal_column("1")), dialect)

    compiled: Compiled = plans_of(session.catalog).get(("overlap", type_.name, end is None), make)
    binds = {f"k_{name}": value for name, value in stored.items()}
    binds |= {"the_id": record, "the_start": values[dated.from_].isoformat()}
    if end is not None:
        binds["the_end"] = end.isoformat()
    rows = connection.query(
        compiled.sql, [{**compiled.constants, **binds}[name] for name in compiled.order]
    )
    return (rows[0][0], rows[0][1]) if rows else None
