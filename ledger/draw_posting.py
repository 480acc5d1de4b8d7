"""The records that draws become, and those for what no source covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fluvial.records.drafts.draft import wire_value
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions.types import MONEY
from rules.action_reader import undotted

from .allocation_cells import is_rest
from .allocation_model import DEMAND, RECORD, SOURCE, AllocationEntry
from .allocation_reader import DRAW, REST
from .batch_values import BatchQuestion, batch_values
from .charge_cells import ChargeCell
from .ledger_differences import LedgerDifference
from .ledger_model import Ledger
from .pair_values import NOTHING, PairLeaves, PairSide, PairValues

Body = dict[str, Any]
Placed = tuple[int, ChargeCell | None]  # the difference, and its draw


def draw_bodies(
    session: Session, ledger: Ledger, run: str, found: Sequence[LedgerDifference]
) -> Iterator[tuple[str, list[int], list[Body]]]:
    """For each kind of entry: its object type, the differences of the bodies, and these."""
    allocation = ledger.allocation
    if allocation is None:
        return
    # What is taken back comes first, so that nothing has ever been drained twice.
    draws = [(at, part) for at, one in enumerate(found) if not is_rest(one.charge.name)
             for part in one.parts]  # fmt: skip
    draws.sort(key=lambda one: one[1].times > 0)
    rests = [at for at, one in enumerate(found) if is_rest(one.charge.name)]
    for entry in allocation.draws:
        work = _Bodies(session, ledger, run, found, entry)
        yield entry.object, [at for at, _ in draws], work.draws(draws)
    for entry in allocation.rest.entries if allocation.rest is not None else ():
        places = [(at, currency) for at in rests for currency in found[at].amounts]
        work = _Bodies(session, ledger, run, found, entry)
        yield entry.object, [at for at, _ in places], work.rests(places)


class _Bodies:
    """The bodies of the entries of one kind."""

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        run: str,
        found: Sequence[LedgerDifference],
        entry: AllocationEntry,
    ) -> None:
        assert ledger.allocation is not None
        self.session = session
        self.ledger = ledger
        self.allocation = ledger.allocation
        self.run = run
        self.found = found
        self.entry = entry
        self.fields = session.catalog.objects[entry.object].fields
        self._values = {name: PairValues(session, one) for name, one in entry.values.items()}

    def draws(self, places: Sequence[tuple[int, ChargeCell]]) -> list[Body]:
        sources: dict[int, set[str]] = {}
        for _, part in places:
            sources.setdefault(part.target, set()).add(part.item)
        known = {
            at: self._sides(SOURCE, self.allocation.sources[at].rows.object, ids, at)
            for at, ids in sources.items()
        }
        demands, records = self._common(places)
        several = len({one.rows.object for one in self.allocation.sources}) > 1
        made = []
        for at, part in places:
            one = self.found[at]
            object_name = self.allocation.sources[part.target].rows.object
            names = self._names(one, part.currency)
            amount = Decimal(part.times) * part.quantity
            names[undotted(DRAW, "quantity")] = _worth(amount, part.currency)
            for rows in self.allocation.sources:
                names.setdefault(undotted(DRAW, rows.rows.object), None)
            names[undotted(DRAW, object_name)] = part.item
            side = known[part.target][part.item]
            if several:
                names[SOURCE] = (object_name, part.item)
            sides = demands[part.row], side, records[one.charge.record]
            made.append(self._body(sides, names, amount, part.currency))
        return made

    def rests(self, places: Sequence[tuple[int, str]]) -> list[Body]:
        demands, records = self._common(
            [(at, part) for at, _ in places for part in self.found[at].parts[:1]]
        )
        made = []
        for at, currency in places:
            one = self.found[at]
            parts = [part for part in one.parts if part.currency == currency]
            priced = max(parts, key=lambda part: part.times, default=None)
            names = self._names(one, currency)
            quantity = sum((part.times * part.quantity for part in parts), Decimal(0))
            number = self.allocation.demands.quantity
            money = number is not None and number.type.name == MONEY.name
            names[undotted(REST, "quantity")] = _worth(quantity, currency if money else "")
            price = _worth(priced.price, currency) if priced is not None else None
            names[undotted(REST, "price")] = price
            sides = demands[one.parts[0].row], NOTHING, records[one.charge.record]
            made.append(self._body(sides, names, one.amounts[currency], currency))
        return made

    def _body(
        self,
        sides: tuple[PairSide, PairSide, PairSide],
        names: Mapping[str, Any],
        amount: Decimal,
        currency: str,
    ) -> Body:
        body: Body = {}
        for name, value in self._values.items():
            own = {word: one for word, one in names.items() if word in value.names}
            body[name] = wire_value(self.fields[name], value.of(*sides, own))
        field = self.fields[self.entry.amount]
        return body | {self.entry.amount: wire_value(field, _worth(amount + 0, currency))}

    def _names(self, one: LedgerDifference, currency: str) -> dict[str, Any]:
        booked = one.booked.from_ if one.booked is not None else one.charge.day
        return {"booked": booked, "currency": currency, "run": self.run}

    def _common(
        self, places: Iterable[tuple[int, ChargeCell]]
    ) -> tuple[dict[str, PairSide], dict[str, PairSide]]:
        """The demands of some places, and the records that they belong to."""
        listed = list(places)
        demands = {part.row for _, part in listed}
        records = {self.found[at].charge.record for at, _ in listed}
        return (
            self._sides(DEMAND, self.allocation.demands.rows.object, demands),
            self._sides(RECORD, self.ledger.object, records),
        )

    def _sides(
        self, side: str, object_name: str, ids: Iterable[str], at: int = 0
    ) -> dict[str, PairSide]:
        """Records with what the values read of them; those in the bin, too."""
        listed = sorted(set(ids))
        known = {one: PairSide(one) for one in listed}
        leaves = PairLeaves(side, self.entry.values.values(), object_name)
        if not leaves.asked:
            return known
        place = self.allocation.entries.index(self.entry)
        key = (self.ledger.name, "draw", place, side, at)
        question = BatchQuestion(key, object_name, leaves.asked, binned=True)
        rows = batch_values(self.session, question, listed)
        return known | dict(leaves.sides(self.session, [(row.id, row.values) for row in rows]))


def _worth(amount: Decimal, currency: str) -> Amount | Decimal:
    return Amount(amount, currency) if currency else amount
