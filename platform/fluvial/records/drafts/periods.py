"""Dated object types: records hold in [from, until), without overlap for equal keys.

The check runs in the transaction of the write and says what stands in the way. On SQLite there
is one writer at a time; on PostgreSQL an exclusion constraint refuses what another writer was
faster with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.session import Session
from metamodel.catalog import Dated, ObjectType
from metamodel.storage import UUID, timestamp_wire

from .codec import packed
from .draft import Draft
from .rows import Values

OVERLAP = "overlap"


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
        draft.fault(dated.from_, "required", f"{fields[dated.from_].label} is required.")
        return
    if end is not None and end <= start:
        message = f"{fields[dated.until].label} must be after {fields[dated.from_].label.lower()}."
        draft.fault(dated.until, "ends_before_start", message)
        return
    _settle_overlapping(draft, dated, start, end)
    other = _overlapping(draft.session, draft.type, dated, draft.id, draft.values)
    if other is not None:
        draft.fault(dated.from_, OVERLAP, _message(draft.type, dated, _span(*other)))


def _settle_overlapping(draft: Draft, dated: Dated, start: Any, end: Any) -> None:
    """Write what waits where it may overlap this draft, so that the question finds it."""
    ahead = draft.session.ahead
    if ahead is None:
        return
    key = repr([draft.values.get(name) for name in dated.per])
    if any(_meet(start, end, *other) for other in ahead.periods.get(key, ())):
        ahead.settle()
    ahead.periods.setdefault(key, []).append((start, end))
    if draft.before is not None:  # where it still stands while it waits
        key = repr([draft.before.get(name) for name in dated.per])
        stood = draft.before.get(dated.from_), draft.before.get(dated.until)
        ahead.periods.setdefault(key, []).append(stood)


def _meet(start: Any, end: Any, other_start: Any, other_end: Any) -> bool:
    begins = other_end is None or start is None or start < other_end
    return begins and (end is None or other_start is None or other_start < end)


def overlap_fault(draft: Draft) -> Problem:
    """The problem of a period that somebody else has taken a moment before."""
    dated = draft.type.dated
    assert dated is not None
    message = _message(draft.type, dated, "at the same time")
    errors = [fault(f"{draft.pointer}/{dated.from_}", OVERLAP, message)]
    return Unprocessable(message, errors=errors)


def _message(type_: ObjectType, dated: Dated, span: str) -> str:
    keys = " and ".join(type_.fields[name].label.lower() for name in dated.per)
    return f"There is already one for the same {keys} {span}. Change its dates, or these."


def _span(start: Any, end: Any) -> str:
    """A period in words, with its last day where it is of whole days."""
    if end is None:
        return f"from {start} without end"
    if isinstance(end, datetime):
        return f"from {timestamp_wire(start)} until {timestamp_wire(end)}"
    return f"from {start}, last day {end - timedelta(days=1)}"


def _overlapping(
    session: Session, type_: ObjectType, dated: Dated, record: str, values: Values
) -> tuple[Any, Any] | None:
    connection = session.connection
    dialect = connection.dialect
    stored: dict[str, Any] = {}
    for name in dated.per:
        columns = packed(type_.fields[name], values.get(name), dialect)
        if all(value is None for value in columns.values()):
            return None
        stored |= columns
    end = values.get(dated.until)
    given = tuple(name for name, value in stored.items() if value is not None)

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[type_.name]
        keys = [
            table.c[name] == sa.bindparam(f"k_{name}", type_=table.c[name].type)
            if name in given
            else table.c[name].is_(None)
            for name in stored
        ]
        return Compiled(_first_overlap(table, dated, keys, ends=end is not None), dialect)

    key = ("overlap", type_.name, end is None, given)
    compiled: Compiled = plans_of(session.catalog).get(key, make)
    start_of, end_of = (type_.fields[n].columns[0].storage for n in (dated.from_, dated.until))
    binds = {f"k_{name}": stored[name] for name in given}
    binds |= {"the_id": record, "the_start": start_of.encode(dialect, values[dated.from_])}
    if end is not None:
        binds["the_end"] = end_of.encode(dialect, end)
    rows = connection.query(
        compiled.sql, [{**compiled.constants, **binds}[name] for name in compiled.order]
    )
    if not rows:
        return None
    return start_of.decode(dialect, rows[0][0]), end_of.decode(dialect, rows[0][1])


def _first_overlap(
    table: sa.Table, dated: Dated, keys: Sequence[sa.ColumnElement[bool]], *, ends: bool
) -> sa.Select[Any]:
    """The period of another record with equal keys that holds on a day of the period asked for."""
    from_, until = table.c[dated.from_], table.c[dated.until]
    statement = sa.select(from_, until).where(
        *keys,
        table.c.id != sa.bindparam("the_id", type_=Stored(UUID)),
        table.c.deleted_at.is_(None),
        sa.or_(until.is_(None), until > sa.bindparam("the_start", type_=from_.type)),
    )
    if ends:
        statement = statement.where(from_ < sa.bindparam("the_end", type_=until.type))
    return statement.limit(sa.literal_column("1"))
