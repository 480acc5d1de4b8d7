"""No function does more than it counts: what one call does is bounded, whatever it is given."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from metamodel.calendars.calendar import compile_calendar
from metamodel.errors import TooMuchWork
from metamodel.expressions import work
from metamodel.expressions.operations import OPERATIONS, Operation
from metamodel.expressions.types import (
    BOOLEAN,
    CALENDAR,
    DATE,
    DATETIME,
    DURATION,
    NUMBER,
    TEXT,
)
from metamodel.segments import CONVENTIONS

MOST_LINES = 2_500  # of Python, in one call
WEEK = compile_calendar(
    "week", "Europe/London", [((9 * 3600, 17 * 3600),)] * 5 + [()] * 2,
    {date(year, 12, 25): () for year in range(1900, 2300)},
)  # fmt: skip

VALUES: dict[str, tuple[Any, ...]] = {
    TEXT.name: ("", "a", "x" * 1_000_000, "\u00df\u0130\u03a3" * 1000, "9" * 28, "Europe/London",
             "UTC", "year", "hour", "week", *CONVENTIONS, "(a|b)*c{1,200}"),
    NUMBER.name: (Decimal(0), Decimal(1), Decimal("-1e27"), Decimal("1e-18"), Decimal(9) ** 27),
    DURATION.name: (0, 1, -1, 10**15, -(10**15), 18),
    DATE.name: (date.min, date.max, date(1000, 1, 31), date(2026, 6, 15), date(2999, 12, 31)),
    DATETIME.name: (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC),
                 datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    BOOLEAN.name: (True, False),
    CALENDAR.name: (WEEK,),
}  # fmt: skip


def counted(call: Callable[[], Any]) -> int:
    """The lines of Python that a call runs."""
    lines = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


def arguments(operation: Operation) -> Iterator[tuple[Any, ...]]:
    """Extreme arguments in every combination, or many of them where those are too many."""
    held = [VALUES[type.name] for type in operation.takes]
    every = list(itertools.islice(itertools.product(*held), 4_000))
    random = Random(operation.name)
    yield from every if len(every) <= 150 else random.sample(every, 150)
    yield from (tuple(random.choice(one) for one in held) for _ in range(50))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_one_call_does_little_whatever_it_is_given(operation: Operation) -> None:
    for given in arguments(operation):
        try:
            operation.run(*given)  # what is made once for all calls is not counted
        except Exception:
            continue
        lines = counted(lambda given=given: operation.run(*given))  # type: ignore[misc]
        assert lines <= MOST_LINES, (given, lines)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_thousand_years_take_as_long_as_one(convention: str) -> None:
    units = next(one for one in OPERATIONS if one.name == "segment_units").run
    start, end = date(1000, 1, 31), date(2999, 12, 31)
    lines = counted(lambda: units(date(1500, 1, 1), date(2500, 1, 1), start, end, convention))
    assert lines < 400


def test_work_is_counted_and_stopped() -> None:
    with work.limited_work(10):
        work.spend(4)
        with work.limited_work(1_000):  # what stands within counts on what stands around it
            work.spend(5)
        assert work.steps_left() == 1
        with pytest.raises(TooMuchWork, match="Ask for fewer records"):
            work.spend(2)
    assert work.steps_left() is None
    work.spend(10**9)  # nothing is counted here


def test_a_period_has_a_few_parts_at_most() -> None:
    assert work.one_of_few("2026-01-01", work.MOST_PARTS) == "2026-01-01"
    with pytest.raises(TooMuchWork):
        work.one_of_few("2026-01-01", work.MOST_PARTS + 1)
    assert work.was_stopped() and not work.was_stopped()
