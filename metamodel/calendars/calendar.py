"""A calendar compiled: sums over weeks and exceptional days, so that no arithmetic walks along.

A moment has its place on one line, the time worked from the first day of the calendar until then.
Time between two moments is a difference of places, and adding looks the new place up.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from metamodel.calendars.hours import DAY, Spans, length
from metamodel.calendars.zones import (
    EPOCH,
    LAST,
    SECOND,
    elapsed,
    microseconds,
    start_of,
    uneven_days,
    zone_of,
)

REMEMBERED = 4_000  # moments of a calendar
MOST = 10**12  # seconds that are added at once: more than the years 1 to 9999 have


class Special(NamedTuple):
    """A day with hours of its own: a holiday, or one on which the clocks change."""

    day: int
    before: int  # seconds worked before it
    after: int  # ... and once it is over
    spans: Spans  # in seconds since the day began


@dataclass(frozen=True)
class Calendar:
    """Weekly hours in a zone and the days that differ. Moments are in UTC, durations in seconds."""

    name: str
    zone: str
    week: tuple[Spans, ...]  # Monday first
    special: tuple[Special, ...] = field(repr=False)

    @cached_property
    def _before(self) -> list[int]:
        """The seconds of a week before each of its days, and of all of it."""
        return [0, *accumulate(length(spans) for spans in self.week)]

    @cached_property
    def _days(self) -> list[int]:
        return [one.day for one in self.special]

    @cached_property
    def _reached(self) -> list[int]:
        return [one.before * SECOND for one in self.special]

    @cached_property
    def text(self) -> str:
        """All that arithmetic needs, as JSON: what databases take."""
        whole = {
            "name": self.name,
            "zone": self.zone,
            "week": self.week,
            "before": self._before,
            "usual": self.usual_day,
            "special": [list(one) for one in self.special],
        }
        return orjson.dumps(whole).decode()

    @cached_property
    def usual_day(self) -> int:
        """The seconds of a working day: the length that most days of the week have."""
        lengths = [length(spans) for spans in self.week if spans]
        return max(lengths, key=lambda one: (lengths.count(one), one))

    def between(self, start: datetime, end: datetime) -> int:
        """Whole seconds worked from one moment to another; negative when it was before."""
        passed = self._place(end) - self._place(start)
        return abs(passed) // SECOND * (1 if passed >= 0 else -1)

    def add(self, moment: datetime, seconds: int) -> datetime | None:
        """The moment at which so much has been worked; nothing beyond the years 1 to 9999.

        Time that ends with the hours of a day ends that day; taken away, it begins with a day.
        """
        if not seconds:
            return moment
        if abs(seconds) > MOST:
            return None
        place = self._place(moment) + seconds * SECOND
        return self._first_at(place) if seconds > 0 else self._last_at(place)

    def is_open(self, moment: datetime) -> bool:
        day, passed = self._day(moment)
        return any(start * SECOND <= passed < end * SECOND for start, end in self._spans(day))

    def next_opening(self, moment: datetime) -> datetime | None:
        """The moment itself while it is open, else the next at which it opens."""
        return self._last_at(self._place(moment))

    def is_working_day(self, day: date) -> bool:
        return bool(self._spans(day.toordinal() - 1))

    def days(self, seconds: int) -> int | None:
        """The working time of so many days, written as if they had 24 hours each."""
        made = (abs(seconds) * self.usual_day * 2 + DAY) // (2 * DAY)
        return (made if seconds > 0 else -made) if made <= MOST else None

    def _spans(self, day: int) -> Spans:
        at = bisect_left(self._days, day)
        if at < len(self._days) and self._days[at] == day:
            return self.special[at].spans
        return self.week[day % 7]

    def _plain(self, day: int) -> int:
        """The seconds before a day if every week were the same."""
        return day // 7 * self._before[7] + self._before[day % 7]

    def _until(self, day: int) -> int:
        """The seconds worked before a day."""
        at = bisect_left(self._days, day)
        if not at:
            return self._plain(day)
        last = self.special[at - 1]
        return last.after + self._plain(day) - self._plain(last.day + 1)

    def _day(self, moment: datetime) -> tuple[int, int]:
        """The day of a moment and the microseconds since it began."""
        zone = zone_of(self.zone)
        at = microseconds(moment)
        try:
            day = moment.astimezone(zone).toordinal() - 1
        except OverflowError:
            day = 0 if moment.year < 5000 else LAST
        start = start_of(day, zone)
        if at < start and day:  # the clocks went back over midnight
            day, start = day - 1, start_of(day - 1, zone)
        elif day < LAST and at >= (following := start_of(day + 1, zone)):
            day, start = day + 1, following
        return day, at - start

    @cached_property
    def _places(self) -> dict[datetime, int]:
        """Those of the last moments: all timers of a record ask for the moments of its log."""
        return {}

    def _place(self, moment: datetime) -> int:
        """The microseconds worked until a moment."""
        known = self._places.get(moment)
        if known is None:
            if len(self._places) >= REMEMBERED:
                self._places.clear()
            known = self._places[moment] = self._worked_until(moment)
        return known

    def _worked_until(self, moment: datetime) -> int:
        day, passed = self._day(moment)
        worked = sum(
            min(max(passed - start * SECOND, 0), (end - start) * SECOND)
            for start, end in self._spans(day)
        )
        return self._until(day) * SECOND + worked

    def _first_at(self, place: int) -> datetime | None:
        """The first moment at which so many microseconds have been worked."""
        at = bisect_left(self._reached, place)
        base = 0
        rest = place
        if at:
            last = self.special[at - 1]
            if place <= last.after * SECOND:
                return self._within(last.day, place - last.before * SECOND, first=True)
            base = last.day + 1
            rest = place - last.after * SECOND
        whole = rest + self._plain(base) * SECOND
        weeks = (whole - 1) // (self._before[7] * SECOND)
        left = whole - weeks * self._before[7] * SECOND
        weekday = bisect_left(self._before, -(-left // SECOND)) - 1
        return self._within(weeks * 7 + weekday, left - self._before[weekday] * SECOND, first=True)

    def _last_at(self, place: int) -> datetime | None:
        """The last moment until which no more has been worked."""
        at = bisect_right(self._reached, place)
        base = 0
        rest = place
        if at:
            last = self.special[at - 1]
            if place < last.after * SECOND:
                return self._within(last.day, place - last.before * SECOND, first=False)
            base = last.day + 1
            rest = place - last.after * SECOND
        whole = rest + self._plain(base) * SECOND
        weeks, left = divmod(whole, self._before[7] * SECOND)
        weekday = bisect_right(self._before, left // SECOND) - 1
        return self._within(weeks * 7 + weekday, left - self._before[weekday] * SECOND, first=False)

    def _within(self, day: int, rest: int, *, first: bool) -> datetime | None:
        """The moment of a day at which so many microseconds of it have been worked."""
        if not 0 <= day <= LAST:
            return None
        for start, end in self._spans(day):
            long = (end - start) * SECOND
            if rest < long or (first and rest == long):
                break
            rest -= long
        passed = start_of(day, zone_of(self.zone)) + start * SECOND + rest
        try:
            return EPOCH + timedelta(microseconds=passed)
        except OverflowError:
            return None


def compile_calendar(
    name: str, zone: str, week: Sequence[Spans], holidays: Mapping[date, Spans]
) -> Calendar:
    """A calendar of hours by the clock on the wall; a week without hours is no calendar."""
    if not any(week):
        raise ValueError(f"the calendar {name} has no hours")
    if not holidays and all(spans == ((0, DAY),) for spans in week):
        zone = "UTC"  # what is always open needs no clock
    by_clock = {day.toordinal() - 1: spans for day, spans in holidays.items()}
    differing = {
        day: elapsed(day, spans, zone_of(zone)) if spans else () for day, spans in by_clock.items()
    }
    for day in uneven_days(zone):
        if day not in differing and week[day % 7]:
            spans = elapsed(day, week[day % 7], zone_of(zone))
            if spans != week[day % 7]:
                differing[day] = spans
    bare = Calendar(name, zone, tuple(week), ())
    special: list[Special] = []
    for day in sorted(differing):
        spans = differing[day]
        before = bare._plain(day)
        if special:
            before += special[-1].after - bare._plain(special[-1].day + 1)
        special.append(Special(day, before, before + length(spans), spans))
    return Calendar(name, zone, tuple(week), tuple(special))


@lru_cache(maxsize=256)
def read_calendar(text: str) -> Calendar:
    """The calendar of its own text."""
    whole: dict[str, Any] = orjson.loads(text)
    special = (
        Special(day, before, after, _spans(spans)) for day, before, after, spans in whole["special"]
    )
    week = tuple(_spans(spans) for spans in whole["week"])
    return Calendar(whole["name"], whole["zone"], week, tuple(special))


def _spans(listed: Sequence[Sequence[int]]) -> Spans:
    return tuple((start, end) for start, end in listed)
