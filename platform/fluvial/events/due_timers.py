"""Timers whose due moment has come: what they show turns from running to missed."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.crash_points import point
from fluvial.records.calculated.refresh import refresh_places
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import TIMESTAMP
from metamodel.timers.timer import DUE, STATE, Timer
from metamodel.timers.timer_arithmetic import RUNNING
from metamodel.timers.timer_part import TIMERS

PORTION = 100  # records in one transaction

_Timed = tuple[tuple[str, Timer], ...]


def run(engine: Engine) -> bool:
    """Let some timers turn; whether there may be more."""
    session = Session.begin(engine, SYSTEM)
    more = False
    for object_name, timer in session.catalog.derive(_timers):
        if not _due(session, object_name, timer):
            continue
        with session.connection.transaction():
            working = Session.begin(engine, SYSTEM, connection=session.connection)
            if working.catalog is not session.catalog:
                return True  # with the timers of now
            lock_writers(working, object_name)
            ids = _due(working, object_name, timer)
            refresh_places(working, [(object_name, timer.field(DUE))], ids)
            point("in_due_timers")
        more = more or len(ids) == PORTION
    return more


def _timers(catalog: Catalog) -> _Timed:
    def every() -> Iterator[tuple[str, Timer]]:
        for type_ in catalog.objects.values():
            yield from ((type_.name, timer) for timer in TIMERS.of(type_) or ())

    return tuple(every())


def _due(session: Session, object_name: str, timer: Timer) -> list[str]:
    compiled: Compiled = plans_of(session.catalog).get(
        ("due timers", object_name, timer.name), lambda: _finding(session, object_name, timer)
    )
    at = TIMESTAMP.encode(session.connection.dialect, session.now)
    return [row[0] for row in ask(session, compiled, the_moment=at)]


def _finding(session: Session, object_name: str, timer: Timer) -> Compiled:
    table = tables_of(session.catalog).objects[object_name]
    state = table.c[timer.made[STATE].base]
    due = table.c[timer.made[DUE].base]
    statement = (
        sa.select(table.c.id)
        .where(
            state == sa.literal_column(f"'{RUNNING}'"),
            due <= sa.bindparam("the_moment", type_=Stored(TIMESTAMP)),
            table.c.deleted_at.is_(None),
        )
        .order_by(due)
        .limit(PORTION)
    )
    return Compiled(statement, session.connection.dialect)
