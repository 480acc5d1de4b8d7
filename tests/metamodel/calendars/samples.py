"""Calendars for tests: an office, one with a lunch break, one at night, and one always open."""

from __future__ import annotations

from datetime import UTC, date, datetime

from metamodel.calendars.calendar import Calendar, compile_calendar
from metamodel.calendars.calendars import Calendars
from metamodel.calendars.hours import Spans, spans_of
from metamodel.calendars.zones import zone_of

SHUT: Spans = ()
NINE = spans_of(["09:00-17:30"])
LUNCH = spans_of(["09:00-12:30", "13:30-17:30"])
DAY = spans_of(["00:00-24:00"])
NIGHT = spans_of(["00:00-05:00", "21:30-24:00"])

HOLIDAYS = {date(2026, 12, 25): SHUT, date(2026, 12, 28): SHUT, date(2027, 1, 1): SHUT}
UK = compile_calendar("uk", "Europe/London", [NINE] * 5 + [SHUT] * 2, HOLIDAYS)
BREAK = compile_calendar("lunch", "Europe/London", [LUNCH] * 5 + [SHUT] * 2, {})
ALWAYS = compile_calendar("always", "Europe/London", [DAY] * 7, {})
NIGHTS = compile_calendar(
    "nights",
    "America/New_York",
    [NIGHT] * 7,
    {date(2026, 7, 4): spans_of(["10:00-12:00"]), date(2026, 3, 8): SHUT},
)
SUNDAYS = compile_calendar(
    "sundays",
    "Australia/Lord_Howe",
    [SHUT, SHUT, LUNCH, SHUT, SHUT, NINE, spans_of(["01:45-02:15", "02:15-09:00"])],
    {date(2026, 1, 1): DAY},
)
ALL = (UK, BREAK, ALWAYS, NIGHTS, SUNDAYS)
CALENDARS = Calendars({calendar.name: calendar for calendar in ALL}, UK)


def london(*parts: int) -> datetime:
    """A moment by the clock in London."""
    year, month, day, *clock = parts
    hour, minute = (*clock, 0, 0)[:2]
    return datetime(year, month, day, hour, minute, tzinfo=zone_of("Europe/London")).astimezone(UTC)


def by_steps(calendar: Calendar, start: datetime, end: datetime) -> int:
    """The time worked, minute by minute: slow, and plain to see."""
    first, last = int(start.timestamp()), int(end.timestamp())
    return sum(
        60 for at in range(first, last, 60) if calendar.is_open(datetime.fromtimestamp(at, UTC))
    )
