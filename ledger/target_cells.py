"""The cells of targets, for many records at once: what each of their periods should be charged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fluvial.runtime.session import Session
from metamodel.currencies import Amount, minor_units
from metamodel.expressions.expression import Expression
from metamodel.segments import ACTUAL_PERIOD, NONE, convention_named, round_half_up

from .batch_values import BatchQuestion, Values
from .charge_cells import ChargeCell, net
from .charge_periods import ChargePeriod
from .charged_records import Charge, ChargedRecord
from .ledger_model import CUMULATIVE, EACH, OWN, SEGMENTS, SPREAD, Ledger, LedgerTarget
from .timelines import Timeline, day_places, timelines
from .whole_amounts import AmountsOfWholes, Slice

MINIMUM = "minimum"
PLAIN_SCALE = 2  # decimals of what is released of plain numbers
EVER = (date(1, 1, 2), date(9999, 12, 31))


class ChargeFault(ValueError):
    """Why a key cannot be worked out, in words."""


@dataclass(frozen=True)
class ChargePiece:
    """What counts from a day on until another, for whatever period these are in."""

    item: str
    row: str
    start: date
    end: date
    quantity: Decimal
    price: Amount | Decimal | None
    note: str = ""


def worth_of(value: Amount | Decimal) -> tuple[Decimal, str]:
    """A price with its currency; "" of plain numbers."""
    return (value.amount, value.currency) if isinstance(value, Amount) else (value, "")


def fill_cells(session: Session, ledger: Ledger, records: Sequence[ChargedRecord]) -> None:
    """Work out the cells of all keys; a key that cannot be worked out has a fault."""
    live = [one for one in records if one.live and one.charges]
    if not live:
        return
    for target in ledger.targets:
        wanted = [one for one in live if _has(target, one)]
        if wanted:
            _FILLERS[target.kind](_Filling(session, ledger, target, wanted))
    for record in live:
        for charge in record.charges.values():
            if not charge.fault:
                charge.cells = net(charge.cells)


def _has(target: LedgerTarget, record: ChargedRecord) -> bool:
    return target.when is None or record.facts[f"{target.at} when"] is True


class _Filling:
    """One target at work on some records."""

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        target: LedgerTarget,
        records: Sequence[ChargedRecord],
    ) -> None:
        self.session = session
        self.ledger = ledger
        self.target = target
        self.records = {one.id: one for one in records}
        self.ids = list(self.records)
        days = [c.period for one in records for c in one.charges.values() if c.period]
        self.span = EVER
        if days:
            self.span = (min(one.from_ for one in days), max(one.until for one in days))

    def rows(self, members: Sequence[str], span: tuple[date, date]) -> list[Timeline]:
        """The timelines of the rows, or of the records themselves where there are none."""
        target, ledger = self.target, self.ledger
        asked: dict[str, Expression | None] = {
            "where": target.where, "quantity": target.quantity, "price": target.price,
            "at": target.day, "amount": target.amount,
        }  # fmt: skip
        found = {name: asked[name] for name in members if asked[name] is not None}
        rows = target.rows
        fields = (*(rows.dated or ()), *([target.item] if target.item else [])) if rows else ()
        question = BatchQuestion(
            (ledger.name, target.at, "rows"),
            rows.object if rows else ledger.object,
            found,  # type: ignore[arg-type]
            fields,
            rows.link if rows else "",
        )
        record, link = (ledger.object, rows.link) if rows else (None, "")
        places = day_places(question.expressions.values(), self.objects, record, link)
        return timelines(self.session, question, places, self.ids, span)

    @property
    def objects(self) -> Mapping[str, Any]:
        return self.session.catalog.objects

    def item(self, line: Timeline) -> str:
        if not self.target.item:
            return line.row.id
        value = line.row.values.get(f"field {self.target.item}")
        return str(value) if value else line.row.id

    def floors(self) -> dict[str, Timeline]:
        """Of each record: the least quantity and the price of what is missing, by days."""
        target = self.target
        asked = {"least": target.least, "floor": target.floor if target.amount is None else None}
        if target.least is None and target.amount is None:
            return {}
        found = {name: one for name, one in asked.items() if one is not None}
        question = BatchQuestion((self.ledger.name, target.at, "floor"), self.ledger.object, found)
        decide = [*found.values(), *([target.amount] if target.amount is not None else [])]
        places = day_places(decide, self.objects, None)
        lines = timelines(self.session, question, places, self.ids, self.span)
        return {line.row.id: line for line in lines}

    def convention(self, record: ChargedRecord) -> str:
        if self.target.convention is None:
            return ACTUAL_PERIOD
        said = record.facts[f"{self.target.at} convention"]
        found = convention_named(said) if said else None
        if found is None:
            what = f"The convention `{said}` is unknown" if said else "No convention is chosen"
            raise ChargeFault(f"{what}. Choose actual_period, actual_month, 30_360 or none.")
        return found

    def cell(
        self, piece: ChargePiece, days: tuple[date | None, date | None], convention: str
    ) -> ChargeCell:
        if piece.price is None:
            since = f" from {days[0]} on" if days[0] else ""
            raise ChargeFault(
                f"There is no price{since}: fill in {self._priced()}, or leave the record out."
            )
        price, currency = worth_of(piece.price)
        return ChargeCell(
            self.target.at, piece.item, piece.quantity, price, currency, convention,
            False, piece.note, *days, 1, piece.row,
        )  # fmt: skip

    def _priced(self) -> str:
        made = self.target.price or self.target.amount
        return f"`{made.source}`" if made is not None else "the price"


def _fill_segments(filling: _Filling) -> None:
    target = filling.target
    assert target.rows is not None and target.rows.dated is not None
    starts, ends = (f"field {one}" for one in target.rows.dated)
    pieces: dict[str, list[ChargePiece]] = {}
    for line in filling.rows(("where", "quantity", "price"), filling.span):
        start = max(line.row.values[starts] or filling.span[0], filling.span[0])
        end = min(line.row.values[ends] or filling.span[1], filling.span[1])
        item = filling.item(line)
        for since, until, values in line.pieces(start, end):
            made = _piece(target, item, line.row.id, since, until, values)
            if made is not None:
                pieces.setdefault(line.row.parent, []).append(made)
    _place(filling, pieces)


def _fill_own(filling: _Filling) -> None:
    """The record itself: for its periods, or once."""
    pieces: dict[str, list[ChargePiece]] = {}
    once = filling.ledger.periods is None
    for line in filling.rows(("quantity", "price"), filling.span):
        record = line.row.id
        parts = line.pieces(*filling.span)
        if once:
            day = filling.records[record].facts.get("day") or filling.session.today
            parts = iter([(*filling.span, line.on(day))])
        for since, until, values in parts:
            made = _piece(filling.target, record, record, since, until, values)
            if made is not None:
                pieces.setdefault(record, []).append(made)
    _place(filling, pieces)


def _piece(
    target: LedgerTarget, item: str, row: str, since: date, until: date, values: Values
) -> ChargePiece | None:
    if target.where is not None and values["where"] is not True:
        return None
    quantity = values["quantity"] if target.quantity is not None else Decimal(1)
    if not quantity:
        return None
    return ChargePiece(item, row, since, until, Decimal(quantity), values.get("price"))


def _place(filling: _Filling, pieces: Mapping[str, Sequence[ChargePiece]]) -> None:
    """Cut what counts by the periods of each record, with what is missing to the least."""
    floors = filling.floors()
    wholes = AmountsOfWholes(filling.session, filling.ledger, filling.target)
    for record in filling.records.values():
        for charge in record.charges.values():
            if charge.fault:
                continue
            try:
                convention = filling.convention(record)
                own = _within(pieces.get(record.id, ()), charge.period)
                if filling.target.amount is not None:
                    slices = _slices(own, charge, floors.get(record.id), convention)
                    wholes.ask(charge, convention, slices)
                    continue
                if filling.target.least is not None:
                    own += _missing(own, charge, floors[record.id], convention)
                charge.cells += _cells(filling, own, charge.period, convention)
            except ChargeFault as error:
                charge.fault = str(error)
    wholes.answer()


def _within(pieces: Iterable[ChargePiece], period: ChargePeriod | None) -> list[ChargePiece]:
    if period is None:
        return list(pieces)
    first, after = period.start, period.end
    return [
        ChargePiece(
            one.item, one.row, max(one.start, first), min(one.end, after), one.quantity,
            one.price, one.note,
        )
        for one in pieces
        if one.start < after and one.end > first and first < after
    ]  # fmt: skip


def _cells(
    filling: _Filling, pieces: Iterable[ChargePiece], period: ChargePeriod | None, convention: str
) -> list[ChargeCell]:
    made = []
    for one in pieces:
        if period is None:
            made.append(filling.cell(one, (None, None), convention))
        elif convention != NONE:
            made.append(filling.cell(one, (one.start, one.end), convention))
        elif one.start <= period.from_ < one.end:
            made.append(filling.cell(one, (period.from_, period.until), convention))
    return made


def _totals(
    pieces: Sequence[ChargePiece], period: ChargePeriod, extra: Iterable[date], convention: str
) -> list[tuple[date, date, Decimal]]:
    """How much there is together, between the days on which that changes."""
    first, after = period.start, period.end
    if convention == NONE:
        first, after = period.from_, period.from_ + timedelta(days=1)
        if not (period.start <= first < period.end):
            return []
    edges = {first, after, *(day for day in extra if first < day < after)}
    for one in pieces:
        edges |= {day for day in (one.start, one.end) if first < day < after}
    days = sorted(edges)
    return [
        (start, end, sum((p.quantity for p in pieces if p.start <= start < p.end), Decimal(0)))
        for start, end in zip(days, days[1:], strict=False)
    ]


def _missing(
    pieces: Sequence[ChargePiece], charge: Charge, floor: Timeline, convention: str
) -> list[ChargePiece]:
    period = charge.period
    if period is None:
        start, end = EVER
        total = sum((one.quantity for one in pieces), Decimal(0))
        lacking = [(start, end, total)]
    else:
        lacking = _totals(pieces, period, floor.days, convention)
    made = []
    for start, end, total in lacking:
        values = floor.on(start)
        least = values["least"] or Decimal(0)
        if total < least:
            end = end if convention != NONE or period is None else period.until
            more = least - total
            made.append(ChargePiece("", "", start, end, more, values.get("floor"), MINIMUM))
    return made


def _slices(
    pieces: Sequence[ChargePiece], charge: Charge, floor: Timeline | None, convention: str
) -> list[Slice]:
    """What is charged together, by days; whole amounts are asked for these."""
    days = floor.days if floor is not None else ()
    if charge.period is None:
        total = sum((one.quantity for one in pieces), Decimal(0))
        parts = [(EVER[0], EVER[1], total)]
    else:
        parts = _totals(pieces, charge.period, days, convention)
    made = []
    for start, end, total in parts:
        least = (floor.on(start).get("least") if floor is not None else None) or Decimal(0)
        quantity = max(total, least)
        if not quantity:
            continue
        note = MINIMUM if total < least else ""
        dated = start if days else None
        if charge.period is None:
            made.append(Slice(None, None, quantity, note, None))
        elif convention == NONE:
            made.append(Slice(charge.period.from_, charge.period.until, quantity, note, dated))
        else:
            made.append(Slice(start, end, quantity, note, dated))
    return made


def _fill_each(filling: _Filling) -> None:
    """Records without dates: each belongs to the period of a day."""
    target = filling.target
    members = ("where", "at", "quantity", "price", "amount")
    for line in filling.rows(members, EVER):
        record = filling.records[line.row.parent]
        day = line.row.values.get("at")
        if target.day is not None and day is None:
            continue
        values = line.on(day) if day is not None else line.row.values
        if target.where is not None and values["where"] is not True:
            continue
        for charge in record.charges.values():
            period = charge.period
            if not charge.fault and (period is None or period.has(day)):
                _add_row(filling, charge, line, values)


def _add_row(filling: _Filling, charge: Charge, line: Timeline, values: Values) -> None:
    target = filling.target
    quantity = values["quantity"] if target.quantity is not None else Decimal(1)
    price = values.get("price") if target.price is not None else values.get("amount")
    if not quantity:
        return
    piece = ChargePiece(filling.item(line), line.row.id, *EVER, Decimal(quantity), price)
    try:
        charge.cells.append(filling.cell(piece, (None, None), ACTUAL_PERIOD))
    except ChargeFault as error:
        charge.fault = str(error)


def _fill_spread(filling: _Filling) -> None:
    """An amount that is released by days: rounded so far, less what was released before."""
    at, rounding = filling.target.at, filling.target.rounding
    for record in filling.records.values():
        facts = record.facts
        worth, first, after = (facts[f"{at} {one}"] for one in ("amount", "from", "until"))
        if worth is None or first is None or after is None or first >= after:
            continue
        amount, currency = worth_of(worth)
        scale = minor_units(currency) if currency else PLAIN_SCALE
        whole = (after - first).days
        for charge in record.charges.values():
            if charge.period is None or charge.period.empty:
                continue
            start = max(charge.period.from_, first)
            end = min(charge.period.until, after)
            if start >= end:
                continue
            before, until = (Fraction(amount) * (day - first).days / whole for day in (start, end))
            if rounding == CUMULATIVE:
                part = round_half_up(until, scale) - round_half_up(before, scale)
            else:
                part = round_half_up(until - before, scale)
            charge.cells.append(
                ChargeCell(
                    at, record.id, Decimal((end - start).days), part, currency, ACTUAL_PERIOD,
                    True, "", None, None, 1, record.id,
                )
            )  # fmt: skip


_FILLERS = {SEGMENTS: _fill_segments, OWN: _fill_own, EACH: _fill_each, SPREAD: _fill_spread}
