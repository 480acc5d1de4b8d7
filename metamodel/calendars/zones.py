"""Days of a zone: when they begin, and those on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from metamodel.calendars.hours import DAY, Spans

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
LAST = date.max.toordinal() - 1  # days are counted from 0001-01-01, which is a Monday
# The clocks are known to change between these years; before and after, a day is as any other.
FROM, UNTIL = date(1970, 1, 1).toordinal() - 1, date(2100, 1, 1).toordinal() - 1


@cache
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def microseconds(moment: datetime) -> int:
    """Since 1970, in UTC."""
    return (moment - EPOCH) // MICROSECOND


def instant(local: datetime, zone: ZoneInfo) -> int:
    """The microsecond of a local time; of one that comes twice the first.

    One that does not come, because the clocks go forward, is the moment at which they do.
    """
    first = microseconds(local.replace(tzinfo=zone, fold=0).astimezone(UTC))
    later = microseconds(local.replace(tzinfo=zone, fold=1).astimezone(UTC))
    return first if later >= first else _forward(later, first, zone)


def _forward(low: int, high: int, zone: ZoneInfo) -> int:
    """The second within which the clocks of a zone go forward."""
    low, high = low // SECOND, high // SECOND
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high * SECOND


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()


@lru_cache(maxsize=20_000)
def start_of(day: int, zone: ZoneInfo) -> int:
    """The microsecond at which a day begins, as `start_of_day` of expressions has it."""
    offset = datetime.fromordinal(day + 1).replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return (day - EPOCH.toordinal() + 1) * DAY * SECOND - offset // MICROSECOND


def elapsed(day: int, spans: Spans, zone: ZoneInfo) -> Spans:
    """Hours by the clock on the wall as seconds since the day began."""
    start, end = start_of(day, zone), start_of(day + 1, zone)
    midnight = datetime.fromordinal(day + 1)

    def passed(second: int) -> int:
        if second == DAY:
            return (end - start) // SECOND
        at = instant(midnight + timedelta(seconds=second), zone)
        return (min(max(at, start), end) - start) // SECOND

    made = ((passed(one), passed(two)) for one, two in spans)
    return tuple((one, two) for one, two in made if one < two)


@cache
def uneven_days(name: str) -> tuple[int, ...]:
    """The days of a zone that do not have 24 hours."""
    zone = zone_of(name)
    found: list[int] = []
    for week in range(FROM, UNTIL, 7):
        noon = (week - EPOCH.toordinal() + 1) * DAY + DAY // 2
        if _offset(noon, zone) == _offset(noon + 7 * DAY, zone):
            continue
        found.extend(
            day
            for day in range(week, week + 9)
            if start_of(day + 1, zone) - start_of(day, zone) != DAY * SECOND
        )
    return tuple(sorted(set(found)))
