"""Whether a value has increased: increased() and decreased() of rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from metamodel.currencies import Amount

from . import chronology


def grown(old: Any, new: Any, step: Any) -> bool:
    """Whether the new value is above the old one, by at least the step where there is one."""
    if isinstance(old, Amount):
        if old.currency != new.currency:
            return False
        old, new = old.amount, new.amount
    if step is None:
        return bool(new > old)
    if isinstance(old, datetime):
        return chronology.seconds_between(new, old) >= int(step)
    if isinstance(old, date):
        return chronology.seconds_between_days(new, old) >= int(step)
    return bool(new - old >= step)
