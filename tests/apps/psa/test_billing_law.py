"""The law of billing: whatever changes in whatever order, what is invoiced is what was owed.

Charges sum to the rounded target of each month, counted again day by day in fractions; parts sum
to their charges, charges to invoice lines, lines to invoices, and journals to nothing.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from tests.app import EMAIL, PASSWORD, Client, Prepared, environment
from tests.apps.psa.books import Books, gbp

SEEDS, STEPS = 2, 9
DAY = timedelta(days=1)
MONTHS = [date(2026, month, 1) for month in range(6, 11)]


@pytest.fixture(scope="module")
def product(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("law")
    address = prepared.copy(None, folder, ("psa",))
    engine = prepared.opened(address, environment(address, folder))
    yield Books(Client(build_app(engine), prepared.headers(address)), engine)
    engine.close()


class Law:
    """One customer whose cover and price change at random, and what they owe by plain counting."""

    def __init__(self, books: Books, seed: int) -> None:
        self.books, self.chance = books, random.Random(seed)
        self.line = books.line("per_asset", "50.00", "2026-06-01")
        self.prices = {date(2026, 6, 1): Fraction(50)}
        self.covers: dict[str, tuple[date, date | None]] = {}
        for _ in range(3):
            self.cover()

    def day(self) -> date:
        return MONTHS[0] + timedelta(days=self.chance.randrange(0, 140))

    def cover(self) -> None:
        starts = self.day()
        made = self.books.covered(self.line, str(starts), f"Printer {len(self.covers)}")
        self.covers[made] = (starts, None)

    def end(self) -> None:
        id = self.chance.choice([*self.covers])
        starts, _ = self.covers[id]
        ends = self.chance.choice([None, starts + timedelta(days=self.chance.randrange(1, 90))])
        self.books.change("coverage", id, ends=ends and str(ends))
        self.covers[id] = (starts, ends)

    def price(self) -> None:
        day, price = self.day(), Fraction(self.chance.randrange(1000, 9000), 100)
        if self.prices[max(one for one in self.prices if one <= day)] != price:
            self.prices[day] = price
        self.books.change("contract_line", self.line, str(day), price=gbp(f"{float(price):.2f}"))

    def bill(self) -> None:
        """A run as finance does it, from the first press to issued invoices."""
        books, until = self.books, self.chance.choice(MONTHS)
        run = books.made("billing_run", entity=books.entity, as_at=str(until))
        books.act("billing_run", run, "billing_run_work_out")
        while run_pending(books.engine):
            pass
        due = books.read("billing_run", run)["to_bill"] != "0"
        for action in ("review", "release", *(["billing_run_invoices"] if due else []), "finish"):
            books.act("billing_run", run, action)
        if books.read("billing_run", run)["invoices_in_work"] != "0":
            books.act("billing_run", run, "billing_run_issue")
        self.check(until)

    def target(self, first: date) -> Decimal:
        after = (first + timedelta(days=31)).replace(day=1)
        days = [first + n * DAY for n in range((after - first).days)]
        owed = Fraction(0)
        for starts, ends in self.covers.values():
            for day in days:
                if starts <= day and (ends is None or day < ends):
                    owed += self.prices[max(one for one in self.prices if one <= day)] / len(days)
        exact = Decimal(owed.numerator) / Decimal(owed.denominator)
        return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)

    def check(self, until: date) -> None:
        charges = self.books.charges()
        by_month: dict[str, Decimal] = defaultdict(Decimal)
        for one in charges:
            by_month[one["service_from"][:7]] += Decimal(one["amount"]["amount"])
        for first in MONTHS:
            # What is posted of a later month by an earlier run is corrected by runs until then.
            if first <= until:
                assert by_month[str(first)[:7]] == self.target(first), (first, self.covers)
        self.sums(charges)

    def sums(self, charges: list[dict[str, Any]]) -> None:
        client = self.books.client
        mine = f"account == '{self.books.account}'"
        parts = total_by(client.rows("/api/records/charge_part", where=f"charge.{mine}",
                                     limit="500"), "charge", "amount")  # fmt: skip
        for one in charges:
            assert parts.get(one["id"], Decimal(0)) == Decimal(one["amount"]["amount"])
        lines = client.rows("/api/records/invoice_line", where=f"invoice.{mine}", limit="500")
        charged = total_by(charges, "invoice_line", "amount")
        assert all(charged[one["id"]] == Decimal(one["net"]["amount"]) for one in lines)
        nets = total_by(lines, "invoice", "net")
        for one in client.rows("/api/records/invoice", where=mine, limit="500"):
            assert nets[one["id"]] == Decimal(one["net"]["amount"])
            booked = client.rows("/api/records/journal_line", where=f"invoice == '{one['id']}'")
            assert sum(Decimal(row["amount"]["amount"]) for row in booked) == 0


def total_by(rows: list[dict[str, Any]], key: str, amount: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row[key]] += Decimal(row[amount]["amount"])
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_invoiced_is_what_was_owed(product: Books, seed: int) -> None:
    law = Law(Books(product.client, product.engine), seed)
    steps = [law.cover, law.end, law.end, law.price, law.bill]
    for _ in range(STEPS):
        law.chance.choice(steps)()
    law.bill()


def next_month(books: Books) -> None:
    """Go to the first day of the next month, when rules of the month have run."""
    clock = books.engine.clock
    now = clock.now()
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=3, minute=1)
    clock._shift += first - now
    books.client = books.client.signed_in(EMAIL, PASSWORD)  # sessions end by the clock
    while run_pending(books.engine):
        pass


def test_what_contracts_are_worth_is_written_down_each_month(product: Books) -> None:
    books = Books(product.client, product.engine)
    kept, gone = (books.line("recurring", price, "2020-01-01") for price in ("22.00", "10.00"))
    contracts = {books.read("contract_line", one)["contract"]: one for one in (kept, gone)}

    def moved() -> dict[str, tuple[str, str]]:
        """The latest movement of each contract, and its difference."""
        rows = books.client.rows(
            "/api/records/contract_month", where=f"contract.account == '{books.account}'",
            sort="month",
        )  # fmt: skip
        told = {contracts[one["contract"]]: one for one in rows}
        return {id: (one["movement"], one["difference"]["amount"]) for id, one in told.items()}

    next_month(books)
    assert moved() == {kept: ("new", "22.00"), gone: ("new", "10.00")}
    books.change("contract_line", kept, price=gbp("30.00"))
    books.change("contract_line", gone, ends=str(books.engine.clock.now().date()))
    next_month(books)
    assert moved() == {kept: ("up", "8.00"), gone: ("lost", "-10.00")}
    next_month(books)
    assert moved() == {kept: ("same", "0.00"), gone: ("lost", "-10.00")}
