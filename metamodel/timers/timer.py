"""A timer, compiled: where its times come from, and the fields that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from metamodel.catalog import Field
from metamodel.expressions.expression import Expression

from .timer_arithmetic import MET, MISSED, NONE, PAUSED, RUNNING

DUE, STATE, MET_AT, LEFT, RUN = "due", "state", "met", "_left", "_run"

STATES: tuple[Mapping[str, str], ...] = (
    {"name": NONE, "label": "Not running", "colour": "grey"},
    {"name": RUNNING, "label": "Running", "colour": "blue"},
    {"name": PAUSED, "label": "Paused", "colour": "amber"},
    {"name": MET, "label": "Met", "colour": "green"},
    {"name": MISSED, "label": "Missed", "colour": "red"},
)


@dataclass(frozen=True, eq=False)
class Timer:
    """One timer of an object type. What its expressions read decides when it is worked out anew."""

    name: str
    label: str
    starts: Expression
    target: Expression
    calendar: Expression | None = None
    state_field: str = ""  # whose log stops and pauses it
    stops: frozenset[str] = frozenset()
    stops_when: Expression | None = None
    pauses: frozenset[str] = frozenset()
    thresholds: tuple[int, ...] = ()
    made: Mapping[str, Field] = field(default_factory=dict)  # by what they hold: due, state, ...

    def field(self, of: str) -> str:
        """The name of a field that it makes."""
        return name_of(self.name, of)

    @cached_property
    def names(self) -> tuple[str, str, str, str, str]:
        """Of the fields that it makes: what is due, its state, when it was met, and the hidden."""
        due, state, met, left, run = (self.field(of) for of in (DUE, STATE, MET_AT, LEFT, RUN))
        return due, state, met, left, run


def name_of(timer: str, of: str) -> str:
    return f"{timer}_{of}"


def specs_of(name: str, label: str) -> Mapping[str, Mapping[str, Any]]:
    """The fields of a timer as documents would write them, by what they hold.

    Hidden are the seconds that are left while it is paused, and what it was worked out with: its
    start, target and calendar, by which a run is told from the next one.
    """
    return {
        DUE: {
            "name": name_of(name, DUE),
            "kind": "datetime",
            "label": f"{label} due",
            "help": "When the target is used up; empty while the timer is paused.",
        },
        STATE: {
            "name": name_of(name, STATE),
            "kind": "choice",
            "label": f"{label} clock",
            "options": [*STATES],
        },
        MET_AT: {
            "name": name_of(name, MET_AT),
            "kind": "datetime",
            "label": f"{label} met",
            "help": "When the timer was stopped, in time or late.",
        },
        LEFT: {"name": name_of(name, LEFT), "kind": "duration", "label": f"{label} left"},
        RUN: {"name": name_of(name, RUN), "kind": "text", "label": f"{label} run"},
    }
