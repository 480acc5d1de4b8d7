"""What a table must come to: a sum that is another one is refused, with the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from metamodel.expressions.python import evaluate

from .printed_tables import PrintedTable
from .table_data import Sums, TableRows, value_at

MOST_ROWS = 20  # that are named


def check_sum(environment: Any, whole: TableRows, seen: TableRows | None, template: str) -> None:
    """Refuse a table that does not come to what it must. `whole` are all its rows, `seen` those
    of whoever asks: they are told of amounts only where they see all of them."""
    table = whole.table
    if table.equals is None:
        return
    wanted = _sums_of(evaluate(table.equals, environment))
    found = {currency: amount for currency, amount in whole.sums().items() if amount}
    if found == wanted:
        return
    message = f"The table {table.label} does not come to what it must."
    if seen is not None and seen.adds and len(seen.rows) == len(whole.rows):
        message = _told(table, found, wanted, whole)
    raise Unprocessable(
        f"{message} Correct the rows or the record; then make the document again.",
        errors=[fault(f"/tables/{table.name}", "other_sum", message)],
        template=template,
    )


def _sums_of(value: Any) -> Sums:
    if isinstance(value, tuple):  # an amount; that of a sum over records is a plain pair
        amount, currency = value
        return {currency: amount} if amount else {}
    if value is None:
        return {}
    seconds = getattr(value, "total_seconds", None)
    amount = Decimal(str(seconds() if seconds is not None else value))
    return {"": amount} if amount else {}


def _told(table: PrintedTable, found: Sums, wanted: Sums, whole: TableRows) -> str:
    left = {
        currency: found.get(currency, Decimal(0)) - wanted.get(currency, Decimal(0))
        for currency in sorted({*found, *wanted})
    }
    differs = {currency: amount for currency, amount in left.items() if amount}
    rows = [_named(table, row) for row in whole.rows[:MOST_ROWS]]
    more = len(whole.rows) - len(rows)
    named = "; ".join(rows) + (f"; and {more:,} more" if more else "")
    return (
        f"The table {table.label} comes to {_said(found)} and must come to {_said(wanted)}: the"
        f" difference is {_said(differs)}. Its rows: {named or 'none'}."
    )


def _named(table: PrintedTable, row: Mapping[str, Any]) -> str:
    value = value_at(row, table.sum)
    held = value.get("v") if isinstance(value, Mapping) else None
    if isinstance(held, Mapping):
        held = f"{held['amount']} {held['currency']}"
    return f"{row.get('title') or row.get('id')} ({held if held is not None else 'empty'})"


def _said(sums: Sums) -> str:
    words = [f"{amount:f} {currency}".strip() for currency, amount in sums.items()]
    return ", ".join(words) or "0"
