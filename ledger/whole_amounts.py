"""Amounts of a whole period at a quantity: such as prices in bands, for many records at once.

Records that have the same quantity on the same day are asked together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions import types
from rules.action_reader import undotted

from .batch_values import BatchQuestion, batch_values
from .charge_cells import ChargeCell
from .charged_records import Charge
from .ledger_model import Ledger, LedgerTarget

NAMES = ("quantity", undotted("charged", "quantity"))


@dataclass(frozen=True)
class Slice:
    """A quantity from a day on until another; `day` is the one as of which it is asked."""

    start: date | None
    end: date | None
    quantity: Decimal
    note: str
    day: date | None


class AmountsOfWholes:
    """Gathers what is to be asked of one target, and then adds the cells of all keys."""

    def __init__(self, session: Session, ledger: Ledger, target: LedgerTarget) -> None:
        self._session = session
        self._ledger = ledger
        self._target = target
        self._asked: dict[tuple[Decimal, date | None], list[tuple[Charge, str, Slice]]] = {}

    def ask(self, charge: Charge, convention: str, slices: Iterable[Slice]) -> None:
        for one in slices:
            asked = self._asked.setdefault((one.quantity, one.day), [])
            asked.append((charge, convention, one))

    def answer(self) -> None:
        amount = self._target.amount
        if amount is None:
            return
        question = BatchQuestion(
            (self._ledger.name, self._target.at, "whole"),
            self._ledger.object,
            {"amount": amount},
            names=dict.fromkeys(NAMES, types.NUMBER),
        )
        for (quantity, day), asked in self._asked.items():
            ids = sorted({charge.record for charge, _, _ in asked})
            names = dict.fromkeys(NAMES, quantity)
            rows = batch_values(self._session, question, ids, day=day, names=names)
            found = {row.id: row.values["amount"] for row in rows}
            for charge, convention, one in asked:
                self._add(charge, convention, one, found.get(charge.record))

    def _add(
        self, charge: Charge, convention: str, one: Slice, worth: Amount | Decimal | None
    ) -> None:
        if worth is None:
            charge.fault = charge.fault or (
                f"There is no amount for a quantity of {one.quantity:f}: check what "
                f"`{self._target.amount.source if self._target.amount else ''}` is made of."
            )
            return
        price, currency = worth if isinstance(worth, Amount) else (worth, "")
        charge.cells.append(
            ChargeCell(
                self._target.at, charge.record, one.quantity, price, currency, convention,
                True, one.note, one.start, one.end, 1, charge.record,
            )
        )  # fmt: skip
