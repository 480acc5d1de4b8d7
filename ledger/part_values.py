"""The values of parts: what a cell of a difference is, under the names that documents use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root
from metamodel.expressions.python import evaluate
from metamodel.segments import Period
from rules.action_reader import undotted

from .charge_cells import ChargeCell
from .entry_reader import ENTRY, PART, item_object
from .ledger_differences import LedgerDifference
from .ledger_model import Ledger


class _PartEnvironment:
    """The names of one part, and nothing of records."""

    values: Mapping[str, Any] = {}
    before: Mapping[str, Any] | None = None
    me: Mapping[str, Any] | None = None

    def __init__(self, session: Session, names: Mapping[str, Any]) -> None:
        self._session = session
        self._names = names

    @property
    def now(self) -> datetime:
        return self._session.moment

    @property
    def today(self) -> date:
        return self._session.today

    def read(self, path: tuple[str, ...]) -> Any:
        return self._names.get(path[0])

    def collect(self, node: Any) -> Any:
        raise AssertionError("parts gather nothing")

    def spans(self, field: Any) -> Any:
        raise AssertionError("parts have no log")

    def decided(self, node: Any, values: Any, day: Any) -> Any:
        raise AssertionError("parts decide nothing")

    def evaluated(self, node: Any, value: Any) -> Any:
        raise AssertionError("parts evaluate nothing")


def part_values(
    session: Session,
    ledger: Ledger,
    difference: LedgerDifference,
    cell: ChargeCell,
    expressions: Mapping[str, Expression],
    entry: str,
) -> dict[str, Any]:
    """What expressions about a part give."""
    names = _names(session, ledger, difference, cell) | {ENTRY: entry}
    environment = _PartEnvironment(session, names)
    found = {}
    for name, expression in expressions.items():
        tree = expression.tree
        plain = isinstance(tree, Read) and tree.root is Root.NAME
        found[name] = names.get(tree.path[0]) if plain else evaluate(expression, environment)  # type: ignore[attr-defined]
    return found


def _names(
    session: Session, ledger: Ledger, difference: LedgerDifference, cell: ChargeCell
) -> dict[str, Any]:
    objects = session.catalog.objects
    target = next((one for one in ledger.targets if one.at == cell.target), None)
    period = difference.charge.period
    start, end = cell.from_, cell.until
    if period is not None and (start is None or end is None):
        start, end = period.from_, period.until
    days = whole = None
    if period is not None and start is not None and end is not None:
        counted = Period(period.from_, period.until, cell.convention)
        days = Decimal(counted.days(start, end))
        whole = Decimal(counted.days(period.from_, period.until))
    price = Amount(cell.price, cell.currency) if cell.currency else cell.price
    names = {
        "from": start,
        "until": end,
        "last_day": end - timedelta(days=1) if end is not None else None,
        "days": days,
        "period_days": whole,
        "quantity": cell.quantity * cell.times,
        "price": price,
        "note": cell.note or None,
        "convention": cell.convention if cell.from_ is not None else None,
        "item": cell.item or None,
    }
    if target is not None and cell.item:
        names[item_object(objects, target, ledger.object)] = cell.item
    if target is not None and target.rows is not None and cell.row:
        names[target.rows.object] = cell.row
    return {undotted(PART, name): value for name, value in names.items()}
