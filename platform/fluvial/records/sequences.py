"""Record numbers: counted in the transaction that uses them, so none is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.statement import Statement, param
from fluvial.database.tables import SEQUENCE
from fluvial.session import Session
from metamodel.catalog import Field
from metamodel.storage import POSTGRESQL

from .draft import Draft


def _upsert(insert: Any) -> Statement:
    t = SEQUENCE
    made = insert(t).values({c.name: param(c.name, c) for c in t.c})
    return Statement(
        made.on_conflict_do_update(
            index_elements=[t.c.object, t.c.field, t.c.period], set_={"value": t.c.value + sa.text("1")}
        ).returning(t.c.value)
    )


def _at_least(insert: Any) -> Statement:
    t = SEQUENCE
    made = insert(t).values({c.name: param(c.name, c) for c in t.c})
    larger = sa.case((made.excluded.value > t.c.value, made.excluded.value), else_=t.c.value)
    return Statement(
        made.on_conflict_do_update(
            index_elements=[t.c.object, t.c.field, t.c.period], set_={"value": larger}
        )
    )


_RAISE = {False: _at_least(sqlite.insert), True: _at_least(postgresql.insert)}
_NEXT = {False: _upsert(sqlite.insert), True: _upsert(postgresql.insert)}


def number(draft: Draft) -> None:
    """Give a new record its numbers."""
    session = draft.session
    for field in draft.type.numbered_fields:
        period = field.kind.period(field, session.today)
        if period is None or draft.values.get(field.name) is not None:
            continue
        statement = _NEXT[session.connection.dialect == POSTGRESQL]
        row = statement.row(
            session.connection,
            object=draft.type.name,
            field=field.name,
            period=period,
            value=int(field.option("start", 1)),
        )
        assert row is not None
        draft.set(field.name, field.kind.numbered(field, int(row[0]), session.today))


def raise_counters(session: Session, field: Field, values: Iterable[Any]) -> None:
    """Let a counter go on behind numbers that were given elsewhere."""
    highest: dict[str, int] = {}
    for value in values:
        counted = field.kind.counted(field, value)
        if counted is not None:
            period, number_ = counted
            highest[period] = max(number_, highest.get(period, 0))
    for period, number_ in highest.items():
        _RAISE[session.connection.dialect == POSTGRESQL].run(
            session.connection, object=field.object, field=field.name, period=period, value=number_
        )
