"""Why a timer shows what it shows: its start, target and calendar, and the log of states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import read_one
from fluvial.records.reading.state_spans import LoggedSpan, logged_spans
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.expression import Expression
from metamodel.storage import timestamp_wire
from metamodel.timers.timer import DUE, MET_AT, STATE, Timer
from metamodel.timers.timer_arithmetic import TimerRun
from metamodel.timers.timer_part import TIMERS

from . import timer_plans
from .recalculation_queue import unsettled_places
from .timer_values import Inputs, inputs_of, run_of


def reasons(session: Session, type_: ObjectType, record: str, field: Field) -> dict[str, Any]:
    """Why a field that a timer makes has its value, in the form of other reasons."""
    timer = timer_of(type_, field)
    told = told_timers(session, type_, record, (timer,))[0]
    shown = read_one(session, type_.name, record, (("title",), (field.name,)))
    return {
        "object": type_.name,
        "id": record,
        "title": shown["title"],
        "field": field.name,
        "label": field.label,
        "value": shown[field.name],
        "recalculating": (type_.name, timer.field(DUE)) in unsettled_places(session),
        "timer": told,
    }


def timer_of(type_: ObjectType, field: Field) -> Timer:
    name = field.made_by.partition("/")[2]
    return next(timer for timer in TIMERS.of(type_) or () if timer.name == name)


def shown_timers(session: Session, type_: ObjectType) -> tuple[Timer, ...]:
    """The timers of which the actor may read whether they are met, and until when."""
    hidden = session.access.object(type_.name).hidden
    return tuple(
        timer
        for timer in TIMERS.of(type_) or ()
        if not hidden & {timer.field(DUE), timer.field(STATE)}
    )


def told_timers(
    session: Session, type_: ObjectType, record: str, timers: tuple[Timer, ...]
) -> list[dict[str, Any]]:
    """What timers of a record show, and why, as far as the actor may read."""
    read_one(session, type_.name, record, (("id",),))
    row = load_row(session, type_.name, record, None)
    if row is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    spans = logged_spans(session, type_.name, [record])
    plans = timer_plans.plans_of_record(session, record, row["created_at"], session.moment)
    found = []
    for timer in timers:
        own = [one for one in spans if one.field == timer.state_field]
        told = _told(session, type_, row, timer, own)
        kept = {name for name in ("start", "target", "calendar") if told[name]["withheld"]}
        if timer.state_field and session.access.hides(type_.name, timer.state_field):
            kept.add("state")
        told["plans"] = [_plan(one, kept) for one in plans if one.timer == timer.name]
        found.append(told)
    return found


def _told(
    session: Session, type_: ObjectType, row: Values, timer: Timer, spans: list[LoggedSpan]
) -> dict[str, Any]:
    environment = RecordEnvironment(session, type_, row)
    log = [one.span for one in spans]
    fault = ""
    try:
        inputs = inputs_of(session, timer, environment)
    except ValueFault as error:
        inputs, fault = Inputs(None, None, ""), error.message
    run = run_of(timer, inputs, row, log, environment, session.now)
    told = {
        "name": timer.name,
        "label": timer.label,
        "state": row[timer.field(STATE)] or "none",
        "due": _moment(row[timer.field(DUE)]),
        "met": _moment(row[timer.field(MET_AT)]),
        "fault": fault,
        "start": _input(session, timer.starts, inputs.start),
        "target": _input(session, timer.target, inputs.target),
        "calendar": _input(session, timer.calendar, inputs.calendar or None),
        "used": None if run is None else run.used(session.now),
        "left": None if run is None else _left(run, session.now),
        "thresholds": [] if run is None else list(_thresholds(run, timer)),
        "spans": [],
    }
    if timer.state_field and not session.access.hides(type_.name, timer.state_field):
        told["spans"] = list(_spans(timer, type_, run, spans, session.now))
    return told


def _left(run: TimerRun, now: datetime) -> int | None:
    return None if run.stopped is not None else run.target - run.used(now)


def _thresholds(run: TimerRun, timer: Timer) -> Iterator[dict[str, Any]]:
    for percent in timer.thresholds:
        moment = run.due(percent)
        reached = moment is not None and (run.stopped is None or moment <= run.stopped)
        yield {"percent": percent, "at": _moment(moment if reached else None)}


def _input(session: Session, expression: Expression | None, value: Any) -> dict[str, Any]:
    """A value that the timer is worked out with, unless it tells what the actor may not read."""
    if expression is None:
        return {"formula": None, "value": None, "withheld": False}
    withheld = any(session.access.hides(*use) for use in expression.uses)
    value = _moment(value) if isinstance(value, datetime) else value
    source = expression.source
    return {"formula": source, "value": None if withheld else value, "withheld": withheld}


def _spans(
    timer: Timer, type_: ObjectType, run: TimerRun | None, spans: list[LoggedSpan], now: datetime
) -> Iterator[dict[str, Any]]:
    """The log since the start, with what each span counts, and who let it begin."""
    state = type_.fields[timer.state_field]
    for one in spans:
        end = now if one.ended is None else one.ended
        still = one.state in timer.pauses or one.state in timer.stops
        counted = 0
        if run is not None and not still:
            start = max(one.begun, run.start)
            until = end if run.stopped is None else min(end, run.stopped)
            counted = run.calendar.between(start, until) if until > start else 0
        yield {
            "state": one.state,
            "label": state.kind.show(state, one.state),
            "from": timestamp_wire(one.begun),
            "until": None if one.ended is None else timestamp_wire(one.ended),
            "counts": "stopped" if one.state in timer.stops else "paused" if still else "running",
            "seconds": counted,
            "by": {"user": one.by} if one.by else None,
            "rule": one.cause,
        }


def _plan(one: timer_plans.Planned, withheld: set[str]) -> dict[str, Any]:
    return {
        "at": timestamp_wire(one.at),
        "by": {"user": one.by} if one.by else None,
        "rule": one.rule,
        "cause": {name: value for name, value in one.cause.items() if name not in withheld},
        "before": {"due": _moment(one.due_before), "state": one.state_before},
        "after": {"due": _moment(one.due), "state": one.state},
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timestamp_wire(value)
