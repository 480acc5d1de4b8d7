"""A second, plain implementation of allocation: fractions, and every pair looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction


@dataclass
class PlainSource:
    has: Fraction
    starts: date | None = None
    ends: date | None = None
    name: str = ""
    excluded: frozenset[str] = frozenset()
    there: bool = True


@dataclass
class PlainDemand:
    needs: Fraction
    day: date
    sport: str | None = None
    wish: str | None = None  # the source that it has to use
    there: bool = True


@dataclass
class PlainPick:
    demand: str
    source: str
    most: Fraction | None = None


Draws = dict[tuple[str, str], Fraction]


def may(demand: PlainDemand, source: PlainSource) -> bool:
    if source.starts is not None and demand.day < source.starts:
        return False
    return source.ends is None or demand.day < source.ends


def matches(demand: PlainDemand, id: str, source: PlainSource) -> bool:
    return demand.sport not in source.excluded and demand.wish in (None, id)


def walked(
    demands: dict[str, PlainDemand],
    sources: dict[str, PlainSource],
    picks: list[PlainPick] | None = None,
    *,
    automatic: bool = True,
) -> tuple[Draws, dict[str, Fraction]]:
    """What each demand takes from each source, and what stays open. Ids say who was first."""
    made: Draws = {}
    left = {id: max(one.has, Fraction(0)) for id, one in sources.items() if one.there}
    open_ = {id: max(one.needs, Fraction(0)) for id, one in demands.items() if one.there}

    def take(demand: str, source: str, most: Fraction) -> None:
        units = min(most, open_[demand], left[source])
        if units > 0:
            made[demand, source] = made.get((demand, source), Fraction(0)) + units
            open_[demand] -= units
            left[source] -= units

    for pick in picks or []:
        if pick.demand in open_ and pick.source in left:
            if may(demands[pick.demand], sources[pick.source]):
                most = open_[pick.demand] if pick.most is None else pick.most
                take(pick.demand, pick.source, most)
    if automatic:
        for demand in sorted(open_, key=lambda id: (demands[id].day, id)):
            for source in sorted(left, key=lambda id: _place(sources[id], id)):
                if may(demands[demand], sources[source]):
                    if matches(demands[demand], source, sources[source]):
                        take(demand, source, open_[demand])
    return made, open_


def _place(source: PlainSource, id: str) -> tuple[date, str, str]:
    return (source.starts or date.max, source.name, id)
