"""Moments that date rules and schedules wait for: planned, moved, fired once, caught up with.

A row for each (rule, record, moment). It is written in the transaction that changes the date,
and fired in the one that puts its event into the outbox.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import Connection
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled, Statement, param
from fluvial.events import outbox
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import timestamp_text

from . import period_moments, timer_moments
from .index import RuleIndex, rule_index
from .model import Rule
from .offsets import moment_of
from .planned_moments import Moment, cancel_moved, cancel_records, insert_moments, plan
from .rule_tables import CANCELLED, FIRED, LATE, NOBODY, PLANNED, SKIPPED, TIMER, WORK

BATCH = 100
PAGE = 1_000  # records that are planned at once when a rule is new

_SPACE = uuid.UUID("0f6fa1d8-1b64-4b0e-8a1b-6a6d6d1c8e57")

_t = TIMER.c
_planned = _t.state == sa.literal_column(f"'{PLANNED}'")
_of_rule = _t.rule == param("the_rule", _t.rule)
_CANCEL_RULE = Statement(TIMER.update().values(state=CANCELLED).where(_of_rule, _planned))
_RULES = Statement(sa.select(_t.rule).where(_planned).distinct())
_DUE = Statement(
    sa.select(_t.id, _t.rule, _t.object, _t.record, _t.due_at)
    .where(_planned, _t.due_at <= param("the_now", _t.due_at))
    .order_by(_t.due_at)
    .limit(BATCH)
)
_FIRE = Statement(
    TIMER.update().where(_t.id == param("the_id", _t.id), _planned).values(state=FIRED)
)


def stored(drafts: Sequence[Draft], event: str) -> None:
    """Keep the moments of records in step with them, in the transaction of the write."""
    session = drafts[0].session
    index, object_name = rule_index(session.catalog), drafts[0].type.name
    rules = index.dates.get(object_name, ())
    if event == "deleted":
        timed = any(name == object_name for name, _ in index.timers)
        if rules or timed or object_name in index.periods:
            cancel_records(session, drafts)
        return
    for rule in index.periods.get(object_name, ()):
        period_moments.stored(session, rule, drafts, event)
    for rule in rules:
        moved = [d for d in drafts if event != "updated" or rule.trigger.date in d.changed]
        if moved and event != "created":
            cancel_moved(session, rule, moved)
        if moved:
            _wait_for(session, rule, moved)


def _wait_for(session: Session, rule: Rule, drafts: Sequence[Draft]) -> None:
    """Plan the moments of records. One that was planned for the same moment is taken up again."""
    trigger, zone = rule.trigger, session.engine.clock.zone
    moments: list[Moment] = []
    for draft in drafts:
        value = draft.values.get(trigger.date)
        due = None if value is None else moment_of(value, trigger.offset, trigger.at, zone)
        if due is not None:
            state = PLANNED if due > session.now - LATE else SKIPPED
            moments.append((new_id(), draft.id, timestamp_text(due), state))
            if due <= session.now:
                session.engine.woken(session.connection, WORK)
    if moments:
        insert_moments(session, rule, moments)


def changed(session: Session, catalog: Catalog) -> None:
    """Plan the moments of rules that are new or other, and forget those of rules that are gone."""
    before, after = rule_index(session.catalog), rule_index(catalog)
    connection = session.connection
    known = _timed(after)
    for (name,) in _RULES.rows(connection):
        if name not in known:
            _CANCEL_RULE.run(connection, the_rule=name)
    for name, rule in known.items():
        old = before.rules.get(name)
        if old is not None and old.trigger.timing == rule.trigger.timing:
            continue
        if old is not None:
            _CANCEL_RULE.run(connection, the_rule=name)
        if rule.trigger.schedule is not None:
            plan_next(session, rule)
        elif rule.trigger.every is not None:
            period_moments.plan_existing(session, catalog, rule)
        elif rule.trigger.timer:
            timer_moments.plan_existing(session, catalog, rule)
        else:
            _plan_existing(session, catalog, rule)


def _timed(index: RuleIndex) -> dict[str, Rule]:
    dated = (rule for rules in index.dates.values() for rule in rules)
    timed = (rule for rules in index.timers.values() for rule in rules)
    periods = (rule for rules in index.periods.values() for rule in rules)
    return {rule.name: rule for rule in (*dated, *timed, *periods, *index.schedules)}


def plan_next(session: Session, rule: Rule) -> None:
    """The next moment of a schedule. Those that were missed meanwhile count as one."""
    assert rule.trigger.schedule is not None
    due = rule.trigger.schedule.next(session.now, session.engine.clock.zone)
    if due is not None:
        plan(session, rule.name, rule.trigger.object, NOBODY, due)


def plan_schedules(session: Session) -> None:
    """Plan the next moments of all schedules anew: the clock was set to another day."""
    with session.connection.transaction():
        for rule in rule_index(session.catalog).schedules:
            _CANCEL_RULE.run(session.connection, the_rule=rule.name)
            plan_next(session, rule)


def _plan_existing(session: Session, catalog: Catalog, rule: Rule) -> None:
    """The future moments of the records that are there, a thousand at a time."""
    connection, trigger = session.connection, rule.trigger
    moments: list[Moment] = []
    for record, value in _dates(connection, catalog, rule):
        due = moment_of(value, trigger.offset, trigger.at, session.engine.clock.zone)
        if due is not None and due > session.now:
            moments.append((new_id(), record, timestamp_text(due), PLANNED))
        if len(moments) >= PAGE:
            insert_moments(session, rule, moments)
            moments.clear()
    if moments:
        insert_moments(session, rule, moments)


def _dates(
    connection: Connection, catalog: Catalog, rule: Rule
) -> Iterator[tuple[str, date | datetime]]:
    """The id and date of each live record that has one, in the order of the ids."""
    table = tables_of(catalog).objects[rule.trigger.object]
    field = catalog.objects[rule.trigger.object].fields[rule.trigger.date]
    held = table.c[field.name]
    last = sa.bindparam("last", type_=table.c.id.type)
    statement = (
        sa.select(table.c.id, held)
        .where(table.c.id > last, held.is_not(None), table.c.deleted_at.is_(None))
        .order_by(table.c.id)
        .limit(PAGE)
    )
    compiled = Compiled(statement, connection.dialect)
    decode = field.columns[0].storage.decoder(connection.dialect)
    record = NOBODY
    while True:
        rows = connection.query(compiled.sql, compiled.binds({"last": record}))
        for record, stored_ in rows:
            yield record, decode(stored_) if decode else stored_
        if len(rows) < PAGE:
            return


def run(engine: Engine) -> bool:
    """Turn moments that have come into events; whether there may be more."""
    connection = engine.database.connection()
    now = engine.clock.now()
    if not _DUE.rows(connection, the_now=now):
        return False
    with connection.transaction():
        session = Session.begin(engine, SYSTEM, connection=connection)
        due = _DUE.rows(connection, the_now=now)
        for timer, rule, object_name, record, due_at in due:
            # Another scheduler may have been faster: then there is nothing to update.
            if _FIRE.run(connection, the_id=timer):
                _fire(session, rule, object_name, record, due_at, timer)
    return bool(due)


def _fire(
    session: Session, name: str, object_name: str, record: str, due_at: datetime, timer: str
) -> None:
    rule = rule_index(session.catalog).rules.get(name)
    if rule is None:
        return
    scheduled = rule.trigger.schedule is not None
    changes: Mapping[str, Any] = {}
    if rule.trigger.every is not None:
        found = period_moments.fired(session, rule, record, due_at)
        if found is None:
            return  # the record has no such period any more
        changes = found
    outbox.add(
        session,
        Event(
            id=str(uuid.uuid5(_SPACE, timer)),
            at=due_at,
            object=object_name,
            record=record,
            rev=0 if record == NOBODY else _rev(session, object_name, record),
            event=f"{'schedule' if scheduled else 'timer'}:{name}",
            actor=None,
            cause=None,
            changes=changes,
        ),
    )
    if scheduled:
        plan_next(session, rule)


def _rev(session: Session, object_name: str, record: str) -> int:
    """The record's revision now: the event comes behind those that led to it."""
    row = load_row(session, object_name, record, None)
    return int(row["rev"]) if row else 0
