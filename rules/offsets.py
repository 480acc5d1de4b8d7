"""Moments before and after a date: offsets, times of day and the business's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

_OFFSET = re.compile(r"(?P<sign>[+-]?)(?P<number>\d{1,4})(?P<unit>min|h|d|w|mo|y)")
_CLOCK = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}
_CALENDAR = {"d": "days", "w": "weeks", "mo": "months", "y": "years"}


@dataclass(frozen=True)
class Offset:
    """So many units before (negative) or after."""

    number: int = 0
    unit: str = "d"

    @staticmethod
    def read(text: str) -> Offset:
        match = _OFFSET.fullmatch(text)
        if match is None:
            raise ValueError(text)
        number = int(match["number"])
        return Offset(-number if match["sign"] == "-" else number, match["unit"])

    @property
    def by_clock(self) -> bool:
        """Hours and minutes are real ones; days and months are those of the calendar."""
        return self.unit in _CLOCK


def read_time(text: str) -> time:
    return time.fromisoformat(text)


def moment_of(
    value: date | datetime, offset: Offset, at: time | None, zone: ZoneInfo
) -> datetime | None:
    """The moment in UTC; None where it lies outside of the calendar."""
    try:
        if isinstance(value, datetime):
            local = value.astimezone(zone)
            day, clock = local.date(), at if at is not None else local.time()
        else:
            day, clock = value, at or time()
        if not offset.by_clock:
            day = day + relativedelta(**{_CALENDAR[offset.unit]: offset.number})  # type: ignore[arg-type]
            return _in_utc(day, clock, zone)
        start = value if isinstance(value, datetime) and at is None else _in_utc(day, clock, zone)
        return start.astimezone(UTC) + _CLOCK[offset.unit] * offset.number
    except (OverflowError, ValueError):
        return None


def _in_utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A time that the clocks skip is the one an hour later; of one that comes twice, the first."""
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), zone).astimezone(UTC)
