"""Record numbers: given when a record is stored, never twice.

Gap-free numbers are counted in a row of the transaction that uses them, so a writer waits for
the one before it. Others come from the database's own sequences on PostgreSQL, which nobody
waits for; SQLite has one writer at a time anyway, and counts all of them in rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
    """Give new records of one object type their numbers, in their order."""
    session = drafts[0].session
    for field in drafts[0].type.numbered_fields:
        period = field.kind.period(field, session.today)
        waiting = [d for d in drafts if d.values.get(field.name) is None]
        if period is None or not waiting:
            continue
        take = _from_sequence if _has_sequence(session, field) else _from_row
        numbers = take(session, field, period, len(waiting))
        for draft, number_ in zip(waiting, numbers, strict=True):
            draft.set(field.name, field.kind.numbered(field, number_, session.today))


def _has_sequence(session: Session, field: Field) -> bool:
    return session.connection.dialect == POSTGRESQL and not field.option("gap_free")


def _from_row(session: Session, field: Field, period: str, count: int) -> Iterable[int]:
    row = _NEXT[session.connection.dialect == POSTGRESQL].row(
        session.connection, object=field.object, field=field.name, period=period, value=count
    )
    assert row is not None
    last = int(row[0])
    return range(last - count + 1, last + 1)


def _from_sequence(session: Session, field: Field, period: str, count: int) -> Iterable[int]:
    name = _sequence(session, field, period)
    if count == 1:
        rows = session.connection.query("SELECT nextval($1::regclass)", [name])
    else:
        several = "SELECT nextval($1::regclass) FROM generate_series(1, $2::int)"
        rows = session.connection.query(several, [name, count])
    return (int(row[0]) for row in rows)


def _sequence(session: Session, field: Field, period: str) -> str:
    """The name of a counter's sequence, which is made at its first use."""
    name, lock = _named(f"{field.object}.{field.name}.{period}")
    key = (session.engine.settings.database_url, name)
    if key not in _known:
        connection = session.connection
        hold_named(connection, "sequence", name)
        connection.script(f"CREATE SEQUENCE IF NOT EXISTS {name}")
        connection.after_commit(lambda: _known.add(key))
    return name


@lru_cache(maxsize=1_000)
def _named(counter: str) -> tuple[str, int]:
    """The name of a counter's sequence, and the number of the lock under which it is made."""
    digest = hashlib.sha256(counter.encode()).hexdigest()
    return f"fluvial_number_{digest[:32]}", int(digest[:15], 16)


def raise_counters(session: Session, field: Field, values: Iterable[Any]) -> None:
    """Let a counter go on behind numbers that were given elsewhere."""
    highest: dict[str, int] = {}
    for value in values:
        counted = field.kind.counted(field, value)
        if counted is not None:
            period, number_ = counted
            highest[period] = max(number_, highest.get(period, 0))
    for period, number_ in highest.items():
        if _has_sequence(session, field):
            name = _sequence(session, field, period)
            session.connection.query(
                f"SELECT setval($1::regclass, greatest($2::bigint, last_value)) FROM {name}",
                [name, number_],
            )
        else:
            _RAISE[session.connection.dialect == POSTGRESQL].row(
                session.connection,
                object=field.object,
                field=field.name,
                period=period,
                value=number_,
            )
