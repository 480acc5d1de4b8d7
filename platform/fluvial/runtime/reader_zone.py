"""The time zone of a person: of the clock times on their pages and of those that they type.

Days, periods and working time stay those of the business, whoever looks at them.
"""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from .session import Session


@cache
def known_zones() -> frozenset[str]:
    """The zones that a person may choose: those of places, and UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def zone_of(session: Session) -> ZoneInfo:
    """The zone that the person chose, else the business's."""
    return chosen_zone(session.actor.zone, session.engine.clock.zone)


def chosen_zone(name: str | None, business: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(name) if name and name in available() else business


@cache
def available() -> frozenset[str]:
    return frozenset(available_timezones())


def foreign_zone(session: Session) -> str:
    """The name of the person's zone where it is not the business's; "" where it is."""
    zone = zone_of(session)
    return "" if str(zone) == str(session.engine.clock.zone) else str(zone)
