"""What a timer shows at a moment, worked out from the log of states: nothing is ever counted up.

A timer runs from its start until it is stopped. It stands still in the states that pause it, and
in those that stopped it where the record was opened again. What it has run for is counted by the
hours of a calendar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from metamodel.calendars.calendar import Calendar, compile_calendar
from metamodel.calendars.hours import DAY
from metamodel.calendars.pausable import Span, due, merged, working_elapsed

NONE, RUNNING, PAUSED, MET, MISSED = "none", "running", "paused", "met", "missed"

# A timer without a calendar runs day and night.
ELAPSED = compile_calendar("elapsed", "UTC", [((0, DAY),)] * 7, {})

StateLog = Sequence[tuple[str, datetime, datetime | None]]  # state, from, until; in their order


@dataclass(frozen=True)
class TimerRun:
    """One run of a timer: all that it is worked out from."""

    start: datetime
    target: int  # seconds
    calendar: Calendar = ELAPSED
    pauses: tuple[Span, ...] = ()  # in which it stands still; the last may be open
    stopped: datetime | None = None

    def due(self, percent: int = 100) -> datetime | None:
        """When so much of the target has been used; none while it stands still before."""
        return due(self.calendar, self.start, self.target * percent // 100, self.pauses)

    def used(self, now: datetime) -> int:
        """The seconds that it has run for."""
        end = now if self.stopped is None else min(now, self.stopped)
        if end <= self.start:
            return 0
        still = [
            (max(begin, self.start), end if until is None else min(until, end))
            for begin, until in merged(self.pauses)
            if begin < end and (until is None or until > self.start)
        ]
        return self.calendar.between(self.start, end) - working_elapsed(self.calendar, still, end)


@dataclass(frozen=True)
class TimerReading:
    """What a timer shows."""

    state: str = NONE
    due: datetime | None = None  # none while it is paused
    met: datetime | None = None  # when it was stopped, in time or not
    left: int | None = None  # seconds of the target, while it is paused


def reading(run: TimerRun | None, now: datetime) -> TimerReading:
    """What a run shows at a moment."""
    if run is None:
        return TimerReading()
    moment = run.due()
    if run.stopped is not None:
        late = moment is None or run.stopped > moment
        return TimerReading(MISSED if late else MET, moment, run.stopped)
    if moment is None:
        return TimerReading(PAUSED, left=run.target - run.used(now))
    return TimerReading(MISSED if moment <= now else RUNNING, moment)


def ending(log: StateLog, stops: frozenset[str]) -> datetime | None:
    """Since when a record has been in one of the states that stop a timer; none if it is not."""
    entered: datetime | None = None
    for state, begin, until in log:
        if state not in stops:
            entered = None
        elif entered is None:
            entered = begin
        if until is None:
            return entered
    return None


def standing(
    log: StateLog, pauses: frozenset[str], stops: frozenset[str], stopped: datetime | None
) -> Iterator[Span]:
    """The spans in which a timer stands still before it is stopped."""
    for state, begin, until in log:
        if state not in pauses and state not in stops:
            continue
        if stopped is not None:
            if begin >= stopped:
                return
            until = stopped if until is None else min(until, stopped)
        yield begin, until
