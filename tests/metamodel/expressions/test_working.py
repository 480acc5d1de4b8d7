"""Working time of many moments: the databases count as Python does."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from metamodel.calendars.calendar import Calendar
from metamodel.expressions.sql_value import CALENDAR_STORAGE
from metamodel.storage import DATE, TIMESTAMP
from tests.metamodel.calendars.samples import ALL
from tests.metamodel.expressions.test_corpus import connection

__all__ = ["connection"]

CHANGES = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]


def moments(chance: random.Random) -> list[datetime]:
    """Some anywhere, some around the changes of the clocks, some at the edges of the calendar."""
    years = timedelta(days=365) * 150
    found = [datetime(1960, 1, 1, tzinfo=UTC) + years * chance.random() for _ in range(40)]
    found += [day + timedelta(hours=chance.uniform(-12, 36)) for day in CHANGES for _ in range(20)]
    edges = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
    return [*found, *edges]


@pytest.mark.parametrize("calendar", ALL, ids=lambda calendar: calendar.name)
def test_databases_agree(connection: sa.Connection, calendar: Calendar) -> None:
    chance = random.Random(calendar.name)
    ask = Asked(connection, calendar)
    starts = moments(chance)
    for start, end in zip(starts, reversed(starts), strict=True):
        assert ask("working_time", start, end) == calendar.between(start, end), (start, end)
        seconds = chance.choice([1, 60, 3600, 10**6, 10**8]) * chance.randint(-9, 9)
        assert ask("add_working_time", start, seconds) == calendar.add(start, seconds), start
        assert ask("is_open", start) == calendar.is_open(start)
        assert ask("is_working_day", start.date()) == calendar.is_working_day(start.date())
        assert ask("working_days", seconds) == calendar.days(seconds)


class Asked:
    """Calls one function of the database on a calendar."""

    def __init__(self, connection: sa.Connection, calendar: Calendar) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.calendar = calendar.text

    def __call__(self, function: str, *values: Any) -> Any:
        binds: dict[str, Any] = {f"v{at}": self._stored(one) for at, one in enumerate(values)}
        types = {date: "date", datetime: "timestamptz", int: "bigint"}
        names = [f":v{at}" for at in range(len(values))]
        calendar = ":c"
        if self.dialect == "postgresql":
            names = [
                f"cast({name} as {types[type(one)]})"
                for name, one in zip(names, values, strict=True)
            ]
            calendar = "cast(:c as jsonb)"
        call = f"fluvial_{function}({', '.join([*names, calendar])})"
        if self.dialect == "postgresql" and function == "add_working_time":
            call = f"cast({call} as text)"
        found = self.connection.execute(
            sa.text(f"select {call}"), {**binds, "c": self.calendar}
        ).scalar_one()
        return TIMESTAMP.decode(self.dialect, found) if isinstance(found, str) else found

    def _stored(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return TIMESTAMP.encode(self.dialect, value)
        return DATE.encode(self.dialect, value) if isinstance(value, date) else value


def test_a_calendar_travels_whole() -> None:
    for calendar in ALL:
        for dialect in ("sqlite", "postgresql"):
            stored = CALENDAR_STORAGE.encode(dialect, calendar)
            assert CALENDAR_STORAGE.decode(dialect, stored) == calendar
