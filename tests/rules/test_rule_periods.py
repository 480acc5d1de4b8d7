"""Periods of rules: which there are, when they are due, and how far back they go."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.rule_periods import UNITS, Every, RulePeriod

DAYS = st.dates(date(1990, 1, 1), date(2060, 1, 1))
LONDON = ZoneInfo("Europe/London")


def days(every: Every, first: date | None, end: date | None = None, count: int = 3) -> list[str]:
    found = islice(every.periods(first, end), count)
    return [f"{one.start}/{one.until}" for one in found]


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        ("month", "2026-01-31", "2026-01-31/2026-02-28 2026-02-28/2026-03-31"),
        ("2 weeks", "2026-01-01", "2026-01-01/2026-01-15 2026-01-15/2026-01-29"),
        ("quarter", "2026-02-10", "2026-02-10/2026-05-10 2026-05-10/2026-08-10"),
        ("year", "2024-02-29", "2024-02-29/2025-02-28 2025-02-28/2026-02-28"),
        ("day", "2026-02-28", "2026-02-28/2026-03-01 2026-03-01/2026-03-02"),
    ],
)
def test_periods_begin_on_the_first_day_and_its_anniversaries(
    text: str, first: str, expected: str
) -> None:
    every = Every(*Every.read(text), starts="x", calendar=False)
    assert days(every, date.fromisoformat(first), count=2) == expected.split()


def test_periods_of_the_calendar_are_cut_at_their_ends() -> None:
    every = Every(1, "month", starts="x", ends="y")
    assert days(every, date(2026, 1, 20), date(2026, 3, 10)) == [
        "2026-01-20/2026-02-01",
        "2026-02-01/2026-03-01",
        "2026-03-01/2026-03-10",
    ]
    weeks = Every(1, "week", starts="x")
    assert days(weeks, date(2026, 6, 10), count=2) == [
        "2026-06-10/2026-06-15",
        "2026-06-15/2026-06-22",
    ]


def test_a_period_is_due_before_it_starts_or_when_it_is_over() -> None:
    period = RulePeriod(date(2026, 7, 1), date(2026, 8, 1))
    ahead = Every(1, "month", lead=5)
    assert ahead.due(period, time(6), LONDON) == datetime(2026, 6, 26, 5, tzinfo=UTC)
    late = Every(1, "month", at_end=True, lead=-1)
    due = late.due(period, None, LONDON)
    assert due == datetime(2026, 8, 1, 23, tzinfo=UTC)
    assert late.day_of(due, LONDON) == period.until


@settings(deadline=None)
@given(
    st.sampled_from(UNITS), st.integers(1, 5), DAYS, st.one_of(st.none(), DAYS), DAYS, st.booleans()
)
def test_periods_follow_one_another_without_gaps(
    unit: str, number: int, first: date, end: date | None, near: date, calendar: bool
) -> None:
    every = Every(number, unit, starts="x", ends="y", calendar=calendar)
    found = list(islice(every.periods(first, end), 40))
    for one, other in zip(found, found[1:], strict=False):
        assert one.until == other.start
    assert not found or found[0].start == first
    assert all(one.start < one.until and (end is None or one.until <= end) for one in found)
    assert bool(found) == (end is None or end > first)
    # Where one begins to look makes no difference to what is found from there on.
    later = list(islice(every.periods(first, end, near=near), 10))
    assert not later or later[0].start == first or later[0].start <= near
    assert set(later) <= set(found) or later[-1].start > found[-1].start
    # Behind each one that is done comes the next.
    for one, other in zip(found[:5], found[1:6], strict=False):
        assert next(every.periods(first, end, done=every.day(one))) == other


@pytest.mark.parametrize("calendar", [True, False])
def test_a_first_day_that_moves_makes_no_period_twice(calendar: bool) -> None:
    every = Every(1, "month", starts="x", calendar=calendar)
    done = date(2026, 3, 20) if not calendar else date(2026, 3, 1)
    for moved in (date(2026, 1, 21), date(2026, 1, 19), date(2026, 3, 25)):
        following = next(every.periods(moved, None, done=done))
        assert following.start >= date(2026, 4, 1)
