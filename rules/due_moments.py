"""Moments that date rules and schedules wait for: planned, moved, fired once, caught up with.

A row for each (rule, record, moment). It is written in the transaction that changes the date,
and fired in the one that puts its event into the outbox.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
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
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_text

from . import timer_moments
from .index import RuleIndex, rule_index
from .model import Rule
from .offsets import moment_of
from .rule_tables import CANCELLED, FIRED, LATE, NOBODY, PLANNED, SKIPPED, TIMER, WORK

BATCH = 100
PAGE = 1_000  # records that are planned at once when a rule is new

Moment = tuple[str, str, str, str]  # id, record, when, state

_SPACE = uuid.UUID("0f6fa1d8-1b64-4b0e-8a1b-6a6d6d1c8e57")

_t = TIMER.c
_planned = _t.state == sa.literal_column(f"'{PLANNED}'")
_of_rule = _t.rule == param("the_rule", _t.rule)
_cancel = TIMER.update().values(state=CANCELLED)
_CANCEL_RECORDS = {
    dialect: Statement(_cancel.where(among_ids(_t.record, dialect), _planned))
    for dialect in (SQLITE, POSTGRESQL)
}
_CANCEL_MOVED = {
    dialect: Statement(_cancel.where(among_ids(_t.record, dialect), _of_rule, _planned))
    for dialect in (SQLITE, POSTGRESQL)
}
_CANCEL_RULE = Statement(_cancel.where(_of_rule, _planned))
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


def _plan(make: Any) -> Statement:
    made = make(TIMER).values({c.name: param(c.name, c) for c in TIMER.c})
    # A date that was moved away and back again is waited for again; one that fired is over.
    return Statement(
        made.on_conflict_do_update(
            index_elements=[_t.rule, _t.record, _t.due_at],
            set_={"state": made.excluded.state},
            where=_t.state == sa.literal_column(f"'{CANCELLED}'"),
        )
    )


_PLAN = {False: _plan(sqlite.insert), True: _plan(postgresql.insert)}
_BULK = {
    False: "INSERT INTO fluvial_timer (id, rule, object, record, due_at, state, at) "
    "SELECT value->>0, ?, ?, value->>1, value->>2, value->>3, ? FROM json_each(?) WHERE true "
    "ON CONFLICT (rule, record, due_at) DO UPDATE SET state = excluded.state "
    "WHERE fluvial_timer.state = 'cancelled'",
    True: "INSERT INTO fluvial_timer (id, rule, object, record, due_at, state, at) "
    "SELECT (value->>0)::uuid, $1::text, $2::text, (value->>1)::uuid, "
    "(value->>2)::timestamptz, value->>3, "
    "$3::timestamptz FROM jsonb_array_elements($4::jsonb) "
    "ON CONFLICT (rule, record, due_at) DO UPDATE SET state = excluded.state "
    "WHERE fluvial_timer.state = 'cancelled'",
}


def stored(drafts: Sequence[Draft], event: str) -> None:
    """Keep the moments of records in step with them, in the transaction of the write."""
    session = drafts[0].session
    index, object_name = rule_index(session.catalog), drafts[0].type.name
    rules = index.dates.get(object_name, ())
    if event == "deleted":
        if rules or any(name == object_name for name, _ in index.timers):
            _cancel_all(session, _CANCEL_RECORDS, drafts)
        return
    for rule in rules:
        moved = [d for d in drafts if event != "updated" or rule.trigger.date in d.changed]
        if moved and event != "created":
            _cancel_all(session, _CANCEL_MOVED, moved, the_rule=rule.name)
        if moved:
            _wait_for(session, rule, moved)


def _cancel_all(
    session: Session, statements: Mapping[str, Statement], drafts: Sequence[Draft], **binds: str
) -> None:
    connection = session.connection
    ids = id_list(connection.dialect, (draft.id for draft in drafts))
    statements[connection.dialect].run(connection, ids=ids, **binds)


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
        _insert(session, rule, moments)


def plan(
    session: Session, rule: str, object_name: str, record: str, due: datetime, state: str = PLANNED
) -> None:
    connection = session.connection
    _PLAN[connection.dialect == POSTGRESQL].run(
        connection,
        id=new_id(),
        rule=rule,
        object=object_name,
        record=record,
        due_at=due,
        state=state,
        at=session.now,
        run=None,
    )
    if due <= session.now:
        session.engine.woken(connection, WORK)


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
        elif rule.trigger.timer:
            timer_moments.plan_existing(session, catalog, rule)
        else:
            _plan_existing(session, catalog, rule)


def _timed(index: RuleIndex) -> dict[str, Rule]:
    dated = (rule for rules in index.dates.values() for rule in rules)
    timed = (rule for rules in index.timers.values() for rule in rules)
    return {rule.name: rule for rule in (*dated, *timed, *index.schedules)}


def plan_next(session: Session, rule: Rule) -> None:
    """The next moment of a schedule. Those that were missed meanwhile count as one."""
    assert rule.trigger.schedule is not None
    due = rule.trigger.schedule.next(session.now, session.engine.clock.zone)
    if due is not None:
        plan(session, rule.name, rule.trigger.object, NOBODY, due)


def _plan_existing(session: Session, catalog: Catalog, rule: Rule) -> None:
    """The future moments of the records that are there, a thousand at a time."""
    connection, trigger = session.connection, rule.trigger
    moments: list[Moment] = []
    for record, value in _dates(connection, catalog, rule):
        due = moment_of(value, trigger.offset, trigger.at, session.engine.clock.zone)
        if due is not None and due > session.now:
            moments.append((new_id(), record, timestamp_text(due), PLANNED))
        if len(moments) >= PAGE:
            _insert(session, rule, moments)
            moments.clear()
    if moments:
        _insert(session, rule, moments)


def _insert(session: Session, rule: Rule, moments: Sequence[Moment]) -> None:
    connection, at = session.connection, timestamp_text(session.now)
    rows = orjson.dumps(moments).decode()
    sql = _BULK[connection.dialect == POSTGRESQL]
    connection.execute(sql, [rule.name, rule.trigger.object, at, rows])


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
    outbox.add(
        session,
        Event(
            id=str(uuid.uuid5(_SPACE, timer)),
            at=due_at,
            object=object_name,
            record=record,
            rev=0 if scheduled else _rev(session, object_name, record),
            event=f"{'schedule' if scheduled else 'timer'}:{name}",
            actor=None,
            cause=None,
            changes={},
        ),
    )
    if scheduled:
        plan_next(session, rule)


def _rev(session: Session, object_name: str, record: str) -> int:
    """The record's revision now: the event comes behind those that led to it."""
    row = load_row(session, object_name, record, None)
    return int(row["rev"]) if row else 0
