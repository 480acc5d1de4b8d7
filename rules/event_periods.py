"""The period that an event is about: among its changes, and as names of expressions."""

from __future__ import annotations

from datetime import date
from typing import Any

from fluvial.records.drafts.event import Event

from .rule_periods import RulePeriod

FROM, UNTIL = "period.from", "period.until"  # no field has a dot
_NAMES = {FROM: "period_from", UNTIL: "period_until"}


def wire_of(period: RulePeriod) -> dict[str, Any]:
    return {FROM: [None, period.start.isoformat()], UNTIL: [None, period.until.isoformat()]}


def names_of(event: Event) -> dict[str, Any]:
    """What expressions call the period of an event."""
    changes = event.changes
    return {
        name: date.fromisoformat(changes[key][1]) for key, name in _NAMES.items() if key in changes
    }
