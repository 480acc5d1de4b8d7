"""Moments of rules that run for every period: the next one of each record, and what was missed.

A record waits for one period at a time. When it comes, the next one is planned, also where its
moment has passed: so a worker that was away for a year catches up, period after period.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled, Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.errors import Fault, MetadataError
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_text

from . import runs
from .event_periods import wire_of
from .model import Rule
from .planned_moments import Moment, cancel_moved, insert_moments, plan
from .rule_periods import Every, RulePeriod, as_day
from .rule_tables import FIRED, NOBODY, PLANNED, SKIPPED, TIMER, WORK
from .runs import Run

PAGE = 500
MAX_CAUGHT_UP = 400  # periods of one record that are made up for
MAX_AT_ONCE = 10_000  # periods that a rule may begin with

_t = TIMER.c
_of_rule = _t.rule == param("the_rule", _t.rule)
_LAST = {
    dialect: Statement(
        sa.select(_t.record, sa.func.max(_t.due_at).label("due_at"))
        .where(
            among_ids(_t.record, dialect),
            _of_rule,
            _t.state == sa.literal_column(f"'{FIRED}'"),
        )
        .group_by(_t.record)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
# From when on the rule counts: the record of nobody, which has no moments of its own then.
_SINCE = Statement(
    sa.select(_t.due_at)
    .where(
        _of_rule,
        _t.record == sa.literal_column(f"'{NOBODY}'", _t.record.type),
        _t.state == sa.literal_column(f"'{SKIPPED}'"),
    )
    .order_by(_t.due_at.desc())
    .limit(1)
)


def stored(session: Session, rule: Rule, drafts: Sequence[Draft], event: str) -> None:
    """Keep the next period of records in step with their days."""
    every = _every(rule)
    watched = {every.starts, every.ends}
    moved = [draft for draft in drafts if event != "updated" or watched & draft.changed]
    if not moved:
        return
    if event != "created":
        cancel_moved(session, rule, moved)
    last = {} if event == "created" else _last(session, rule, [draft.id for draft in moved])
    moments: list[Moment] = []
    for draft in moved:
        floor = _since(session, rule, draft.values)
        due = _next(session, rule, draft.values, last.get(draft.id), floor, draft.id)
        if due is not None:
            moments.append((new_id(), draft.id, timestamp_text(due), PLANNED))
            if due <= session.now:
                session.engine.woken(session.connection, WORK)
    if moments:
        insert_moments(session, rule, moments)


def plan_existing(session: Session, catalog: Catalog, rule: Rule) -> None:
    """A rule that is new begins with the periods that come, or with those since a day."""
    every = _every(rule)
    if not rule.trigger.object:
        due = _next(session, rule, {}, None, session.now)
        if due is not None:
            plan(session, rule.name, "", NOBODY, due)
        return
    if every.since is None:
        plan(session, rule.name, rule.trigger.object, NOBODY, session.now, SKIPPED)
    count = 0
    for page in _pages(session, catalog, rule):
        last = _last(session, rule, [row["id"] for row in page])
        moments: list[Moment] = []
        for row in page:
            floor = session.now if every.since is None else None
            due = _next(session, rule, row, last.get(row["id"]), floor)
            if due is None:
                continue
            moments.append((new_id(), row["id"], timestamp_text(due), PLANNED))
            if every.since is not None:
                count += _missed(session, rule, row, last.get(row["id"]), MAX_AT_ONCE - count)
        if moments:
            insert_moments(session, rule, moments)
        if count > MAX_AT_ONCE:
            raise _too_many(catalog, rule)
    if count:
        session.engine.woken(session.connection, WORK)


def _too_many(catalog: Catalog, rule: Rule) -> MetadataError:
    document = catalog.of("rule")[rule.name]
    message = f"It would run for more than {MAX_AT_ONCE:,} periods that have begun already."
    hint = "Write a later day as `since`, or a longer period."
    return MetadataError([Fault(document.place, "/on/since", "too_many", message, hint)])


def _pages(session: Session, catalog: Catalog, rule: Rule) -> Iterator[list[Values]]:
    """The records that are there with their days, some at a time, in the order of the ids."""
    every, connection = _every(rule), session.connection
    type_ = catalog.objects[rule.trigger.object]
    table = tables_of(catalog).objects[type_.name]
    names = [name for name in (every.starts, every.ends) if name]
    decoders = [type_.fields[name].columns[0].storage.decoder(connection.dialect) for name in names]
    last = sa.bindparam("last", type_=table.c.id.type)
    statement = (
        sa.select(table.c.id, *(table.c[name] for name in names))
        .where(table.c.id > last, table.c.deleted_at.is_(None))
        .order_by(table.c.id)
        .limit(PAGE)
    )
    compiled = Compiled(statement, connection.dialect)
    record = NOBODY
    while True:
        rows = connection.query(compiled.sql, compiled.binds({"last": record}))
        if not rows:
            return
        yield [
            {"id": row[0]}
            | {
                name: decode(cell) if decode is not None and cell is not None else cell
                for name, decode, cell in zip(names, decoders, row[1:], strict=True)
            }
            for row in rows
        ]
        record = rows[-1][0]


def fired(session: Session, rule: Rule, record: str, due_at: datetime) -> dict[str, Any] | None:
    """The period that was due, for its event; the next one is planned. None where it is gone."""
    values: Values | None = {}
    if record != NOBODY:
        values = load_row(session, rule.trigger.object, record, None)
    if values is None:
        return None
    zone = session.engine.clock.zone
    day = _every(rule).day_of(due_at, zone)
    due = _next(session, rule, values, day, None, record)
    if due is not None:
        plan(session, rule.name, rule.trigger.object, record, due)
    near = islice(_periods(session, rule, values, near=day), 6)
    period = next((one for one in near if _every(rule).day(one) == day), None)
    return wire_of(period) if period is not None else None


def present(session: Session, rule: Rule, values: Values) -> RulePeriod | None:
    """The period of a record that is due now or next, for trials."""
    before: RulePeriod | None = None
    for period in _periods(session, rule, values, near=session.today - timedelta(days=366)):
        due = _every(rule).due(period, rule.trigger.at, session.engine.clock.zone)
        if due is None or due > session.now:
            return before or period
        before = period
    return before


def _every(rule: Rule) -> Every:
    assert rule.trigger.every is not None
    return rule.trigger.every


def _periods(
    session: Session,
    rule: Rule,
    values: Values,
    *,
    near: date | None = None,
    done: date | None = None,
) -> Iterator[RulePeriod]:
    every, zone = _every(rule), session.engine.clock.zone
    first = as_day(values.get(every.starts), zone) if every.starts else None
    if every.starts and first is None:
        return iter(())
    end = as_day(values.get(every.ends), zone) if every.ends else None
    return every.periods(first, end, near=near, done=done)


def _next(
    session: Session,
    rule: Rule,
    values: Values,
    last: date | None,
    floor: datetime | None,
    record: str = "",
) -> datetime | None:
    """When the next period of a record is due; behind the day of the last one, and a moment."""
    zone = session.engine.clock.zone
    near = None
    if floor is not None:
        near = floor.astimezone(zone).date() + timedelta(days=_every(rule).lead)
    missed: deque[datetime] = deque(maxlen=MAX_CAUGHT_UP)
    count = 0
    for period in _periods(session, rule, values, near=near, done=last):
        due = _every(rule).due(period, rule.trigger.at, zone)
        if due is None:
            break
        if floor is not None and due <= floor:
            continue
        if due > session.now:
            if not missed:
                return due
            break
        missed.append(due)
        count += 1
    if count > MAX_CAUGHT_UP:
        _tell(session, rule, str(values.get("id") or record), count - MAX_CAUGHT_UP)
    return missed[0] if missed else None


def _tell(session: Session, rule: Rule, record: str, count: int) -> None:
    """Say that the oldest periods are left out."""
    run = Run(rule.name, rule.trigger.object, record or NOBODY)
    run.end(
        "skipped",
        f"{count:,} periods are left out: at most {MAX_CAUGHT_UP} that have begun already are "
        "made up for. Run the rest by a button, or write a later first day.",
    )
    runs.add(session.connection, run, new_id(), session.now)


def _missed(session: Session, rule: Rule, values: Values, last: date | None, most: int) -> int:
    """How many periods of a record have begun already, up to one more than `most`."""
    zone, every = session.engine.clock.zone, _every(rule)
    dues = (
        every.due(one, rule.trigger.at, zone) for one in _periods(session, rule, values, done=last)
    )
    begun = takewhile(lambda due: due is not None and due <= session.now, dues)
    return sum(1 for _ in islice(begun, max(most, 0) + 1))


def _last(session: Session, rule: Rule, records: Sequence[str]) -> dict[str, date]:
    """The day of the last period of each record that the rule has run for."""
    connection, zone = session.connection, session.engine.clock.zone
    ids = id_list(connection.dialect, records)
    rows = _LAST[connection.dialect].rows(connection, ids=ids, the_rule=rule.name)
    return {record: _every(rule).day_of(due, zone) for record, due in rows if due is not None}


def _since(session: Session, rule: Rule, values: Values) -> datetime | None:
    """The moment from which a record has periods, where its first day does not say it."""
    every, made = _every(rule), values.get("created_at")
    if every.since is not None:
        return None
    if not every.starts:
        return made or session.now
    row = _SINCE.row(session.connection, the_rule=rule.name)
    known = row[0] if row else None
    return known if known is not None and made is not None and made <= known else None
