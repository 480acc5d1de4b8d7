"""Moments at which so much of a timer has been used: each fires once in a run of the timer.

They are planned in the transaction that works timers out, and moved with what is due; they fire as
the moments of date rules do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.calculated import recalculation_queue
from fluvial.records.calculated.timer_values import Clocked
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import POSTGRESQL, SQLITE
from metamodel.timers.timer import DUE, name_of

from .index import rule_index
from .model import Rule
from .rule_tables import CANCELLED, FIRED, LATE, PLANNED, SKIPPED, TIMER, WORK

_t = TIMER.c
_HELD = {
    dialect: Statement(
        sa.select(_t.id, _t.record, _t.due_at, _t.state, _t.run).where(
            among_ids(_t.record, dialect),
            _t.rule == param("the_rule", _t.rule),
            _t.state != sa.literal_column(f"'{CANCELLED}'"),
        )
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_CANCEL = Statement(
    TIMER.update()
    .where(_t.id == param("the_id", _t.id), _t.state == sa.literal_column(f"'{PLANNED}'"))
    .values(state=CANCELLED)
)


def _plan(make: Any) -> Statement:
    made = make(TIMER).values({c.name: param(c.name, c) for c in TIMER.c})
    # One that fired at this very moment has fired; others are taken up again.
    return Statement(
        made.on_conflict_do_update(
            index_elements=[_t.rule, _t.record, _t.due_at],
            set_={"state": made.excluded.state, "run": made.excluded.run},
            where=_t.state != sa.literal_column(f"'{FIRED}'"),
        )
    )


_PLAN = {SQLITE: _plan(sqlite.insert), POSTGRESQL: _plan(postgresql.insert)}


@dataclass(frozen=True)
class _Held:
    """A moment that stands in the table."""

    id: str
    due_at: datetime
    state: str
    run: datetime | None


def worked(session: Session, clocked: Sequence[Clocked]) -> None:
    """Keep the moments of thresholds in step with timers."""
    timers = rule_index(session.catalog).timers
    together: dict[tuple[str, str], list[Clocked]] = {}
    for one in clocked if timers else ():
        together.setdefault((one.object, one.timer.name), []).append(one)
    for place, found in together.items():
        for rule in timers.get(place, ()):
            _keep(session, rule, found)


def plan_existing(session: Session, catalog: Catalog, rule: Rule) -> None:
    """Workers plan the moments of records that are there; only those that are still to come."""
    trigger, before = rule.trigger, session.catalog.objects.get(rule.trigger.object)
    if before is None:
        return  # there are no records yet
    place = (trigger.object, name_of(trigger.timer, DUE))
    recalculation_queue.later(replace(session, quiet=True), place, (), None)


def _keep(session: Session, rule: Rule, clocked: Sequence[Clocked]) -> None:
    connection = session.connection
    ids = id_list(connection.dialect, (one.record for one in clocked))
    rows = _HELD[connection.dialect].rows(connection, ids=ids, the_rule=rule.name)
    held: dict[str, list[_Held]] = {}
    for id, record, due_at, state, run in rows:
        held.setdefault(record, []).append(_Held(id, due_at, state, run))
    for one in clocked:
        _keep_one(session, rule, one, held.get(one.record, ()))


def _keep_one(session: Session, rule: Rule, one: Clocked, held: Sequence[_Held]) -> None:
    due = None
    if one.run is not None and one.run.stopped is None and not one.kept:
        if not any(h.state == FIRED and h.run == one.run.start for h in held):
            due = one.run.due(rule.trigger.percent)
    for other in held:
        if other.state == PLANNED and (other.due_at != due or other.run != _start(one)):
            _CANCEL.run(session.connection, the_id=other.id)
    same = (h for h in held if h.due_at == due and h.run == _start(one))
    if due is not None and not any(same):
        _insert(session, rule, one, due)


def _start(one: Clocked) -> datetime | None:
    return None if one.run is None else one.run.start


def _insert(session: Session, rule: Rule, one: Clocked, due: datetime) -> None:
    late = due <= session.now - LATE or (session.quiet and due <= session.now)
    _PLAN[session.connection.dialect].run(
        session.connection,
        id=new_id(),
        rule=rule.name,
        object=one.object,
        record=one.record,
        due_at=due,
        state=SKIPPED if late else PLANNED,
        at=session.now,
        run=_start(one),
    )
    if due <= session.now and not late:
        session.engine.woken(session.connection, WORK)
