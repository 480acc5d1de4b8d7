"""The cells of allocations: what each demand draws from which source, for many records at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from math import floor
from typing import Any

from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.segments import round_half_up

from .allocation_model import DEMAND, RECORD, SOURCE, AllocationRows
from .batch_values import BatchQuestion, Values
from .charge_cells import ChargeCell, net
from .charged_records import ChargedRecord
from .drains import Demand, DrainChoice, Drained, DrainSource, SourceKey, drain
from .ledger_differences import Scales
from .ledger_model import Ledger
from .pair_values import NOTHING, PairLeaves, PairSide, PairValues
from .target_cells import EVER, ChargeFault, worth_of
from .timelines import Timeline, day_places, timelines

MICRO = 6  # decimals of what is counted: as many as numbers can have
UNIT = Decimal(1).scaleb(-MICRO)
ONE = Decimal(1)
_EXACT = Context(prec=100)
REST = "rest"


def rest_name(demand: str) -> str:
    """The key of what is left of a demand; draws are under the demand's own id."""
    return f"{demand}:{REST}"


def demand_named(name: str) -> str:
    return name.partition(":")[0]


def counted(units: int) -> Decimal:
    """So many units as a number."""
    return _EXACT.multiply(Decimal(units), UNIT)


def is_rest(name: str) -> bool:
    return name.endswith(f":{REST}")


@dataclass
class RecordPairs:
    """All that is allocated within one record, in order."""

    id: str
    demands: list[Demand] = field(default_factory=list)
    sources: list[DrainSource] = field(default_factory=list)
    choices: list[DrainChoice] = field(default_factory=list)
    days: dict[str, date | None] = field(default_factory=dict)  # of demands that are gone, too


def fill_draws(
    session: Session, ledger: Ledger, records: Sequence[ChargedRecord], until: date
) -> None:
    """Work out what all demands of some records draw; a record that cannot be has a fault."""
    if not records:
        return
    pairs = AllocationPairs(session, ledger, [one.id for one in records])
    for record in records:
        try:
            if record.live:
                _fill(pairs, record, until)
        except ChargeFault as error:
            record.fault = str(error)
        days = pairs.records[record.id].days
        for charge in record.charges.values():
            charge.day = days.get(demand_named(charge.name))


def _fill(pairs: AllocationPairs, record: ChargedRecord, until: date) -> None:
    drained = pairs.walk(record, until)
    for demand in pairs.due(record, until):
        taken = drained.draws.get(demand.id, {})
        cells = [
            ChargeCell(
                at, source, UNIT, ONE, demand.currency, "", False, "", None, None, units,
                demand.id,
            )
            for (at, source), units in taken.items()
        ]  # fmt: skip
        _put(record, demand.id, cells)
        if pairs.rest and drained.open[demand.id]:
            cell = pairs.rest_cell(record.id, demand, drained.open[demand.id])
            _put(record, rest_name(demand.id), [cell])
    days = [one.day for one in pairs.records[record.id].demands if one.day is not None]
    record.due = min((day for day in days if day > until), default=None)


def _put(record: ChargedRecord, name: str, cells: Sequence[ChargeCell]) -> None:
    if name not in record.charges and not cells:
        return
    if name not in record.charges:
        record.charge(name, None)
    record.charges[name].cells = net(cells)


class AllocationPairs:
    """The demands, sources and choices of some records, with what their pairs read."""

    def __init__(self, session: Session, ledger: Ledger, ids: Sequence[str]) -> None:
        assert ledger.allocation is not None
        self.session = session
        self.ledger = ledger
        self.allocation = ledger.allocation
        self.ids = ids
        self.records = {one: RecordPairs(one) for one in ids}
        self.rest = self.allocation.rest is not None
        self._scales = Scales(session.catalog, ledger)
        self._demands: dict[str, PairSide] = {}
        self._sources: dict[SourceKey, PairSide] = {}
        self._record_days: dict[str, list[tuple[Timeline, PairLeaves]]] = {}
        price = self.allocation.rest.price if self.allocation.rest is not None else None
        self._price = PairValues(session, price) if price is not None else None
        self._matches = [
            PairValues(session, one.match) if one.match is not None else None
            for one in self.allocation.sources
        ]
        self._read_records()
        self._read_demands()
        self._read_sources()
        self._read_choices()

    # What is read

    def _leaves(self, side: str, at: int | None = None) -> PairLeaves:
        some = [one.match for one in self.allocation.sources if at in (None, one.at)]
        rest = self.allocation.rest
        return PairLeaves(side, [*some, rest.price if rest is not None else None])

    def _read_records(self) -> None:
        leaves = self._leaves(RECORD)
        key = (self.ledger.name, "allocation", RECORD)
        question = BatchQuestion(key, self.ledger.object, leaves.asked)
        self._record_leaves = leaves
        self._record_lines: dict[str, Timeline] = {}
        if leaves.asked:
            places = day_places(leaves.asked.values(), self.session.catalog.objects, None)
            lines = timelines(self.session, question, places, self.ids, EVER)
            self._record_lines = {line.row.id: line for line in lines}

    def _lines(self, rows: AllocationRows, leaves: PairLeaves) -> list[Timeline]:
        key = (self.ledger.name, "allocation", rows.side, rows.at)
        asked = {**rows.own, **leaves.asked}
        question = BatchQuestion(
            key, rows.rows.object, asked, rows.picks, rows.rows.link, binned=True
        )
        objects = self.session.catalog.objects
        places = day_places(asked.values(), objects, self.ledger.object, rows.rows.link)
        return timelines(self.session, question, places, self.ids, EVER)

    def _read_demands(self) -> None:
        rows, leaves = self.allocation.demands, self._leaves(DEMAND)
        found: list[tuple[Timeline, Values]] = []
        for line in self._lines(rows, leaves):
            day = line.row.values.get("day")
            self.records[line.row.parent].days[line.row.id] = day
            values = line.on(day) if day is not None else line.row.values
            if _counts(rows, line, values):
                found.append((line, values))
        self._demands = dict(
            leaves.sides(self.session, [(line.row.id, values) for line, values in found])
        )
        for line, values in _ordered(rows, found):
            worth, currency = _worth(values["quantity"])
            units = _units(Fraction(round_half_up(Fraction(worth), self._scales[currency])))
            demand = Demand(line.row.id, units, currency, line.row.values.get("day"))
            self.records[line.row.parent].demands.append(demand)

    def _read_sources(self) -> None:
        found: list[tuple[AllocationRows, Timeline, Values]] = []
        for rows in self.allocation.sources:
            leaves = self._leaves(SOURCE, rows.at)
            own = []
            for line in self._lines(rows, leaves):
                start = line.row.values.get("from")
                values = line.on(start) if start is not None else line.row.values
                if _counts(rows, line, values):
                    own.append((line, values))
            sides = leaves.sides(self.session, [(line.row.id, values) for line, values in own])
            self._sources |= {(rows.at, id): side for id, side in sides}
            found += [(rows, line, values) for line, values in own]
        first = self.allocation.sources[0]
        of = {line.row.id: rows for rows, line, _ in found}
        for line, values in _ordered(first, [(line, values) for _, line, values in found]):
            worth, currency = _worth(values["quantity"])
            units = self._floored(worth, currency)
            key = (of[line.row.id].at, line.row.id)
            source = DrainSource(key, units, currency, values.get("from"), values.get("until"))
            self.records[line.row.parent].sources.append(source)

    def _read_choices(self) -> None:
        rows = self.allocation.choices
        if rows is None:
            return
        lines = [(line, line.row.values) for line in self._lines(rows, PairLeaves("", ()))]
        for line, values in _ordered(rows, [one for one in lines if _counts(rows, *one)]):
            demand, *sources = (values[f"field {name}"] for name in rows.picks)
            given = values.get("quantity")
            units = None if given is None else self._floored(*worth_of(given))
            for at, source in enumerate(sources):
                if demand and source:
                    choice = DrainChoice(str(demand), (at, str(source)), units)
                    self.records[line.row.parent].choices.append(choice)

    def _floored(self, worth: Decimal, currency: str) -> int:
        """So that no more is drawn than there is."""
        steps = 10 ** self._scales[currency]
        return _units(Fraction(floor(Fraction(worth) * steps), steps))

    # What comes of it

    def due(self, record: ChargedRecord, until: date) -> list[Demand]:
        """The demands that a run until a day looks at: what is posted is compared in any case."""
        return [
            one
            for one in self.records[record.id].demands
            if one.day is None or one.day <= until or one.id in record.charges
            or rest_name(one.id) in record.charges
        ]  # fmt: skip

    def walk(self, record: ChargedRecord, until: date) -> Drained:
        pairs = self.records[record.id]
        return drain(
            self.due(record, until), pairs.sources, self.fits(record.id), pairs.choices,
            automatic=self.allocation.automatic,
        )  # fmt: skip

    def fits(self, record: str) -> Any:
        def fit(demand: Demand, source: DrainSource) -> bool:
            match = self._matches[source.key[0]]
            if match is None:
                return True
            sides = self._demands[demand.id], self._sources[source.key]
            return match.of(*sides, self._record(record, demand.day)) is True

        return fit

    def _record(self, record: str, day: date | None) -> PairSide:
        line = self._record_lines.get(record)
        if line is None:
            return PairSide(record)
        values = line.on(day) if day is not None else line.row.values
        return next(self._record_leaves.sides(self.session, [(record, values)]))[1]

    def rest_cell(self, record: str, demand: Demand, units: int) -> ChargeCell:
        """What is left of a demand: at its price, or as it is."""
        if self._price is None:
            return ChargeCell(
                0, demand.id, UNIT, ONE, demand.currency, "", False, REST, None, None, units,
                demand.id,
            )  # fmt: skip
        sides = self._demands[demand.id], NOTHING, self._record(record, demand.day)
        price = self._price.of(*sides)
        if price is None:
            raise ChargeFault(self._unpriced(demand))
        worth, currency = worth_of(price)
        return ChargeCell(
            0, demand.id, counted(units), worth, currency or demand.currency, "", False, REST, None,
            None, 1, demand.id,
        )  # fmt: skip

    def _unpriced(self, demand: Demand) -> str:
        rest = self.allocation.rest
        source = rest.price.whole.source if rest is not None and rest.price is not None else ""
        object_name = self.allocation.demands.rows.object
        title = titles_of(self.session, object_name, [demand.id]).get(demand.id, demand.id)
        return f"No source covers all of {title}, and the rest has no price: fill in `{source}`."


def _counts(rows: AllocationRows, line: Timeline, values: Values) -> bool:
    if not line.row.live or (rows.where is not None and values["where"] is not True):
        return False
    return rows.day is None or values["day"] is not None


def _worth(value: Amount | Decimal | None) -> tuple[Decimal, str]:
    return (Decimal(0), "") if value is None else worth_of(value)


def _units(value: Fraction) -> int:
    return int(value * 10**MICRO)


def _ordered(
    rows: AllocationRows, found: Iterable[tuple[Timeline, Values]]
) -> Iterator[tuple[Timeline, Values]]:
    """In the order of the document; what is empty comes last, and what is equal as it was made."""
    made = sorted(found, key=lambda one: one[0].row.id)
    for at in reversed(range(len(rows.order))):
        key, name = rows.order[at], f"order {at}"
        ranks = {one.name: place for place, one in enumerate(key.value.type.options)}
        empty = [one for one in made if one[1][name] is None]
        made = [one for one in made if one[1][name] is not None]
        made.sort(key=lambda one: _rank(one[1][name], ranks), reverse=key.down)
        made += empty
    yield from made


def _rank(value: Any, ranks: Mapping[str, int]) -> Any:
    if isinstance(value, Amount):
        return value.amount
    return ranks.get(value, len(ranks)) if ranks else value
