"""Cells: what a key should have been charged, in pieces that can be told one by one.

Pure arithmetic, and exact: an amount is rounded where it leaves this module, once per key and
currency. What a later run finds different is the *net* of two lists of cells: days that both have
at the same price go away, what is left is what the difference is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from metamodel.segments import round_half_up, units

from .charge_periods import ChargePeriod

_EXACT = Context(prec=100)
_WHOLE = Fraction(1)
_ONE = Decimal(1)
_KEPT = 10_000  # results that many cells of a run have in common
Json = list[Any]


@lru_cache(_KEPT)
def _share(start: date, end: date, first: date, after: date, convention: str) -> Fraction:
    made = units(first, after, first, after, convention)
    part = units(start, end, first, after, convention)
    return Fraction(part or 0, made) if made else Fraction(0)


@lru_cache(_KEPT)
def _worth(quantity: Decimal, price: Decimal) -> Fraction:
    return Fraction(_EXACT.multiply(quantity, price))


class ChargeCell(NamedTuple):
    """A quantity at a price for the days of a period, or an amount.

    `item` is what was charged for, `row` the record that says so. Where `whole` holds, the price is
    that of all of the quantity together. Negative `times`: it is taken back.
    """

    target: int  # its place among the targets of the ledger
    item: str
    quantity: Decimal
    price: Decimal
    currency: str  # "" of plain numbers
    convention: str
    whole: bool
    note: str
    from_: date | None
    until: date | None
    times: int = 1
    row: str = ""

    @property
    def kind(self) -> tuple[Any, ...]:
        """What two cells have in common that differ in their days alone."""
        return self[:8]

    def share(self, period: ChargePeriod | None) -> Fraction:
        """Of the period; cells that are for no days are whole."""
        if period is None or self.from_ is None or self.until is None:
            return _WHOLE
        return _share(self.from_, self.until, period.from_, period.until, self.convention)

    def exact(self, period: ChargePeriod | None) -> Fraction:
        quantity = _ONE if self.whole else self.quantity
        return _worth(quantity, self.price) * self.share(period) * self.times


def net(cells: Iterable[ChargeCell], less: Iterable[ChargeCell] = ()) -> list[ChargeCell]:
    """Cells without those that are taken off: by their days, each kind by itself."""
    changes: dict[tuple[Any, ...], dict[date | None, int]] = {}
    rows: dict[tuple[Any, ...], str] = {}
    for sign, some in ((1, cells), (-1, less)):
        for cell in some:
            days = changes.setdefault(cell.kind, {})
            rows[cell.kind] = rows.get(cell.kind) or cell.row
            times = sign * cell.times
            days[cell.from_] = days.get(cell.from_, 0) + times
            if cell.from_ is not None:
                days[cell.until] = days.get(cell.until, 0) - times
    made = []
    for kind, days in changes.items():
        made += _spans(kind, days, rows[kind])
    return sorted(made, key=_order)


def _spans(kind: tuple[Any, ...], days: Mapping[date | None, int], row: str) -> list[ChargeCell]:
    made = []
    if days.get(None):
        made.append(_cell(kind, None, None, days[None], row))
    held, since = 0, date.min
    for day in sorted(day for day in days if day is not None):
        if not days[day]:
            continue
        if held:
            made.append(_cell(kind, since, day, held, row))
        held, since = held + days[day], day
    return made


def _cell(
    kind: tuple[Any, ...], since: date | None, until: date | None, times: int, row: str
) -> ChargeCell:
    return ChargeCell._make((*kind, since, until, times, row))


def _order(cell: ChargeCell) -> tuple[Any, ...]:
    return (
        cell.target, cell.from_ or date.min, cell.item, cell.until or date.min, cell.price,
        cell.quantity, cell.currency, cell.note, cell.convention, cell.whole,
    )  # fmt: skip


def exact_sums(cells: Iterable[ChargeCell], period: ChargePeriod | None) -> dict[str, Fraction]:
    """The exact sum of each currency."""
    sums: dict[str, Fraction] = {}
    for cell in cells:
        sums[cell.currency] = sums.get(cell.currency, Fraction(0)) + cell.exact(period)
    return sums


def rounded_sums(
    cells: Iterable[ChargeCell], period: ChargePeriod | None, scales: Mapping[str, int]
) -> dict[str, Decimal]:
    """What a key comes to: rounded once for each currency, half up."""
    sums = exact_sums(cells, period)
    return {one: round_half_up(value, scales[one]) for one, value in sums.items()}


def part_amounts(
    held: Sequence[ChargeCell],
    parts: Sequence[ChargeCell],
    period: ChargePeriod | None,
    totals: Mapping[str, Decimal],
    scales: Mapping[str, int],
) -> list[Decimal]:
    """What each part of a difference comes to; those of one currency sum to its total.

    They are rounded as a running sum that begins with what was `held`, so that no cent is made or
    lost between the entries of a key.
    """
    running = exact_sums(held, period)
    told: dict[str, Decimal] = {}
    last: dict[str, int] = {}
    made: list[Decimal] = []
    for at, part in enumerate(parts):
        one, scale = part.currency, scales[part.currency]
        before = running.get(one, Fraction(0))
        running[one] = before + part.exact(period)
        made.append(round_half_up(running[one], scale) - round_half_up(before, scale))
        told[one] = told.get(one, Decimal(0)) + made[-1]
        last[one] = at
    for one, at in last.items():
        made[at] += totals.get(one, Decimal(0)) - told[one]
    return made


def to_wire(cells: Iterable[ChargeCell]) -> list[Json]:
    """As tables keep them."""
    return [
        [
            *cell[:2], plain(cell.quantity), plain(cell.price), *cell[4:8],
            cell.from_ and cell.from_.isoformat(), cell.until and cell.until.isoformat(),
            cell.times, cell.row,
        ]
        for cell in cells
    ]  # fmt: skip


def from_wire(cells: Iterable[Json]) -> list[ChargeCell]:
    return [ChargeCell._make(_read(one)) for one in cells]


def _read(one: Json) -> Json:
    days = [day and date.fromisoformat(day) for day in one[8:10]]
    return [*one[:2], Decimal(one[2]), Decimal(one[3]), *one[4:8], *days, *one[10:]]


def plain(value: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
