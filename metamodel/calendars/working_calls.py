"""Working time as expressions ask for it: values first, the calendar last."""

from __future__ import annotations

from datetime import date, datetime

from metamodel.calendars.calendar import Calendar


def between(start: datetime, end: datetime, calendar: Calendar) -> int:
    return calendar.between(start, end)


def add(moment: datetime, seconds: int, calendar: Calendar) -> datetime | None:
    return calendar.add(moment, seconds)


def days(seconds: int, calendar: Calendar) -> int | None:
    return calendar.days(seconds)


def is_open(moment: datetime, calendar: Calendar) -> bool:
    return calendar.is_open(moment)


def is_working_day(day: date, calendar: Calendar) -> bool:
    return calendar.is_working_day(day)
