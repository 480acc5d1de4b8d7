"""The calendars of a catalog, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from metamodel.calendars.calendar import Calendar


@dataclass(frozen=True)
class Calendars:
    """All calendars in force, and the business's own where one is said to be it."""

    named: Mapping[str, Calendar] = field(default_factory=dict)
    default: Calendar | None = None


NO_CALENDARS = Calendars()
