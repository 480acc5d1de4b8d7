"""Schedules: each moment lies behind the one before, on a day and at a time that was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.schedules import DAYS, FIELDS, MONTHS, NoSchedule, Schedule

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
MINUTE = timedelta(minutes=1)


def part(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    step = st.integers(1, high).map(lambda n: f"*/{n}")
    return st.one_of(st.just("*"), number.map(str), span, step)


SCHEDULES = st.tuples(*(part(low, high) for _, low, high, _ in FIELDS)).map(" ".join)


@settings(deadline=None, max_examples=80)
@given(SCHEDULES, MOMENTS)
def test_moments_come_one_behind_the_other_and_fit(text: str, start: datetime) -> None:
    try:
        schedule = Schedule.read(text)
    except NoSchedule as error:
        assert str(error) == "This day never occurs."
        return
    after = start
    for _ in range(3):
        moment = schedule.next(after, UTC_ZONE)
        assert moment is not None and moment > after
        assert moment.minute in schedule.minutes and moment.hour in schedule.hours
        assert moment.month in schedule.months and moment.second == 0
        assert schedule.next(moment - MINUTE, UTC_ZONE) == moment  # none lies between
        after = moment


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 13 * fri", [(2, 6), (2, 13), (2, 20), (2, 27), (3, 6)]),  # either will do
        ("0 0 13 * *", [(2, 13), (3, 13)]),
        ("0 0 */15 * mon", [(2, 16), (3, 16)]),  # with a star in one, both have to fit
        ("0 0 29 feb *", [(2, 29)]),
        ("0 0 31 * *", [(3, 31), (5, 31)]),
    ],
)
def test_days_of_the_month_and_of_the_week(text: str, days: list[tuple[int, int]]) -> None:
    after, schedule = datetime(2026, 2, 1, 12, tzinfo=UTC), Schedule.read(text)
    for month, day in days:
        found = schedule.next(after, UTC_ZONE)
        assert found is not None
        assert (found.month, found.day) == (month, day)
        after = found


def test_words_stand_for_numbers() -> None:
    for at, month in enumerate(MONTHS, start=1):
        assert Schedule.read(f"0 0 1 {month.upper()} *") == Schedule.read(f"0 0 1 {at} *")
    for at, day in enumerate(DAYS):
        assert Schedule.read(f"0 0 * * {day}") == Schedule.read(f"0 0 * * {at}")
    assert Schedule.read("0 0 * * 7") == Schedule.read("0 0 * * 0")
    assert Schedule.read("0 0 * jan-mar *") == Schedule.read("0 0 * 1,2,3 *")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * *", "must have five parts: minute, hour, day, month and weekday"),
        ("61 * * * *", "The minute must be a number from 0 to 59: 61."),
        ("* * * foo *", "The month must be a number from 1 to 12: foo."),
        ("*/0 * * * *", "The minute has a step that is not a number from 1 to 59: */0."),
        ("* 9-5 * * *", "The hour ends before it starts: 9-5."),
        ("1, * * * *", "The minute must be a number from 0 to 59: nothing."),
        ("* * 30 2 *", "This day never occurs."),
    ],
)
def test_what_is_not_valid_is_told(text: str, words: str) -> None:
    with pytest.raises(NoSchedule) as refused:
        Schedule.read(text)
    assert words in str(refused.value)


def test_the_hour_that_comes_twice_counts_once_and_the_one_that_is_skipped_comes_later() -> None:
    hourly, after = Schedule.read("30 * * * *"), datetime(2026, 10, 24, 23, tzinfo=UTC)
    hours = []
    for _ in range(3):
        found = hourly.next(after, BERLIN)
        assert found is not None
        hours.append(found.hour)
        after = found
    assert hours == [23, 0, 2]  # of 2:30 the first; then 3:30
    skipped = Schedule.read("30 2 * * *").next(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # half past three
