"""Verifying: whether timers show what their start, target, calendar and log say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fluvial.runtime.session import Session
from metamodel.timers.timer import DUE, STATE, Timer
from metamodel.timers.timer_arithmetic import MISSED, RUNNING
from metamodel.timers.timer_part import TIMERS

from . import recalculation_queue
from .calculations import Worked
from .field_makers import Making
from .timer_values import worked_timers
from .verification import Verdict, compared


def verify_timers(
    session: Session, object_name: str, *, most: int | None = None, repair: bool = False
) -> Verdict:
    """Compare what timers of records show with what they are worked out to, as `verify` does."""
    type_ = session.catalog.objects[object_name]
    waiting = recalculation_queue.waiting_fields(session, object_name)
    timers = [t for t in TIMERS.of(type_) or () if t.field(DUE) not in waiting]
    names = [timer.field(DUE) for timer in timers]

    def work(ids: list[str]) -> list[Worked]:
        making = Making(session, type_, names, ids, False, {})
        return [_without_time(row, timers) for row in worked_timers(making)]

    return compared(session, object_name, names, work, most=most, repair=repair)


def _without_time(row: Worked, timers: Sequence[Timer]) -> Worked:
    """What has run out since the workers last looked is no difference: they turn it."""
    new = dict(row.new)
    for timer in timers:
        name = timer.field(STATE)
        if (row.old.get(name), new.get(name)) == (RUNNING, MISSED):
            new[name] = RUNNING
    return replace(row, new=new)
