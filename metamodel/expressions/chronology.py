"""Dates and moments: the one meaning of calendar arithmetic on every target."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from metamodel.storage import timestamp_wire

DAY = 86_400
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
UNITS = ("year", "quarter", "month", "week", "day", "hour")

T = TypeVar("T")


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def within_calendar(make: Callable[[], T]) -> T | None:
    """What lies outside the years 1 to 9999 is empty."""
    try:
        return make()
    except (OverflowError, ValueError):
        return None


def start_of_day(day: date, zone: str) -> datetime | None:
    """The moment at which a day begins in a zone."""
    return _moment(datetime(day.year, day.month, day.day), zone)


def _moment(local: datetime, zone: str) -> datetime | None:
    # Of a time that comes twice, the first; one that does not come is taken by the old clock.
    return within_calendar(lambda: local.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC))


def local_time(moment: datetime, zone: str) -> datetime | None:
    return within_calendar(lambda: moment.astimezone(zone_of(zone)).replace(tzinfo=None))


def local_date(moment: datetime, zone: str) -> date | None:
    local = local_time(moment, zone)
    return None if local is None else local.date()


def shift_date(day: date, seconds: int) -> date | None:
    return within_calendar(lambda: day + timedelta(days=seconds // DAY))


def shift_moment(moment: datetime, seconds: int) -> datetime | None:
    return within_calendar(lambda: moment + timedelta(seconds=seconds))


def add_months(day: date, months: int) -> date | None:
    """The same day of a later month, or its last one where there is no such day."""
    return within_calendar(lambda: day + relativedelta(months=months))


def add_months_to_moment(moment: datetime, months: int, zone: str) -> datetime | None:
    """The same time of day in the zone, months later."""
    local = local_time(moment, zone)
    if local is None:
        return None
    moved = within_calendar(lambda: local + relativedelta(months=months))
    return None if moved is None else _moment(moved, zone)


def seconds_between_days(left: date, right: date) -> int:
    return (left - right).days * DAY


def seconds_between(left: datetime, right: datetime) -> int:
    """Whole seconds; a fraction counts nothing."""
    microseconds = (left - right) // timedelta(microseconds=1)
    return abs(microseconds) // 1_000_000 * (1 if microseconds >= 0 else -1)


def year(day: date) -> Decimal:
    return Decimal(day.year)


def month(day: date) -> Decimal:
    return Decimal(day.month)


def day_of_month(day: date) -> Decimal:
    return Decimal(day.day)


def weekday(day: date) -> Decimal:
    """1 for Monday to 7 for Sunday."""
    return Decimal(day.isoweekday())


def start_of_date(day: date, unit: str) -> date | None:
    if unit == "week":
        return within_calendar(lambda: day - timedelta(days=day.weekday()))
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def end_of_date(day: date, unit: str) -> date | None:
    """The last day of the unit."""
    if unit == "week":
        return within_calendar(lambda: day + timedelta(days=6 - day.weekday()))
    month = {"month": day.month, "quarter": (day.month + 2) // 3 * 3, "year": 12}.get(unit)
    return day if month is None else day.replace(month=month, day=monthrange(day.year, month)[1])


def start_of_moment(moment: datetime, unit: str, zone: str) -> datetime | None:
    local = local_time(moment, zone)
    if local is None:
        return None
    if unit == "hour":
        passed = timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return within_calendar(lambda: moment - passed)
    day = start_of_date(local.date(), unit)
    return None if day is None else start_of_day(day, zone)


def end_of_moment(moment: datetime, unit: str, zone: str) -> datetime | None:
    """The moment at which the unit is over, which is the start of the next."""
    start = start_of_moment(moment, unit, zone)
    if unit == "hour":
        return None if start is None else shift_moment(start, 3600)
    day = local_date(moment, zone)
    last = None if day is None else end_of_date(day, unit)
    after = None if last is None else shift_date(last, DAY)
    return None if after is None else start_of_day(after, zone)


def read_date(text: str) -> date | None:
    """The date that a text writes as 2026-06-15, empty where it writes none."""
    if DATE.fullmatch(text) is None:
        return None
    return within_calendar(lambda: date.fromisoformat(text))


def read_moment(text: str, zone: str) -> datetime | None:
    """The moment that a text writes; without an offset it is taken in the zone."""
    if DATE.fullmatch(text):
        day = read_date(text)
        return None if day is None else start_of_day(day, zone)
    if MOMENT.fullmatch(text) is None:
        return None
    moment = within_calendar(lambda: datetime.fromisoformat(text))
    if moment is None:
        return None
    if moment.tzinfo is None:
        return _moment(moment, zone)
    return within_calendar(lambda: moment.astimezone(UTC))


def written_moment(moment: datetime) -> str:
    return timestamp_wire(moment)


def written_date(day: date) -> str:
    return day.isoformat()
