"""The periods that a record is charged for: weeks, months or years, each with an edge of its own.

Pure arithmetic. A period is whole, so that what holds for a part of it has its share; which days of
it a record takes part in is said beside it. Edges are counted from one anchor, so that months
which begin on the 31st do not drift to the 28th.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
UNITS = (*DAYS, *MONTHS)
CALENDAR, RECORD = "calendar", "record"
START, END = "start", "end"
MOST_PERIODS = 2_000  # of one record: months of more than 160 years
FIRST = date(2000, 1, 3)  # a Monday: weeks are counted from it, months from the first of its month
_LENGTH = re.compile(rf"(?:([1-9][0-9]{{0,2}}) )?({'|'.join(UNITS)})s?")
_EARLY = date(1, 1, 8)


class PeriodsError(ValueError):
    """Why a record has no periods, in words."""


@dataclass(frozen=True)
class PeriodLength:
    """So many days, or so many months."""

    days: int = 0
    months: int = 0

    def edge(self, anchor: date, at: int) -> date:
        """Where the period of a number begins; OverflowError or ValueError outside of time."""
        if self.days:
            return anchor + timedelta(days=at * self.days)
        return anchor + relativedelta(months=at * self.months)

    def before(self, anchor: date, day: date) -> int:
        """The number of the period that a day is in."""
        if self.days:
            return (day - anchor).days // self.days
        number = ((day.year - anchor.year) * 12 + day.month - anchor.month) // self.months
        while self.edge(anchor, number) > day:
            number -= 1
        return number


class ChargePeriod(NamedTuple):
    """A whole period, and the days of it in which the record takes part."""

    from_: date
    until: date
    start: date
    end: date

    @property
    def empty(self) -> bool:
        """Whether the record takes part in none of its days: what was posted for it goes back."""
        return self.start >= self.end

    def has(self, day: date | None) -> bool:
        return day is not None and not self.empty and self.from_ <= day < self.until

    @property
    def name(self) -> str:
        """What keys call it."""
        return f"{self.from_.isoformat()}/{self.until.isoformat()}"


def period_named(name: str) -> ChargePeriod | None:
    """The period of a key; None for what is charged once, or allocated."""
    if "/" not in name:
        return None
    from_, until = (date.fromisoformat(one) for one in name.split("/"))
    return ChargePeriod(from_, until, from_, until)


def length_of(text: str) -> PeriodLength | None:
    """`month`, `half_year`, `2 weeks`; None where it is no length."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        return None
    number, unit = int(match[1] or 1), match[2]
    if unit in DAYS:
        return PeriodLength(days=number * DAYS[unit])
    return PeriodLength(months=number * MONTHS[unit])


@dataclass(frozen=True)
class Periods:
    """The periods of one record: its first day, the one after its last, and when they are due."""

    length: PeriodLength
    first: date
    after: date | None = None
    align: str = CALENDAR
    due: str = START
    lead: int = 0  # days before the day that they are due on

    def due_day(self, period: ChargePeriod) -> date:
        """The first day of a run that takes a period: of those at the end, their last day."""
        day = period.start if self.due == START else period.end - timedelta(days=1)
        try:
            return day - timedelta(days=self.lead)
        except OverflowError:
            return date.min

    def until(self, day: date) -> Iterator[ChargePeriod]:
        """Those that are due on a day or before it, in order."""
        for made, period in enumerate(self._all()):
            if self.due_day(period) > day:
                return
            if made == MOST_PERIODS:
                raise PeriodsError(
                    f"More than {MOST_PERIODS:,} periods are due since {self.first}. Begin later, "
                    "or choose longer periods."
                )
            yield period

    def following(self, day: date) -> ChargePeriod | None:
        """The first period that is not over on a day."""
        return next((one for one in self._all(day) if one.until > day), None)

    def holds(self, period: ChargePeriod) -> ChargePeriod | None:
        """The period of the record with the edges of another one."""
        return next(
            (one for one in self._all(period.from_) if one[:2] == period[:2]),
            None,
        )

    def _all(self, near: date | None = None) -> Iterator[ChargePeriod]:
        """In order; `near`: at the latest from the one that a day is in, and a few only."""
        length, anchor = self.length, self._anchor()
        start = max(self.first, near) if near is not None else self.first
        if start < _EARLY:
            return
        for at in count(length.before(anchor, start)):
            try:
                from_, until = length.edge(anchor, at), length.edge(anchor, at + 1)
            except (OverflowError, ValueError):
                return
            if self.after is not None and from_ >= self.after:
                return
            if near is not None and from_ > max(near, start):
                yield self._clipped(from_, until)
                return
            period = self._clipped(from_, until)
            if period.start < period.end:
                yield period

    def _clipped(self, from_: date, until: date) -> ChargePeriod:
        start, end = max(from_, self.first), min(until, self.after or until)
        return ChargePeriod(from_, until, start, end)

    def _anchor(self) -> date:
        if self.align == RECORD:
            return self.first
        return FIRST if self.length.days else FIRST.replace(day=1)
