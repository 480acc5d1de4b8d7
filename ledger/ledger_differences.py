"""Differences: what a key should have been charged, less what is posted for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from metamodel.catalog import Catalog, Field
from metamodel.currencies import minor_units
from metamodel.expressions.types import MONEY

from .charge_cells import ChargeCell, net, part_amounts, rounded_sums
from .charge_periods import ChargePeriod
from .charged_records import Charge, ChargedRecord
from .key_states import KeyState
from .ledger_model import Ledger

NUMBER_SCALE = 2
ZERO = Decimal(0)


@dataclass(frozen=True)
class LedgerDifference:
    """What is to be posted for one key: amounts by currency, and the cells they are made of."""

    record: ChargedRecord
    charge: Charge
    state: KeyState
    amounts: Mapping[str, Decimal]
    parts: Sequence[ChargeCell]
    booked: ChargePeriod | None = None  # the open period, where its own is closed

    @property
    def key(self) -> tuple[str, str]:
        return self.charge.record, self.charge.name

    @property
    def cells(self) -> list[ChargeCell]:
        """What is posted once the difference is."""
        return net([*self.state.cells, *self.parts])

    def following(self, scales: Mapping[str, int]) -> KeyState:
        """What is posted for the key once the difference is."""
        posted = dict(self.state.posted)
        for currency, amount in self.amounts.items():
            posted[currency] = posted.get(currency, ZERO) + amount
        cells = self.cells
        sums = rounded_sums(cells, self.charge.period, scales)
        settled = all(sums.get(one, ZERO) == posted.get(one, ZERO) for one in {*sums, *posted})
        number = self.state.number + 1
        return replace(self.state, number=number, posted=posted, cells=cells, settled=settled)

    def part_amounts(self, scales: Mapping[str, int]) -> list[Decimal]:
        return part_amounts(self.state.cells, self.parts, self.charge.period, self.amounts, scales)


class Scales(dict[str, int]):
    """The decimals to which amounts of a currency are rounded; "" stands for plain numbers."""

    def __init__(self, catalog: Catalog, ledger: Ledger) -> None:
        super().__init__()
        fields = [catalog.objects[o].fields[name] for o, name in ledger.amounts]
        self._fields: list[Field] = fields

    def __missing__(self, currency: str) -> int:
        money = [one for one in self._fields if (one.type.name == MONEY.name) is bool(currency)]
        scales = [one.type.scale for one in money or self._fields if one.type.scale is not None]
        given = min(scales, default=None)
        if currency:
            units = minor_units(currency)
            self[currency] = units if given is None else min(given, units)
        else:
            self[currency] = NUMBER_SCALE if given is None else given
        return self[currency]


def differences(
    records: Iterable[ChargedRecord],
    states: Mapping[str, Mapping[str, KeyState]],
    scales: Mapping[str, int],
) -> Iterator[LedgerDifference]:
    """Of all keys that have no fault."""
    for record in records:
        for charge in record.charges.values():
            if charge.fault or record.fault:
                continue
            state = states.get(record.id, {}).get(charge.name)
            found = difference(record, charge, state or KeyState(record.id, charge.name), scales)
            if found is not None:
                yield found


def difference(
    record: ChargedRecord, charge: Charge, state: KeyState, scales: Mapping[str, int]
) -> LedgerDifference | None:
    """None where nothing is to be posted."""
    if state.settled and charge.cells == state.cells:
        return None
    parts = net(charge.cells, state.cells)
    wanted = rounded_sums(charge.cells, charge.period, scales)
    currencies = {*wanted, *state.posted, *(part.currency for part in parts)}
    amounts = {
        one: wanted.get(one, ZERO) - state.posted.get(one, ZERO) for one in sorted(currencies)
    }
    moved = {part.currency for part in parts if part.quantity and part.price}
    amounts = {one: value for one, value in amounts.items() if value or one in moved}
    if not amounts:
        return None
    return LedgerDifference(record, charge, state, amounts, parts, open_period(record, charge))


def open_period(record: ChargedRecord, charge: Charge) -> ChargePeriod | None:
    """The first open period, where that of a key is closed."""
    closed: date | None = record.facts.get("closed")
    if closed is None:
        return None
    if charge.period is None:
        day = charge.day or record.facts.get("day")
        return _day(closed) if day is not None and day < closed else None
    if charge.period.until > closed:
        return None
    found = record.periods.following(closed) if record.periods is not None else None
    if found is not None:
        return found
    if record.periods is None:
        return _day(closed)
    try:
        until = record.periods.length.edge(closed, 1)
    except (OverflowError, ValueError):
        return _day(closed)
    return ChargePeriod(closed, until, closed, until)


def _day(day: date) -> ChargePeriod:
    following = day + timedelta(days=1)
    return ChargePeriod(day, following, day, following)
