"""Calendars that change: the timers that count by them are left to the workers."""

from __future__ import annotations

from fluvial.records.calculated import recalculation_queue
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.timers.timer import DUE
from metamodel.timers.timer_part import TIMERS


def plan_anew(session: Session, catalog: Catalog) -> None:
    """Let workers plan timers anew where calendars have other hours; nobody waits for that."""
    before, after = session.catalog.calendars.named, catalog.calendars.named
    if {n: c.text for n, c in before.items()} == {n: c.text for n, c in after.items()}:
        return
    for type_ in catalog.objects.values():
        known = session.catalog.objects.get(type_.name)
        there = known is not None and TIMERS.of(known)
        timers = [one for one in TIMERS.of(type_) or () if one.calendar is not None]
        if there and timers:  # the other ones come along
            place = (type_.name, timers[0].field(DUE))
            recalculation_queue.later(session, place, (), None)
