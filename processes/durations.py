"""How long a stage may take: `1d`, `2d 4h`, in days of a calendar or of 24 hours."""

from __future__ import annotations

import re

from metamodel.calendars.calendar import Calendar
from metamodel.calendars.calendars import Calendars

_PART = re.compile(r"(\d+)(min|h|d|w)")
DAY = 86_400
WEEK_DAYS, WORKING_DAYS = 7, 5
USUAL = "1w"  # of a stage that says nothing
ELAPSED, BUSINESS = "elapsed", "business"


def calendar_named(clock: str, calendars: Calendars) -> Calendar | None:
    """The calendar of a clock; None of one that runs day and night, and where there is none."""
    if clock == ELAPSED:
        return None
    if clock != BUSINESS:
        return calendars.named.get(clock)
    if calendars.default is None and len(calendars.named) == 1:
        return next(iter(calendars.named.values()))
    return calendars.default


def seconds_of(text: str, calendar: Calendar | None) -> int:
    """The seconds of a duration, of working time where there is a calendar."""
    day = DAY if calendar is None else calendar.usual_day
    week = day * (WEEK_DAYS if calendar is None else WORKING_DAYS)
    units = {"min": 60, "h": 3600, "d": day, "w": week}
    return sum(int(number) * units[unit] for number, unit in _PART.findall(text))
