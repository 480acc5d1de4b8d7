"""Timers worked out from a log of states equal a simulation that goes minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.calendars.calendar import Calendar, compile_calendar
from metamodel.timers.timer_arithmetic import (
    ELAPSED,
    MET,
    MISSED,
    NONE,
    PAUSED,
    RUNNING,
    StateLog,
    TimerReading,
    TimerRun,
    ending,
    reading,
    standing,
)
from tests.metamodel.calendars.samples import ALL, BREAK, UK, london

HOUR, MINUTE = 3600, timedelta(minutes=1)
PAUSES, STOPS = frozenset({"waiting"}), frozenset({"done", "closed"})
# Around both changes of the clocks, in London and New York, and a week with holidays.
STARTS = (
    datetime(2026, 3, 7, 22, tzinfo=UTC),
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 12, 24, 12, tzinfo=UTC),
    datetime(2026, 6, 12, 14, tzinfo=UTC),
)


def run_of(
    start: datetime, target: int, calendar: Calendar, log: StateLog, stops: frozenset[str] = STOPS
) -> TimerRun:
    stopped = ending(log, stops)
    stopped = None if stopped is None else max(stopped, start)
    pauses = tuple(standing(log, PAUSES, stops, stopped))
    return TimerRun(start, target, calendar, pauses, stopped)


def simulated(
    start: datetime, target: int, calendar: Calendar, log: StateLog, now: datetime
) -> TimerReading:
    """One minute after the other: whether it is worked in, and what state the record is in."""

    def state_at(moment: datetime) -> str:
        found = [
            s for s, begin, until in log if begin <= moment and (until is None or moment < until)
        ]
        return found[0] if found else "open"

    used, moment, due = 0, start, start if target == 0 else None
    stopped = None
    if state_at(now) in STOPS:
        stopped = now
        while stopped > start and state_at(stopped - MINUTE) in STOPS:
            stopped -= MINUTE
    while moment < (now if stopped is None else stopped):
        if state_at(moment) not in PAUSES | STOPS and calendar.is_open(moment):
            used += 60
        moment += MINUTE
        if used >= target and due is None:
            due = moment
    if stopped is None and state_at(now) in PAUSES and due is None:
        return TimerReading(PAUSED, left=target - used)
    while due is None:
        if calendar.is_open(moment):
            used += 60
        moment += MINUTE
        due = moment if used >= target else None
    if stopped is not None:
        return TimerReading(MET if stopped <= due else MISSED, due, stopped)
    return TimerReading(MISSED if due <= now else RUNNING, due)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """One of the samples, or hours of its own in a zone with a holiday."""
    known = draw(st.sampled_from([*ALL, ELAPSED, None]))
    if known is not None:
        return known
    quarters = st.lists(st.integers(0, 96), min_size=0, max_size=4, unique=True).map(sorted)
    week = [
        tuple((a * 900, b * 900) for a, b in zip(day[::2], day[1::2], strict=False))
        for day in draw(st.lists(quarters, min_size=6, max_size=6))
    ]
    zone = draw(st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata"]))
    holidays = {draw(st.sampled_from([one.date() for one in STARTS])): ((0, 7200),)}
    return compile_calendar("drawn", zone, [*week, ((28_800, 43_200),)], holidays)


@st.composite
def logs(draw: st.DrawFn) -> tuple[datetime, StateLog, datetime]:
    """A start, what happened to the record from then on, and a moment at which it is looked at."""
    start = draw(st.sampled_from(STARTS)) + draw(st.integers(0, 600)) * MINUTE
    moment = start - draw(st.integers(0, 30)) * MINUTE
    log: list[tuple[str, datetime, datetime | None]] = []
    for state in draw(
        st.lists(st.sampled_from(["open", "waiting", "done", "closed"]), min_size=1, max_size=6)
    ):
        until = moment + draw(st.integers(1, 900)) * MINUTE
        log.append((state, moment, until))
        moment = until
    log[-1] = (*log[-1][:2], None)
    return start, log, max(log[-1][1], start) + draw(st.integers(0, 900)) * MINUTE


@settings(max_examples=30, deadline=None)
@given(calendars(), logs(), st.integers(0, 20 * 60))
def test_a_timer_equals_its_simulation(
    calendar: Calendar, logged: tuple[datetime, StateLog, datetime], target: int
) -> None:
    start, log, now = logged
    found = reading(run_of(start, target * 60, calendar, log), now)
    assert found == simulated(start, target * 60, calendar, log, now)


@settings(max_examples=30, deadline=None)
@given(calendars(), logs(), st.integers(1, 20 * 60))
def test_what_is_used_and_thresholds_agree_with_each_other(
    calendar: Calendar, logged: tuple[datetime, StateLog, datetime], target: int
) -> None:
    start, log, now = logged
    run = run_of(start, target * 60, calendar, log)
    moments = [run.due(percent) for percent in (0, 25, 50, 75, 100)]
    known = [moment for moment in moments if moment is not None]
    assert known == sorted(known)
    for percent, moment in zip((25, 50, 75), moments[1:], strict=False):
        if moment is not None and run.stopped is None:
            assert run.used(moment) == target * 60 * percent // 100
    assert run.used(now) >= 0


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "pauses", "due"),
    [
        # Over a weekend and holidays.
        (UK, london(2026, 12, 24, 15, 30), 4, (), london(2026, 12, 29, 11)),
        (UK, london(2026, 12, 24, 15, 30), 16, (), london(2026, 12, 30, 14, 30)),
        (UK, london(2026, 6, 13, 11), 4, (), london(2026, 6, 15, 13)),
        # A pause.
        (UK, london(2026, 6, 15, 10), 8, (), london(2026, 6, 16, 9, 30)),
        (
            UK,
            london(2026, 6, 15, 10),
            8,
            ((london(2026, 6, 15, 12), london(2026, 6, 17, 15)),),
            london(2026, 6, 18, 12, 30),
        ),
        # Of a pause over a weekend only what would have been worked counts.
        (UK, london(2026, 6, 12, 14, 30), 8, (), london(2026, 6, 15, 14)),
        (
            UK,
            london(2026, 6, 12, 14, 30),
            8,
            ((london(2026, 6, 12, 16, 30), london(2026, 6, 15, 10)),),
            london(2026, 6, 15, 16),
        ),
        # Lunch, and day and night.
        (BREAK, london(2026, 6, 15, 11, 30), 2, (), london(2026, 6, 15, 14, 30)),
        (BREAK, london(2026, 6, 15, 12, 45), 1, (), london(2026, 6, 15, 14, 30)),
        (ELAPSED, london(2026, 3, 29, 0, 30), 4, (), london(2026, 3, 29, 5, 30)),
    ],
)
def test_is_due_to_the_minute(
    calendar: Calendar,
    start: datetime,
    hours: int,
    pauses: tuple[tuple[datetime, datetime | None], ...],
    due: datetime,
) -> None:
    assert TimerRun(start, hours * HOUR, calendar, pauses).due() == due


def test_a_share_of_the_target_has_a_moment_of_its_own() -> None:
    run = TimerRun(london(2026, 6, 15, 10), 8 * HOUR, UK)
    assert run.due(75) == london(2026, 6, 15, 16)
    waits = TimerRun(run.start, run.target, UK, ((london(2026, 6, 15, 12), None),))
    assert waits.due(25) == london(2026, 6, 15, 12)
    assert waits.due(75) is None
    assert reading(waits, london(2026, 6, 20, 12)) == TimerReading(PAUSED, left=6 * HOUR)


def test_a_record_that_is_opened_again_goes_on_where_it_stopped() -> None:
    start = london(2026, 6, 15, 10)
    log: StateLog = [
        ("open", start, london(2026, 6, 15, 12)),
        ("done", london(2026, 6, 15, 12), london(2026, 6, 15, 16)),
        ("open", london(2026, 6, 15, 16), None),
    ]
    assert run_of(start, 4 * HOUR, UK, log).due() == london(2026, 6, 16, 9, 30)
    closed: StateLog = [
        *log[:2],
        ("closed", london(2026, 6, 15, 16), None),
    ]
    assert run_of(start, 4 * HOUR, UK, closed).stopped == london(2026, 6, 15, 12)


def test_it_is_met_in_time_until_the_very_moment() -> None:
    start, due = london(2026, 6, 15, 10), london(2026, 6, 15, 11)
    assert reading(TimerRun(start, HOUR, UK, stopped=due), due).state == MET
    late = reading(TimerRun(start, HOUR, UK, stopped=due + MINUTE), due + MINUTE)
    assert (late.state, late.met) == (MISSED, due + MINUTE)
    assert reading(TimerRun(start, HOUR, UK), due).state == MISSED
    assert reading(TimerRun(start, HOUR, UK), due - MINUTE).state == RUNNING
    assert reading(None, due).state == NONE
