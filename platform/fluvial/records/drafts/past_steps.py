"""The past of a record that was kept elsewhere before: what an import tells of it.

Its first step made the record, each one after it changed it, mostly by moving it into other states.
The state log and the history are written as if it had been here all the time; timers, which are
worked out from the log, need nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


@dataclass(frozen=True)
class PastStep:
    """One write of the past: when, by whom, and what it changed."""

    at: datetime
    by: str | None
    moved: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # {field: (old, new)}


class PastSpan(NamedTuple):
    rev: int
    state: str
    begun: datetime
    ended: datetime | None
    by: str | None


def past_spans(past: Sequence[PastStep], name: str, held: Any) -> Iterator[PastSpan]:
    """The stays in states of a field, which holds this in the end; none while it was empty."""
    moves = [(rev, step) for rev, step in enumerate(past, 1) if name in step.moved]
    first = moves[0][1].moved[name][0] if moves else held
    entered = [(1, past[0], first), *((rev, step, step.moved[name][1]) for rev, step in moves)]
    for at, (rev, step, state) in enumerate(entered):
        if state:
            ended = entered[at + 1][1].at if at + 1 < len(entered) else None
            yield PastSpan(rev, state, step.at, ended, step.by)


def values_at_first(past: Sequence[PastStep]) -> dict[str, Any]:
    """What fields that changed later held when the record was made."""
    held: dict[str, Any] = {}
    for step in past:
        for name, (old, _) in step.moved.items():
            held.setdefault(name, old)
    return held
