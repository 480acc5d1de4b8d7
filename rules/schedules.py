"""Schedules: the five fields of cron, in the business's zone.

Own code and no library: a screen of it covers what rules need, with the faults in our words and
with a rule for the hour that the clocks skip or repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from metamodel.plain_figures import whole_of

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("weekday", 0, 7, DAYS),
)
HORIZON_DAYS = 366 * 8  # the 29th of February comes at least once in it


class NoSchedule(ValueError):
    """A schedule that is not valid: what is wrong with it."""


@dataclass(frozen=True)
class Schedule:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    any_day: bool
    any_weekday: bool

    @staticmethod
    def read(text: str) -> Schedule:
        parts = text.split()
        if len(parts) != len(FIELDS):
            raise NoSchedule(
                "A schedule must have five parts: minute, hour, day, month and weekday."
            )
        sets = [_read(part.lower(), *field) for part, field in zip(parts, FIELDS, strict=True)]
        schedule = Schedule(
            tuple(sorted(sets[0])),
            tuple(sorted(sets[1])),
            frozenset(sets[2]),
            frozenset(sets[3]),
            frozenset(day % 7 for day in sets[4]),
            any_day=parts[2].startswith("*"),
            any_weekday=parts[4].startswith("*"),
        )
        if schedule.next(datetime(2024, 1, 1, tzinfo=UTC), ZoneInfo("UTC")) is None:
            raise NoSchedule("This day never occurs.")
        return schedule

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment behind another one, in UTC."""
        day = after.astimezone(zone).date()
        for _ in range(HORIZON_DAYS):
            if self._on(day):
                for moment in self._moments(day, zone):
                    if moment > after:
                        return moment
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        # As cron has it: where both are given, either will do.
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def _moments(self, day: date, zone: ZoneInfo) -> list[datetime]:
        """A time that the clocks skip comes an hour later; one that comes twice, once."""
        times = (time(hour, minute) for hour in self.hours for minute in self.minutes)
        return sorted(datetime.combine(day, clock, zone).astimezone(UTC) for clock in times)


def _read(part: str, name: str, low: int, high: int, words: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for item in part.split(","):
        span, slash, step = item.partition("/")
        every = whole_of(step) if slash else 1
        if every is None or not 0 < every <= high:
            raise NoSchedule(
                f"The {name} has a step that is not a number from 1 to {high}: {item}."
            )
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, name, low, high, words)
            last = _number(end, name, low, high, words) if dash else high if slash else first
        if last < first:
            raise NoSchedule(f"The {name} ends before it starts: {item}.")
        found.update(range(first, last + 1, every))
    return found


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text) + low
    found = whole_of(text)
    if found is None or not low <= found <= high:
        raise NoSchedule(f"The {name} must be a number from {low} to {high}: {text or 'nothing'}.")
    return found
