"""A limit of work: how much an expression may do in one request before it is refused.

Each call of a function counts one step, on SQLite and in this process alike, and one for each
thousand characters that it reads. PostgreSQL works elsewhere, and is stopped by the clock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from metamodel.errors import TooMuchWork

MOST_STEPS = 4_000_000
MOST_PARTS = 1_200  # of a period: a hundred years in which something changes every month
TOO_MUCH = "fluvial: too much work"  # how PostgreSQL says it
TEXT = 1_000  # characters that are read in one step


class _Meter(threading.local):
    left: int | None = None  # None: nothing is counted
    spent = False  # whether what was under way was stopped


METER = _Meter()


@contextmanager
def limited_work(steps: int = MOST_STEPS) -> Iterator[None]:
    """In here so many steps are done. What stands within counts on what stands around it."""
    if METER.left is not None:
        yield
        return
    METER.left, METER.spent = steps, False
    try:
        yield
    finally:
        METER.left = None


def steps_left() -> int | None:
    """How many steps may still be done; None where nothing is counted."""
    return METER.left


def spend(steps: int) -> None:
    left = METER.left
    if left is None:
        return
    METER.left = left - steps
    if METER.left < 0:
        METER.spent = True
        raise TooMuchWork()


def was_stopped() -> bool:
    """Whether work was stopped that a database did for this process, which hides the reason."""
    stopped, METER.spent = METER.spent, False
    return stopped


def one_of_few(day: str | None, parts: int) -> str | None:
    """A day that begins a part of a period, where there are not too many of them."""
    if parts > MOST_PARTS:
        METER.spent = True
        raise TooMuchWork()
    return day
