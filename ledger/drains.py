"""The walk of an allocation: sources are drained into demands, in the order of both.

Pure arithmetic in whole units, so that nothing is made or lost by rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

USED_UP, DAYS, CURRENCY, MATCH, COVERED, MANUAL = (
    "used_up", "days", "currency", "match", "covered", "manual",
)  # fmt: skip
WHY = {
    USED_UP: "Nothing was left of it.",
    DAYS: "The day is not within its days.",
    CURRENCY: "It is of another currency.",
    MATCH: "It does not match.",
    COVERED: "Others had covered it before.",
    MANUAL: "Nobody has chosen it.",
}

SourceKey = tuple[int, str]  # its collection, and its id


class Demand(NamedTuple):
    """What is to be covered on a day."""

    id: str
    units: int
    currency: str
    day: date | None


class DrainSource(NamedTuple):
    """What is drained, on the days from `start` until before `end`."""

    key: SourceKey
    units: int
    currency: str
    start: date | None
    end: date | None

    def holds(self, day: date | None) -> bool:
        if day is None:
            return True
        after = self.start is None or self.start <= day
        return after and (self.end is None or day < self.end)


class DrainChoice(NamedTuple):
    """What somebody has decided: it comes before the order. Without units as much as there is."""

    demand: str
    source: SourceKey
    units: int | None


Fits = Callable[[Demand, DrainSource], bool]


@dataclass
class Drained:
    """What each demand took from each source, and what is left of both."""

    draws: dict[str, dict[SourceKey, int]] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)  # of demands
    left: dict[SourceKey, int] = field(default_factory=dict)  # of sources

    def take(self, demand: str, source: SourceKey, most: int) -> None:
        units = min(most, self.open[demand], self.left[source])
        if units > 0:
            own = self.draws.setdefault(demand, {})
            own[source] = own.get(source, 0) + units
            self.open[demand] -= units
            self.left[source] -= units


def drain(
    demands: Sequence[Demand],
    sources: Sequence[DrainSource],
    fits: Fits,
    choices: Iterable[DrainChoice] = (),
    *,
    automatic: bool = True,
) -> Drained:
    """Choices first, in their order; then each demand from the first sources that it may use."""
    made = Drained()
    made.open = {one.id: max(one.units, 0) for one in demands}
    made.left = {one.key: max(one.units, 0) for one in sources}
    wanted, given = {one.id: one for one in demands}, {one.key: one for one in sources}
    for choice in choices:
        demand, source = wanted.get(choice.demand), given.get(choice.source)
        if demand is not None and source is not None and _may(demand, source):
            most = made.open[demand.id] if choice.units is None else choice.units
            made.take(demand.id, source.key, most)
    live = [one for one in sources if made.left[one.key]]
    for demand in demands if automatic else ():
        emptied = False
        for source in live if made.open[demand.id] else ():
            if _may(demand, source) and fits(demand, source):
                made.take(demand.id, source.key, made.open[demand.id])
                emptied = emptied or not made.left[source.key]
                if not made.open[demand.id]:
                    break
        if emptied:
            live = [one for one in live if made.left[one.key]]
    return made


def _may(demand: Demand, source: DrainSource) -> bool:
    return demand.currency == source.currency and source.holds(demand.day)


def reason(demand: Demand, source: DrainSource, fits: Fits, left: int, *, automatic: bool) -> str:
    """Why a demand took nothing from a source of which so much was left."""
    if demand.currency != source.currency:
        return CURRENCY
    if not source.holds(demand.day):
        return DAYS
    if not automatic:
        return MANUAL
    if not fits(demand, source):
        return MATCH
    return COVERED if left else USED_UP
