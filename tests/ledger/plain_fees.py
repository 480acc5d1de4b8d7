"""The fees of plans once more, day by day and in fractions: what the ledger is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

LENGTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
Span = tuple[date, date]
DAY = timedelta(days=1)


@dataclass
class PlainValue:
    """What holds from each of some days on."""

    values: dict[date, Fraction | None]

    def on(self, day: date) -> Fraction | None:
        return self.values[max(one for one in self.values if one <= day)]

    def put(self, day: date, value: Fraction) -> None:
        if self.on(day) != value:
            self.values[day] = value


@dataclass
class PlainHire:
    starts: date
    ends: date | None = None
    price: Fraction | None = None
    there: bool = True

    def on(self, day: date) -> bool:
        return self.there and self.starts <= day and (self.ends is None or day < self.ends)


@dataclass
class PlainPlan:
    starts: date
    price: PlainValue
    quantity: PlainValue
    ends: date | None = None
    length: str = "month"
    billed: str = "start"
    convention: str = "actual_period"
    least: int = 0
    included: Fraction = Fraction(0)
    overage: Fraction = Fraction(0)
    hires: dict[str, PlainHire] = field(default_factory=dict)
    readings: dict[str, tuple[date, Fraction]] = field(default_factory=dict)
    there: bool = True

    def periods(self, until: date) -> Iterator[Span]:
        """Those that are due."""
        for span in self.known(until + timedelta(days=400)):
            first, last = max(span[0], self.starts), span[1] - DAY
            if self.ends is not None:
                last = min(last, self.ends - DAY)
            if first <= last and (first if self.billed == "start" else last) <= until:
                yield span

    def known(self, until: date) -> Iterator[Span]:
        """The periods of the calendar in which the plan holds."""
        size = LENGTHS[self.length]
        at = (self.starts.year * 12 + self.starts.month - 1) // size * size
        while True:
            span = _month(at), _month(at + size)
            if span[0] > until or (self.ends is not None and span[0] >= self.ends):
                return
            yield span
            at += size

    def target(self, span: Span) -> Fraction:
        """What a period comes to; nothing where it is no period of the plan."""
        if not self.there or span not in self.known(span[0]):
            return Fraction(0)
        total = Fraction(0)
        for on, share in _shares(span, self.convention):
            if self.starts <= on and (self.ends is None or on < self.ends):
                total += self._day(on) * share
        for on, used in self.readings.values():
            if span[0] <= on < span[1]:
                total += max(Fraction(0), used - self.included) * self.overage
        return total

    def _day(self, on: date) -> Fraction:
        price = self.price.on(on) or Fraction(0)
        there = [one for one in self.hires.values() if one.on(on)]
        total = sum((one.price or price for one in there), Fraction(0))
        total += max(0, self.least - len(there)) * price
        return total + (self.quantity.on(on) or 0) * price


def _month(at: int) -> date:
    return date(at // 12, at % 12 + 1, 1)


def _shares(span: Span, convention: str) -> Iterator[tuple[date, Fraction]]:
    """Each day of a period with what it counts of it."""
    first, after = span
    days = [first + timedelta(days=at) for at in range((after - first).days)]
    months = (after.year - first.year) * 12 + after.month - first.month
    for day in days:
        if convention == "none":
            share = Fraction(day == first)
        elif convention == "actual_period":
            share = Fraction(1, len(days))
        elif convention == "actual_month":
            following = _month(day.year * 12 + day.month)
            share = Fraction(1, months * (following - day.replace(day=1)).days)
        else:
            share = Fraction(_thirty(day + DAY) - _thirty(day), months * 30)
        yield day, share


def _thirty(day: date) -> int:
    return day.year * 360 + day.month * 30 + min(day.day, 30)


def rounded(value: Fraction) -> Decimal:
    """Half up, away from zero."""
    exact = abs(value) * 1000 * 10**20
    made = (Decimal(int(exact)) / 10**20 / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return made if value >= 0 else -made
