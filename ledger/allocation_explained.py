"""Explaining an allocation: which demand took how much of which source, and why not of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from fluvial.runtime.session import Session
from metamodel.currencies import in_minor_units

from .allocation_cells import UNIT, AllocationPairs, counted, demand_named, is_rest
from .charge_cells import ChargeCell, plain
from .charged_records import ChargedRecord
from .drains import WHY, Demand, DrainSource, reason
from .ledger_model import Ledger

MOST_SOURCES = 60  # that are told beside each demand
Json = dict[str, Any]
Title = Callable[[str, str], str]


class AllocationTold:
    """The walk of one record, in wire form."""

    def __init__(
        self, session: Session, ledger: Ledger, record: ChargedRecord, until: date, title: Title
    ) -> None:
        assert ledger.allocation is not None
        self._allocation = ledger.allocation
        self._title = title
        pairs = AllocationPairs(session, ledger, [record.id])
        self._fits = pairs.fits(record.id)
        self._walk = pairs.walk(record, until)
        self._demands = pairs.due(record, until)
        self._sources = pairs.records[record.id].sources

    def link(self, cell: ChargeCell, rest: bool) -> Json:
        """What a cell draws from, or, of the rest, the demand."""
        if rest:
            return self._link(self._allocation.demands.rows.object, cell.row)
        return self._link(self._allocation.sources[cell.target].rows.object, cell.item)

    def row(self, cell: ChargeCell) -> Json:
        return self._link(self._allocation.demands.rows.object, cell.row)

    def _link(self, object_name: str, id: str) -> Json:
        return {"object": object_name, "id": id, "title": self._title(object_name, id)}

    def sources(self) -> list[Json]:
        """What each source had to give, and what is left of it."""
        made = []
        for one in self._sources[:MOST_SOURCES]:
            left = self._walk.left[one.key]
            made.append(
                {
                    "source": self._source(one),
                    "from": one.start and one.start.isoformat(),
                    "until": one.end and one.end.isoformat(),
                    "quantity": _worth(one.units, one.currency),
                    "drawn": _worth(one.units - left, one.currency),
                    "left": _worth(left, one.currency),
                }
            )
        return made

    def _source(self, one: DrainSource) -> Json:
        return self._link(self._allocation.sources[one.key[0]].rows.object, one.key[1])

    def demand(self, name: str) -> Json:
        """The demand of a key, with all sources in order."""
        id = demand_named(name)
        told: Json = {
            "demand": self._link(self._allocation.demands.rows.object, id),
            "rest": is_rest(name),
        }
        left = {one.key: one.units for one in self._sources}
        for one in self._demands:
            taken = self._walk.draws.get(one.id, {})
            if one.id == id:
                return told | self._covered(one, left)
            for key, units in taken.items():
                left[key] -= units
        return told | {"day": None, "quantity": None, "open": None, "sources": []}

    def _covered(self, one: Demand, left: dict[tuple[int, str], int]) -> Json:
        taken = self._walk.draws.get(one.id, {})
        automatic = self._allocation.automatic
        listed = []
        for source in self._sources[:MOST_SOURCES]:
            units = taken.get(source.key, 0)
            why = None
            if not units:
                had = left[source.key]
                why = WHY[reason(one, source, self._fits, had, automatic=automatic)]
            drawn = _worth(units, one.currency)
            listed.append({"source": self._source(source), "drawn": drawn, "why": why})
        return {
            "day": one.day and one.day.isoformat(),
            "quantity": _worth(one.units, one.currency),
            "open": _worth(self._walk.open[one.id], one.currency),
            "sources": listed,
        }


def is_draw(cell: ChargeCell) -> bool:
    """Whether it counts units, which have no price."""
    return cell.quantity == UNIT


def _worth(units: int, currency: str) -> Any:
    amount: Decimal = counted(units)
    if not currency:
        return plain(amount)
    return {"amount": in_minor_units(plain(amount), currency), "currency": currency}
