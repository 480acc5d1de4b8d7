"""Record numbers: given when a record is stored, or first meets a condition, never twice.

Gap-free numbers are counted in a row of the transaction that uses them, so a writer waits for
the one before it. Others come from the database's own sequences on PostgreSQL, which nobody
waits for; SQLite has one writer at a time anyway, and counts all of them in rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.engine_tables import SEQUENCE
from fluvial.database.locks import hold_named
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.storage import POSTGRESQL

from .draft import Draft
from .issued_numbers import counter_of, day_of, is_due, series_of
from .numbers_there import highest


def _counting(insert: Any, value: Any) -> Statement:
    t = SEQUENCE
    made = insert(t).values({c.name: param(c.name, c) for c in t.c})
    return Statement(
        made.on_conflict_do_update(
            index_elements=[t.c.object, t.c.field, t.c.period], set_={"value": value(made, t)}
        ).returning(t.c.value)
    )


def _next(made: Any, t: sa.Table) -> Any:
    return t.c.value + made.excluded.value


def _larger(made: Any, t: sa.Table) -> Any:
    return sa.case((made.excluded.value > t.c.value, made.excluded.value), else_=t.c.value)


_NEXT = {False: _counting(sqlite.insert, _next), True: _counting(postgresql.insert, _next)}
_RAISE = {False: _counting(sqlite.insert, _larger), True: _counting(postgresql.insert, _larger)}

_known: set[tuple[str, str]] = set()  # (database, sequence) that this process has seen


def number(drafts: Sequence[Draft]) -> None:
    """Give drafts of one object type the numbers that are due, in their order."""
    session = drafts[0].session
    for field in drafts[0].type.numbered_fields:
        _go_on_behind(session, field, drafts)
        waiting: dict[str, list[Draft]] = {}
        for draft in drafts:
            if is_due(draft, field):
                waiting.setdefault(counter_of(draft, field), []).append(draft)
        # In one order, so that two writers do not wait for each other's counters.
        for counter, due in sorted(waiting.items()):
            _give(session, field, counter, due)


def _go_on_behind(session: Session, field: Field, drafts: Sequence[Draft]) -> None:
    """Numbers that new records bring from elsewhere are not given once more."""
    brought: dict[str, list[Any]] = {}
    for draft in drafts:
        value = draft.values.get(field.name)
        if draft.new and value is not None and field.name not in draft.numbered:
            brought.setdefault(series_of(draft, field), []).append(value)
    for series, values in sorted(brought.items()):
        raise_counters(session, field, values, series)


def _give(session: Session, field: Field, counter: str, drafts: Sequence[Draft]) -> None:
    take = _from_sequence if _has_sequence(session, field) else _from_row
    numbers = take(drafts[0], field, counter, len(drafts))
    for draft, number_ in zip(drafts, numbers, strict=True):
        draft.set(field.name, field.kind.numbered(field, number_, day_of(draft, field)))
        draft.numbered.add(field.name)


def forget_numbers(drafts: Sequence[Draft]) -> None:
    """Take numbers back from drafts that were not written: the counters went back as well."""
    for draft in drafts:
        for name in draft.numbered:
            draft.set(name, None)
        draft.numbered.clear()


def _has_sequence(session: Session, field: Field) -> bool:
    return session.connection.dialect == POSTGRESQL and not field.option("gap_free")


def _from_row(draft: Draft, field: Field, counter: str, count: int) -> Iterable[int]:
    last = _counted(draft.session, _NEXT, field, counter, count)
    if last == count and (there := highest(draft, field)):  # the counter is new
        last = _counted(draft.session, _NEXT, field, counter, there)
    return range(last - count + 1, last + 1)


def _counted(
    session: Session, statements: Mapping[bool, Statement], field: Field, counter: str, value: int
) -> int:
    row = statements[session.connection.dialect == POSTGRESQL].row(
        session.connection, object=field.object, field=field.name, period=counter, value=value
    )
    assert row is not None
    return int(row[0])


def _from_sequence(draft: Draft, field: Field, counter: str, count: int) -> Iterable[int]:
    connection = draft.session.connection
    name = _sequence(draft.session, field, counter, lambda: highest(draft, field))
    if count == 1:
        rows = connection.query("SELECT nextval($1::regclass)", [name])
    else:
        several = "SELECT nextval($1::regclass) FROM generate_series(1, $2::int)"
        rows = connection.query(several, [name, count])
    return (int(row[0]) for row in rows)


def _sequence(
    session: Session, field: Field, counter: str, there: Callable[[], int] = lambda: 0
) -> str:
    """The name of a counter's sequence, which is made at its first use, behind what is there."""
    name, lock = _named(f"{field.object}.{field.name}.{counter}")
    key = (session.engine.settings.database_url, name)
    if key not in _known:
        connection = session.connection
        hold_named(connection, "sequence", name)
        if connection.query("SELECT to_regclass($1::text)", [name])[0][0] is None:
            connection.script(f"CREATE SEQUENCE {name} START {there() + 1}")
        connection.after_commit(lambda: _known.add(key))
    return name


@lru_cache(maxsize=1_000)
def _named(counter: str) -> tuple[str, int]:
    """The name of a counter's sequence, and the number of the lock under which it is made."""
    digest = hashlib.sha256(counter.encode()).hexdigest()
    return f"fluvial_number_{digest[:32]}", int(digest[:15], 16)


def raise_counters(session: Session, field: Field, values: Iterable[Any], series: str = "") -> None:
    """Let the counters of a series go on behind numbers that were given elsewhere."""
    last: dict[str, int] = {}
    for value in values:
        counted = field.kind.counted(field, value)
        if counted is not None:
            period, number_ = counted
            last[period + series] = max(number_, last.get(period + series, 0))
    for counter, number_ in sorted(last.items()):
        if _has_sequence(session, field):
            name = _sequence(session, field, counter)
            session.connection.query(
                f"SELECT setval($1::regclass, greatest($2::bigint, last_value)) FROM {name}",
                [name, number_],
            )
        else:
            _counted(session, _RAISE, field, counter, number_)
