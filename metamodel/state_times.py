"""The state log of one field of a record: spans of time in which it was in one state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class StateSpan(NamedTuple):
    """The time from entering a state until leaving it; a running one has no end."""

    state: str
    begun: datetime
    ended: datetime | None = None

    def until(self, now: datetime) -> datetime:
        return now if self.ended is None else self.ended


Spans = Sequence[StateSpan]  # in the order in which they began


def since(spans: Spans) -> datetime | None:
    """When the present state was entered."""
    return max((span.begun for span in spans if span.ended is None), default=None)


def reached(spans: Spans, state: str) -> datetime | None:
    """When a state was entered first."""
    return min((span.begun for span in spans if span.state == state), default=None)


def times(spans: Spans, state: str) -> int:
    """How often a state was entered."""
    return sum(span.state == state for span in spans)


def spent(
    spans: Spans, state: str, now: datetime, between: Callable[[datetime, datetime], int]
) -> int:
    """The seconds in a state, as `between` counts those of each stay."""
    return sum(between(span.begun, span.until(now)) for span in spans if span.state == state)


def as_of(spans: Iterable[StateSpan], moment: datetime) -> list[StateSpan]:
    """The log as it was at a moment: what ended later was running, what began later was not."""
    return [
        span if span.ended is None or span.ended <= moment else span._replace(ended=None)
        for span in spans
        if span.begun <= moment
    ]


def entered(spans: Iterable[StateSpan], state: str | None, moment: datetime) -> list[StateSpan]:
    """The log of a record that is in a state from a moment on, or in none."""
    found = list(spans)
    running = next((at for at, span in enumerate(found) if span.ended is None), None)
    if running is not None:
        if found[running].state == state:
            return found
        found[running] = found[running]._replace(ended=moment)
    return found if state is None else [*found, StateSpan(state, moment)]
