"""Days of the business begin and end where its zone says, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.kernel.clock import Clock

# In Havana midnight comes twice in autumn; in São Paulo it did not come in spring until 2018.
ZONES = ("UTC", "Europe/Berlin", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu",
         "Pacific/Kiritimati", "Australia/Lord_Howe")  # fmt: skip
CLOCKS = {zone: Clock(zone) for zone in ZONES}
TINY = timedelta(microseconds=1)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ZONES), st.dates(date(1996, 1, 1), date(2037, 12, 31)))
def test_days_follow_each_other_without_a_gap(zone: str, day: date) -> None:
    clock = CLOCKS[zone]
    start, end = clock.start_of(day), clock.end_of(day)
    assert clock.day_of(start) == clock.day_of(end) == day
    assert clock.day_of(start - TINY) == day - timedelta(days=1)
    assert clock.start_of(day + timedelta(days=1)) - end == TINY
    assert timedelta(hours=22) < end - start < timedelta(hours=26)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Havana", "2025-11-02", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
    ],
)
def test_days_on_which_the_clocks_change(zone: str, day: str, hours: int) -> None:
    clock, on = CLOCKS[zone], date.fromisoformat(day)
    assert clock.end_of(on) - clock.start_of(on) + TINY == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ZONES)
def test_the_ends_of_the_calendar_are_days_too(zone: str) -> None:
    for day in (date.min, date.max):
        assert CLOCKS[zone].start_of(day) <= CLOCKS[zone].end_of(day)


def test_a_clock_that_starts_elsewhere_runs_on_from_there() -> None:
    clock = Clock("Asia/Kathmandu", "2031-02-03T23:30:00+01:00")
    first, second = clock.now(), clock.now()
    start = datetime(2031, 2, 3, 22, 30, tzinfo=UTC)
    assert start <= first <= second < start + timedelta(minutes=5)
    assert first.tzinfo is UTC
    assert clock.today() == date(2031, 2, 4)
