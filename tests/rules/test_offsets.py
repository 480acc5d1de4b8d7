"""Offsets and schedules, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.offsets import Offset, moment_of, read_time
from rules.schedules import NoSchedule, Schedule

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("day", "offset", "at", "expected"),
    [
        ("2026-06-20", "0d", "08:00", "2026-06-20T07:00"),
        ("2026-12-20", "0d", "08:00", "2026-12-20T08:00"),
        ("2026-06-20", "-30d", "08:00", "2026-05-21T07:00"),
        ("2026-04-10", "-2w", None, "2026-03-27T00:00"),
        ("2026-03-31", "-1mo", None, "2026-02-28T00:00"),
        ("2028-02-29", "+1y", None, "2029-02-28T00:00"),
        ("2026-06-20", "+90min", "08:00", "2026-06-20T08:30"),
        # The clocks go from one to two on 29 March: half past one is half past two.
        ("2026-03-29", "0d", "01:30", "2026-03-29T01:30"),
        # They go back on 25 October: half past one comes twice, and the first one counts.
        ("2026-10-25", "0d", "01:30", "2026-10-25T00:30"),
    ],
)
def test_moment_of_a_day(day: str, offset: str, at: str | None, expected: str) -> None:
    moment = moment_of(
        date.fromisoformat(day), Offset.read(offset), read_time(at) if at else None, LONDON
    )
    assert moment is not None
    assert moment.isoformat()[:16] == expected


def test_days_before_a_moment_keep_the_time_of_the_day() -> None:
    summer = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)  # ten in London
    moment = moment_of(summer, Offset.read("-7d"), None, LONDON)
    assert moment == datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
    assert moment_of(summer, Offset.read("-168h"), None, LONDON) == datetime(
        2026, 3, 25, 9, tzinfo=UTC
    )


def test_a_moment_outside_of_the_calendar_is_none() -> None:
    assert moment_of(date(9999, 12, 31), Offset.read("+9y"), None, LONDON) is None


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("0 7 * * 1-5", "2026-06-12T06:00", "2026-06-15T06:00"),
        ("*/15 * * * *", "2026-06-12T06:01", "2026-06-12T06:15"),
        ("0 0 1 * *", "2026-06-12T06:00", "2026-06-30T23:00"),
        ("0 0 29 2 *", "2026-06-12T06:00", "2028-02-29T00:00"),
        ("0 9 13 * fri", "2026-06-12T06:00", "2026-06-12T08:00"),
        ("0 9 * jan,jul sun", "2026-06-12T06:00", "2026-07-05T08:00"),
        ("30 1 * * *", "2026-03-28T12:00", "2026-03-29T01:30"),
        ("30 1 * * *", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("0 7 * * 7", "2026-06-12T06:00", "2026-06-14T06:00"),
        ("5/20 8-9 * * *", "2026-06-12T06:00", "2026-06-12T07:05"),
    ],
)
def test_next_moment_of_a_schedule(schedule: str, after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = Schedule.read(schedule).next(moment, LONDON)
    assert found is not None
    assert found.isoformat()[:16] == expected


@pytest.mark.parametrize(
    "text", ["* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * foo *", "* * 30 2 *",
             "5-1 * * * *", "*/0 * * * *", "1,, * * * *", "a b c d e", "* * * * 8", "-1 * * * *",
             "*/² * * * *", "² * * * *", "*/٣ * * * *", f"*/{'9' * 5000} * * * *"],
)  # fmt: skip
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(NoSchedule):
        Schedule.read(text)
