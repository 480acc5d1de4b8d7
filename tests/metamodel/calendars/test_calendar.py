"""Arithmetic in working time: to the minute, across the changes of the clocks, and quick."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.calendars.calendar import Calendar, compile_calendar, read_calendar
from metamodel.calendars.hours import HoursFault, spans_of, weekdays
from metamodel.calendars.pausable import due, working_elapsed
from metamodel.calendars.zones import zone_of
from tests.metamodel.calendars.samples import (
    ALL,
    ALWAYS,
    BREAK,
    NIGHTS,
    NINE,
    SHUT,
    SUNDAYS,
    UK,
    by_steps,
    london,
)

HOUR = 3600
MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2120, 1, 1), timezones=st.just(UTC))
AROUND_NOW = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
SECONDS = st.integers(-(10**9), 10**9)
CALENDARS = st.sampled_from(ALL)


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "end"),
    [
        # Over a weekend and holidays.
        (UK, london(2026, 12, 24, 15, 30), 4, london(2026, 12, 29, 11)),
        (UK, london(2026, 12, 24, 15, 30), 16, london(2026, 12, 30, 14, 30)),
        (UK, london(2026, 6, 13, 11), 4, london(2026, 6, 15, 13)),
        (UK, london(2026, 6, 15, 10), 8, london(2026, 6, 16, 9, 30)),
        # What ends with the day ends on that day; backwards it begins with one.
        (UK, london(2026, 6, 12, 9), 8.5, london(2026, 6, 12, 17, 30)),
        (UK, london(2026, 6, 12, 17, 30), -8.5, london(2026, 6, 12, 9)),
        (UK, london(2026, 6, 15, 9), -1, london(2026, 6, 12, 16, 30)),
        (UK, london(2026, 6, 14, 9), 0, london(2026, 6, 14, 9)),
        # A break for lunch.
        (BREAK, london(2026, 6, 15, 11, 30), 2, london(2026, 6, 15, 14, 30)),
        (BREAK, london(2026, 6, 15, 12, 45), 1, london(2026, 6, 15, 14, 30)),
        # The clocks go forward at 01:00, and back at 02:00.
        (ALWAYS, london(2026, 3, 29, 0, 30), 4, london(2026, 3, 29, 5, 30)),
        (ALWAYS, london(2026, 10, 25, 0, 30), 4, london(2026, 10, 25, 3, 30)),
    ],
)
def test_adds_to_the_minute(
    calendar: Calendar, start: datetime, hours: float, end: datetime
) -> None:
    assert calendar.add(start, int(hours * HOUR)) == end


def test_a_day_has_the_hours_that_the_clock_on_the_wall_shows() -> None:
    def worked(calendar: Calendar, day: date) -> float:
        zone = zone_of(calendar.zone if calendar is not ALWAYS else "Europe/London")
        start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        after = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
        return calendar.between(start, after.astimezone(UTC)) / HOUR

    assert [worked(ALWAYS, date(2026, m, d)) for m, d in ((3, 29), (10, 25), (6, 1))] == [
        23,
        25,
        24,
    ]
    # Open at night: 00:00-05:00 loses the hour that does not come, and gains the one that does.
    plain = compile_calendar("n", "America/New_York", NIGHTS.week, {})
    assert [worked(plain, date(2026, m, d)) for m, d in ((3, 8), (11, 1), (6, 1))] == [
        6.5,
        8.5,
        7.5,
    ]
    assert worked(NIGHTS, date(2026, 3, 8)) == 0
    assert worked(NIGHTS, date(2026, 7, 4)) == 2
    # Lord Howe: at 02:00 the clocks go forward to 02:30, and back to 01:30.
    assert [worked(SUNDAYS, date(2026, m, d)) for m, d in ((10, 4), (4, 5), (6, 7))] == [
        6.75, 7.75, 7.25,
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(CALENDARS, MOMENTS, SECONDS)
def test_adding_and_counting_agree(calendar: Calendar, start: datetime, seconds: int) -> None:
    end = calendar.add(start, seconds)
    assert end is not None
    assert calendar.between(start, end) == seconds
    assert calendar.between(end, start) == -seconds
    assert (end > start) == (seconds > 0)
    if calendar.is_open(start):
        assert calendar.add(end, -seconds) == start or seconds < 0
    later = calendar.add(start, seconds + 1)
    assert later is not None and later > end


@settings(max_examples=20, deadline=None)
@given(CALENDARS, AROUND_NOW, st.integers(0, 8_000))
def test_counts_as_the_minutes_do(calendar: Calendar, start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    assert calendar.between(start, end) == by_steps(calendar, start, end)
    opening = calendar.next_opening(start)
    assert opening is not None and calendar.is_open(opening)
    assert calendar.between(start, opening) == 0
    assert (opening == start) == calendar.is_open(start)


@settings(max_examples=100, deadline=None)
@given(CALENDARS, MOMENTS, MOMENTS, SECONDS)
def test_later_stays_later(calendar: Calendar, one: datetime, two: datetime, seconds: int) -> None:
    first, second = sorted((one, two))
    ends = calendar.add(first, seconds), calendar.add(second, seconds)
    assert ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]
    assert calendar.between(first, second) >= 0


def test_is_quick_and_bounded() -> None:
    begun = time.process_time()
    for _ in range(1_000):
        ALWAYS.add(london(2026, 1, 1), 10 * 365 * 24 * HOUR)
        SUNDAYS.between(london(1990, 1, 1), london(2090, 1, 1))
    assert time.process_time() - begun < 1
    assert UK.add(london(2026, 1, 1), 10**14) is None
    assert UK.add(london(2026, 1, 1), -(10**14)) is None
    assert UK.add(london(2026, 1, 1), 10**30) is None
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for calendar in ALL:
        assert calendar.between(first, last) > 0
        assert calendar.between(last, first) < 0


def test_is_read_from_its_own_text() -> None:
    for calendar in ALL:
        assert read_calendar(calendar.text) == calendar
    assert len(UK.text) < 400
    with pytest.raises(ValueError, match="no hours"):
        compile_calendar("none", "UTC", [SHUT] * 7, {date(2026, 1, 1): NINE})


def test_usual_days_and_working_days() -> None:
    assert [one.usual_day / HOUR for one in (UK, BREAK, ALWAYS)] == [8.5, 7.5, 24]
    assert UK.days(2 * 86_400) == 17 * HOUR
    assert UK.days(-43_200) == -15_300
    assert [UK.is_working_day(date(2026, 12, day)) for day in (24, 25, 26, 29)] == [
        True, False, False, True,
    ]  # fmt: skip
    assert not UK.is_open(london(2026, 6, 15, 17, 30))
    assert UK.is_open(london(2026, 6, 15, 9))


def test_hours_are_read_or_refused() -> None:
    assert spans_of(["13:30-17:30", "09:00-12:00", "12:00-12:30"]) == (
        (32_400, 45_000), (48_600, 63_000),
    )  # fmt: skip
    assert weekdays("sat-mon") == (5, 6, 0)
    assert weekdays("mon, wed") == (0, 2)
    for texts, said in (
        (["9-17"], "not a range of hours"),
        (["22:00-06:00"], "before it starts"),
        (["09:00-12:00", "11:00-13:00"], "before 12:00"),
        (["09:00-24:30"], "after midnight"),
    ):
        with pytest.raises(HoursFault, match=said):
            spans_of(texts)
    for key in ("mo", "mon-tue-wed", ""):
        with pytest.raises(HoursFault):
            weekdays(key)


def test_a_timer_stops_and_goes_on() -> None:
    monday = london(2026, 6, 15, 10)
    assert due(UK, monday, 8 * HOUR) == london(2026, 6, 16, 9, 30)
    # It stood still from Monday noon to Wednesday 15:00.
    waiting = [(london(2026, 6, 15, 12), london(2026, 6, 17, 15))]
    assert due(UK, monday, 8 * HOUR, waiting) == london(2026, 6, 18, 12, 30)
    # Only the two working hours of a pause over the weekend count.
    friday = london(2026, 6, 12, 14, 30)
    assert due(UK, friday, 8 * HOUR) == london(2026, 6, 15, 14)
    weekend = [(london(2026, 6, 12, 16, 30), london(2026, 6, 15, 10))]
    assert due(UK, friday, 8 * HOUR, weekend) == london(2026, 6, 15, 16)
    assert due(UK, monday, 6 * HOUR) == london(2026, 6, 15, 16)
    # One that lasts: nobody knows when, unless the target was reached before.
    lasting = [(london(2026, 6, 15, 12), None)]
    assert due(UK, monday, 8 * HOUR, lasting) is None
    assert due(UK, monday, HOUR, lasting) == london(2026, 6, 15, 11)
    late = [(london(2026, 6, 16, 11), london(2026, 6, 17, 11))]
    assert due(UK, monday, 8 * HOUR, late) == london(2026, 6, 16, 9, 30)
    # Pauses that overlap count once; one before the start not at all.
    double = [
        (london(2026, 6, 15, 14), london(2026, 6, 17, 15)),
        (london(2026, 6, 15, 12), london(2026, 6, 16, 10)),
        (london(2026, 6, 14, 10), london(2026, 6, 14, 12)),
    ]
    assert due(UK, monday, 8 * HOUR, double) == london(2026, 6, 18, 12, 30)


def test_elapsed_is_what_ran() -> None:
    now = london(2026, 6, 17, 12)
    ran = [(london(2026, 6, 15, 10), london(2026, 6, 15, 12)), (london(2026, 6, 17, 9), None)]
    assert working_elapsed(UK, ran, now) == 5 * HOUR
    again = [*ran, (london(2026, 6, 15, 11), london(2026, 6, 15, 13))]
    assert working_elapsed(UK, again, now) == 6 * HOUR
    assert working_elapsed(UK, [(london(2026, 6, 18), None)], now) == 0
