"""What contracts were worth in each of the last months, and how that moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from scripts.psa_sample.world import ANCHOR, Row, World

MONTHS = 7  # until that of the anchor


def make_value_months(w: World) -> list[Row]:
    """A row for each contract and month in which it was, or had been, worth something."""
    currencies = {account["code"]: account["currency"] for account in w.accounts}
    covers: dict[str, list[Row]] = defaultdict(list)
    for cover in w.coverages:
        covers[cover["contract_line.number"]].append(cover)
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in w.lines:
        lines[line["contract.number"]].append(line)
    rows = []
    for contract in w.contracts:
        before = Decimal(0)
        for at, day in enumerate(_first_days(MONTHS + 1)):
            amount = sum(
                (_worth(one, covers, day) for one in lines[contract["number"]]), Decimal(0)
            )
            if not _in_force(contract, day):
                amount = Decimal(0)
            if at and (amount or before):
                rows.append(
                    {
                        "contract.number": contract["number"],
                        "month": day,
                        "currency": currencies[contract["account.code"]],
                        "amount": f"{amount:.2f}",
                        "before": f"{before:.2f}",
                        "movement": _movement(amount, before),
                    }
                )
            before = amount
    return rows


def _first_days(count: int) -> Iterator[date]:
    for ago in range(count - 1, -1, -1):
        month = ANCHOR.year * 12 + ANCHOR.month - 1 - ago
        yield date(month // 12, month % 12 + 1, 1)


def _in_force(row: Row, day: date) -> bool:
    return bool(row["starts"] <= day and (not row["ends"] or row["ends"] > day))


def _worth(line: Row, covers: dict[str, list[Row]], day: date) -> Decimal:
    """A line on a day: its covered assets where it counts them, or else its quantity."""
    if not _in_force(line, day):
        return Decimal(0)
    own: Sequence[Row] = covers[line["number"]]
    counted = sum(_in_force(one, day) for one in own) if line["_kind"] else line["quantity"]
    return Decimal(str(line["price"])) * Decimal(str(counted))


def _movement(amount: Decimal, before: Decimal) -> str:
    if not amount:
        return "lost"
    if not before:
        return "new"
    return "up" if amount > before else "down" if amount < before else "same"
