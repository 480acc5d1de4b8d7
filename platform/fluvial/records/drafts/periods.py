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
from fluvial.database.id_lists import among_ids, id_list
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
_THE_ID: sa.BindParameter[Any] = sa.bindparam("the_id", type_=Stored(UUID))


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
    if draft.session.ahead is None:  # those of a batch are judged when all of it is known
        _check_overlap(draft, dated, ())


def judge_periods(drafts: Sequence[Draft], *, apart: bool) -> list[Draft]:
    """Those of complete drafts that overlap another of them, or a record that stays as it is.

    They are judged by what all of them become together, in whatever order they are written.
    `apart` says that the others are written even where some are refused.
    """
    dated = drafts[0].type.dated
    moving = [draft for draft in drafts if dated is not None and moves(draft, dated)]
    refused: list[Draft] = []
    while moving:
        again = _first_overlaps(moving)
        refused += again
        if not (again and apart):
            break
        # They stay where they were: the others may meet them there.
        moving = [draft for draft in moving if not draft.faults]
    return refused


def _first_overlaps(moving: Sequence[Draft]) -> list[Draft]:
    refused: list[Draft] = []
    ids = [draft.id for draft in moving if not draft.new]
    placed: dict[str, list[tuple[Any, Any]]] = {}
    for draft in moving:
        dated = draft.type.dated
        assert dated is not None
        key, period = place_of(dated, draft.values)
        others = placed.setdefault(key, [])
        met = next((other for other in others if meet(*period, *other)), None)
        if met is not None:
            draft.fault(dated.from_, OVERLAP, _message(draft.type, dated, span_words(*met)))
        else:
            _check_overlap(draft, dated, ids)
        if draft.faults:
            refused.append(draft)
        elif key:
            others.append(period)
    return refused


def moves(draft: Draft, dated: Dated) -> bool:
    """Whether a draft holds at another time, or for another key, than its record."""
    return draft.new or bool(draft.changed & {dated.from_, dated.until, *dated.per})


def place_of(dated: Dated, values: Values) -> tuple[str, tuple[Any, Any]]:
    """The key as text, "" where it is empty, and the period."""
    key = [values.get(name) for name in dated.per]
    period = values.get(dated.from_), values.get(dated.until)
    return (repr(key) if any(one is not None for one in key) else ""), period


def _check_overlap(draft: Draft, dated: Dated, moving: Sequence[str]) -> None:
    """Another record with the same key that holds at the same time; `moving` ones will not."""
    other = _overlapping(draft.session, draft.type, dated, [draft.id, *moving], draft.values)
    if other is not None:
        draft.fault(dated.from_, OVERLAP, _message(draft.type, dated, span_words(*other)))


def meet(start: Any, end: Any, other_start: Any, other_end: Any) -> bool:
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


def span_words(start: Any, end: Any) -> str:
    """A period in words, with its last day where it is of whole days."""
    if end is None:
        return f"from {start} without end"
    if isinstance(end, datetime):
        return f"from {timestamp_wire(start)} until {timestamp_wire(end)}"
    return f"from {start}, last day {end - timedelta(days=1)}"


def _overlapping(
    session: Session, type_: ObjectType, dated: Dated, records: Sequence[str], values: Values
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
    several = len(records) > 1

    key = ("overlap", type_.name, end is None, given, several)
    compiled: Compiled = plans_of(session.catalog).get(
        key, lambda: _overlap_plan(session, type_, tuple(stored), *key[2:])
    )
    start_of, end_of = (type_.fields[n].columns[0].storage for n in (dated.from_, dated.until))
    binds = {f"k_{name}": stored[name] for name in given}
    binds |= {"ids": id_list(dialect, records)} if several else {"the_id": records[0]}
    binds["the_start"] = start_of.encode(dialect, values[dated.from_])
    if end is not None:
        binds["the_end"] = end_of.encode(dialect, end)
    rows = connection.query(
        compiled.sql, [{**compiled.constants, **binds}[name] for name in compiled.order]
    )
    if not rows:
        return None
    return start_of.decode(dialect, rows[0][0]), end_of.decode(dialect, rows[0][1])


def _overlap_plan(
    session: Session,
    type_: ObjectType,
    columns: tuple[str, ...],
    open_: bool,
    given: tuple[str, ...],
    several: bool,
) -> Compiled:
    assert type_.dated is not None
    dialect, table = session.connection.dialect, tables_of(session.catalog).objects[type_.name]
    keys = [
        table.c[name] == sa.bindparam(f"k_{name}", type_=table.c[name].type)
        if name in given
        else table.c[name].is_(None)
        for name in columns
    ]
    others = ~among_ids(table.c.id, dialect) if several else table.c.id != _THE_ID
    statement = _first_overlap(table, type_.dated, [others, *keys], ends=not open_)
    return Compiled(statement, dialect)


def _first_overlap(
    table: sa.Table, dated: Dated, keys: Sequence[sa.ColumnElement[bool]], *, ends: bool
) -> sa.Select[Any]:
    """The period of another record with equal keys that holds on a day of the period asked for."""
    from_, until = table.c[dated.from_], table.c[dated.until]
    statement = sa.select(from_, until).where(
        *keys,
        table.c.deleted_at.is_(None),
        sa.or_(until.is_(None), until > sa.bindparam("the_start", type_=from_.type)),
    )
    if ends:
        statement = statement.where(from_ < sa.bindparam("the_end", type_=until.type))
    return statement.limit(sa.literal_column("1"))
