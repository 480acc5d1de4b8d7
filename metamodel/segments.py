"""A period in segments: split where a quantity or a price changes, each with its exact share.

Periods and spans are half-open, [from, until). A convention says what share of a period some of
its days are:

- `actual_period`: by days, of the days of the period;
- `actual_month`: each month counts the same, and a part of one by its own days;
- `30/360`: every month has 30 days;
- `none`: what holds on the first day of the period holds for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from math import lcm

from dateutil.relativedelta import relativedelta

ACTUAL_PERIOD, ACTUAL_MONTH, THIRTY, NONE = "actual_period", "actual_month", "30/360", "none"
CONVENTIONS = (ACTUAL_PERIOD, ACTUAL_MONTH, THIRTY, NONE)
# As options of a choice can be named, which have no slash and do not begin with a digit.
OTHER_NAMES = {"30_360": THIRTY, "thirty_360": THIRTY}
ROUNDINGS = ("line", "cumulative")
SPLITS = {
    "week": relativedelta(days=7),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
MONTH = lcm(28, 29, 30, 31)  # units in which a month is counted: each of its days has whole ones
MAX_MONTHS = 1_200  # of a period
_EXACT = Context(prec=100)


@dataclass(frozen=True)
class Piece:
    """So much of something at a price for a whole period. Without an end it lasts."""

    from_: date | None
    until: date | None
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True)
class Segment:
    """Days of a period throughout which quantity and price are the same."""

    from_: date
    until: date
    days: int
    period_days: int
    share: Fraction
    quantity: Decimal
    price: Decimal
    amount: Decimal

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """What prices are for: [from, until), with the convention by which parts of it count."""

    from_: date
    until: date
    convention: str = ACTUAL_PERIOD

    def days(self, start: date, end: date) -> int:
        """The days between two of them, as the convention counts."""
        return thirty(end) - thirty(start) if self.convention == THIRTY else (end - start).days

    def share(self, start: date, end: date) -> Fraction:
        whole = units(self.from_, self.until, self.from_, self.until, self.convention)
        part = units(start, end, self.from_, self.until, self.convention)
        return Fraction(part or 0, whole) if whole else Fraction(0)


def convention_named(text: str) -> str | None:
    """The convention of a name, or of an option that stands for it; None where there is none."""
    return text if text in CONVENTIONS else OTHER_NAMES.get(text)


def units(start: date, end: date, first: date, after: date, convention: str) -> int | None:
    """How much of the period [first, after) lies in [start, end), in units of the convention.

    The share is this by the same of the whole period. Periods of more than a hundred years, and
    unknown conventions, have none.
    """
    start, end = max(start, first), min(end, after)
    if convention == NONE:
        return int(start <= first < end)
    if convention == THIRTY:
        return max(thirty(end) - thirty(start), 0)
    if convention == ACTUAL_PERIOD:
        return max((end - start).days, 0)
    return _by_months(start, end, first, after) if convention == ACTUAL_MONTH else None


def thirty(day: date) -> int:
    """The number of a day where every month has 30."""
    return day.year * 360 + day.month * 30 + min(day.day, 30)


def _by_months(start: date, end: date, first: date, after: date) -> int | None:
    """Months begin on the day of the month on which the period does.

    Those between the two ends are counted, not walked through: a period may have a thousand.
    """
    limit = _begin(first, MAX_MONTHS)
    if limit is not None and limit < end and _begin(first, MAX_MONTHS + 1) is not None:
        return None
    if start >= end:
        return 0
    one, other = _month_of(first, start), _month_of(first, end)
    if one == other:
        return _part(first, one, start, end)
    whole = (other - one - 1) * MONTH
    return _part(first, one, start, None) + whole + _part(first, other, None, end)


def _begin(first: date, number: int) -> date | None:
    """The first day of a month of the period; none beyond the year 9999."""
    try:
        return first + relativedelta(months=number)
    except ValueError:
        return None


def _month_of(first: date, day: date) -> int:
    """The month of the period in which a day is."""
    number = (day.year - first.year) * 12 + day.month - first.month
    begin = _begin(first, number)
    return number if begin is not None and begin <= day else number - 1


def _part(first: date, number: int, start: date | None, end: date | None) -> int:
    """What some days of a month count; the last month of the year 9999 counts nothing."""
    begin, following = _begin(first, number), _begin(first, number + 1)
    if begin is None or following is None:
        return 0
    days = (end or following) - (start or begin)
    return days.days * MONTH // (following - begin).days


def segments(
    pieces: Iterable[Piece],
    period: Period,
    *,
    scale: int = 2,
    rounding: str = "line",
    cuts: Iterable[date] = (),
) -> list[Segment]:
    """The segments of a period: what changes neither quantity nor price makes no new one.

    Each amount is rounded once, half away from zero; `cumulative` rounds the sum so far instead,
    so that the amounts add up to the rounded whole. Pieces at different prices stay apart.
    """
    kept_cuts = set(cuts)
    rows: list[tuple[date, date, Decimal, Decimal]] = []
    lasting: dict[tuple[Decimal, Decimal], int] = {}  # the rows that end where the next part starts
    for start, end, held in _parts(pieces, period, kept_cuts):
        before, lasting = {} if start in kept_cuts else lasting, {}
        for price, quantity in held:
            at = before.get((quantity, price), len(rows))
            if at == len(rows):
                rows.append((start, end, quantity, price))
            else:
                rows[at] = (rows[at][0], end, quantity, price)
            lasting[quantity, price] = at
    return _rounded(sorted(rows, key=lambda row: (row[0], row[1], row[3])), period, scale, rounding)


def _parts(
    pieces: Iterable[Piece], period: Period, cuts: Iterable[date]
) -> Iterator[tuple[date, date, list[tuple[Decimal, Decimal]]]]:
    """The period between the days on which something changes, each part with what holds in it.

    That is the quantity at each price.
    """
    first, after = period.from_, period.until
    if period.convention == NONE:
        after = first + timedelta(days=1)
    changes: dict[date, list[tuple[Decimal, Decimal]]] = {first: []}
    for piece in pieces:
        start, end = max(piece.from_ or first, first), min(piece.until or after, after)
        if start < end and piece.quantity:
            changes.setdefault(start, []).append((piece.price, piece.quantity))
            changes.setdefault(end, []).append((piece.price, -piece.quantity))
    if period.convention != NONE:
        changes |= {day: changes.get(day, []) for day in cuts if first < day < after}
    days = sorted(day for day in changes if day < after)
    held: dict[Decimal, Decimal] = {}
    for start, end in zip(days, [*days[1:], period.until], strict=True):
        for price, quantity in changes[start]:
            held[price] = _EXACT.add(held.get(price, Decimal(0)), quantity)
            if not held[price]:
                del held[price]
        yield start, end, list(held.items())


def _rounded(
    rows: Iterable[tuple[date, date, Decimal, Decimal]], period: Period, scale: int, rounding: str
) -> list[Segment]:
    made = []
    exact, told = Fraction(0), Decimal(0)
    for start, end, quantity, price in rows:
        share = period.share(start, end)
        value = Fraction(quantity) * Fraction(price) * share
        amount = round_half_up(value, scale)
        if rounding == "cumulative":
            exact += value
            amount = round_half_up(exact, scale) - told
            told += amount
        days, whole = period.days(start, end), period.days(period.from_, period.until)
        made.append(Segment(start, end, days, whole, share, quantity, price, amount))
    return made


def round_half_up(value: Fraction, scale: int) -> Decimal:
    """Half away from zero, exactly."""
    scaled = abs(value) * 10**scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-scale)


def priced(
    quantities: Iterable[tuple[date | None, date | None, Decimal]],
    prices: Iterable[tuple[date | None, date | None, Decimal]],
) -> list[Piece]:
    """Pieces of what is there in some spans at the prices that hold in others."""
    listed = list(prices)
    made = []
    for start, end, quantity in quantities:
        for since, until, price in listed:
            begins = max((day for day in (start, since) if day is not None), default=None)
            ends = min((day for day in (end, until) if day is not None), default=None)
            if begins is None or ends is None or begins < ends:
                made.append(Piece(begins, ends, quantity, price))
    return made


def split_days(period: Period, by: str) -> list[date]:
    """The first days of weeks, months, quarters or years within a period."""
    start = period.from_
    first = {
        "week": start - timedelta(days=start.weekday()),
        "month": start.replace(day=1),
        "quarter": start.replace(month=(start.month - 1) // 3 * 3 + 1, day=1),
        "year": start.replace(month=1, day=1),
    }[by]
    days = []
    while first < period.until:
        days.append(first)
        try:
            first += SPLITS[by]
        except (ValueError, OverflowError):  # the last part of the year 9999
            break
    return [day for day in days if day > start]
