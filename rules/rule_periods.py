"""Periods that rules run for: each week, month or year of a record, from a day on until another.

Pure arithmetic: which periods there are, and when each of them is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from .offsets import Offset, moment_of

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = (*DAYS, *MONTHS)
FIRST = date(2000, 1, 3)  # a Monday: from it on count periods that begin with the calendar's
_EVERY = re.compile(rf"(?:([1-9][0-9]{{0,2}}) )?({'|'.join(UNITS)})s?")


class RulePeriod(NamedTuple):
    """From a day on, until before another."""

    start: date
    until: date


@dataclass(frozen=True)
class Every:
    number: int
    unit: str
    starts: str = ""  # the field with the first day
    ends: str = ""  # the field with the day on which it is over
    calendar: bool = True  # periods begin with weeks, months and years; else on the first day
    lead: int = 0  # days before the day that it is due on
    at_end: bool = False  # it is due when the period is over
    since: date | None = None

    @staticmethod
    def read(text: str) -> tuple[int, str]:
        """How many of which unit; raises ValueError."""
        match = _EVERY.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return int(match[1] or 1), match[2]

    def periods(
        self,
        first: date | None,
        end: date | None,
        *,
        near: date | None = None,
        done: date | None = None,
    ) -> Iterator[RulePeriod]:
        """The periods in order, as far as the calendar reaches: at the latest from `near` on, and
        behind the one whose day is `done`."""
        anchor = self._anchor(first)
        known = [one for one in (done, near, first, self.since) if one is not None]
        number = self._before(anchor, max(known, default=FIRST))
        for at in count(number if self.calendar else max(0, number)):
            try:
                start, until = self._edge(anchor, at), self._edge(anchor, at + 1)
            except (OverflowError, ValueError):
                return
            if end is not None and start >= end:
                return
            period = RulePeriod(max(start, first or start), min(until, end or until))
            if period.start >= period.until or (self.since and period.start < self.since):
                continue
            if done is None or self._behind(start, period, done):
                yield period

    def _behind(self, start: date, period: RulePeriod, done: date) -> bool:
        """Whether a period is none that was done, also where the first day has moved since."""
        if self.at_end:
            return period.start >= done
        if self.calendar:
            return start > done
        return start >= self._edge(done, 1)

    def day(self, period: RulePeriod) -> date:
        """The day that it is due on, without the lead."""
        return period.until if self.at_end else period.start

    def due(self, period: RulePeriod, at: time | None, zone: ZoneInfo) -> datetime | None:
        return moment_of(self.day(period), Offset(-self.lead), at, zone)

    def day_of(self, due: datetime, zone: ZoneInfo) -> date:
        """The day of the period that was due at a moment."""
        return due.astimezone(zone).date() + timedelta(days=self.lead)

    def _anchor(self, first: date | None) -> date:
        if first is not None and not self.calendar:
            return first
        return FIRST if self.unit in DAYS else FIRST.replace(day=1)

    def _edge(self, anchor: date, at: int) -> date:
        if self.unit in DAYS:
            return anchor + timedelta(days=at * self.number * DAYS[self.unit])
        return anchor + relativedelta(months=at * self.number * MONTHS[self.unit])

    def _before(self, anchor: date, day: date) -> int:
        """The number of a period that is surely not behind a day."""
        if self.unit in DAYS:
            return (day - anchor).days // (self.number * DAYS[self.unit]) - 2
        months = (day.year - anchor.year) * 12 + day.month - anchor.month
        return months // (self.number * MONTHS[self.unit]) - 2


def as_day(value: Any, zone: ZoneInfo) -> date | None:
    """The day of a date, or of a moment in the business's zone."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value
