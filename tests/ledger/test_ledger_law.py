"""The law of ledgers: whatever changes in whatever order, posted is the rounded target.

Plans, hires, prices of days, readings and runs at random, against a plain second implementation.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.ledger.club import Club, club, gbp, product
from tests.ledger.plain_fees import PlainHire, PlainPlan, PlainValue, rounded

__all__ = ["club", "product"]

STEPS = 40
SEEDS = 3
FIRST = date(2026, 1, 1)


class Trial:
    """Some plans, in the product and beside it."""

    def __init__(self, club: Club, seed: int) -> None:
        self.club = club
        self.chance = random.Random(seed)
        self.plans: dict[str, PlainPlan] = {}
        self.runs: list[str] = []
        for _ in range(3):
            self.plan()

    def day(self) -> date:
        return FIRST + timedelta(days=self.chance.randrange(300))

    def money(self) -> Fraction:
        return Fraction(self.chance.randrange(1, 20_000), 100)

    def plan(self) -> None:
        chance, price = self.chance, self.money()
        plain = PlainPlan(
            self.day(), PlainValue({date.min: price}), PlainValue({date.min: None}),
            length=chance.choice(["month", "month", "quarter", "half_year"]),
            billed=chance.choice(["start", "end"]),
            convention=self.convention(), least=chance.choice([0, 0, 2]),
            included=Fraction(10), overage=self.money(),
        )  # fmt: skip
        id = self.club.plan(
            starts=str(plain.starts), price=pounds(price), length=plain.length,
            billed=plain.billed, convention=plain.convention, least=plain.least,
            included="10", overage=pounds(plain.overage),
        )  # fmt: skip
        self.plans[id] = plain

    def convention(self) -> str:
        return self.chance.choice(["actual_period", "actual_month", "thirty_360", "none"])

    def some(self) -> tuple[str, PlainPlan]:
        live = [one for one in self.plans.items() if one[1].there]
        if not live:
            self.plan()
        return self.chance.choice(live or [*self.plans.items()][-1:])

    def hire(self) -> None:
        id, plan = self.some()
        own = self.money() if self.chance.random() < 0.3 else None
        hire = PlainHire(self.day(), price=own)
        more = {"price": pounds(own)} if own is not None else {}
        plan.hires[self.club.hire(id, str(hire.starts), **more)] = hire

    def end(self) -> None:
        _, plan = self.some()
        for id, hire in self._live(plan):
            hire.ends = None
            if self.chance.random() < 0.7:
                hire.ends = max(hire.starts + timedelta(days=1), self.day())
            self.club.ended(id, str(hire.ends) if hire.ends else None)

    def _live(self, plan: PlainPlan) -> list[tuple[str, PlainHire]]:
        there = [one for one in plan.hires.items() if one[1].there]
        return [self.chance.choice(there)] if there else []

    def delete(self) -> None:
        _, plan = self.some()
        for id, hire in [self.chance.choice([*plan.hires.items()])] if plan.hires else []:
            path = f"/api/records/hire/{id}"
            reply = self.club.client.delete(path) if hire.there else self.club.client.post(
                f"{path}/restore")  # fmt: skip
            assert reply.status in (200, 204), reply.text
            hire.there = not hire.there

    def price(self) -> None:
        id, plan = self.some()
        day, price = self.day(), self.money()
        plan.price.put(day, price)
        self.club.dated(id, str(day), price=pounds(price))

    def quantity(self) -> None:
        id, plan = self.some()
        day, quantity = self.day(), Fraction(self.chance.randrange(1, 400), 100)
        plan.quantity.put(day, quantity)
        self.club.dated(id, str(day), quantity=text(quantity))

    def reading(self) -> None:
        id, plan = self.some()
        used, day = Fraction(self.chance.randrange(0, 4000), 100), self.day()
        if plan.readings and self.chance.random() < 0.5:
            reading = self.chance.choice([*plan.readings])
            self.club.client.patch(
                f"/api/records/reading/{reading}", {"used": text(used), "read_on": str(day)}
            )
        else:
            made = self.club.made("reading", plan=id, read_on=str(day), used=text(used))
            reading = str(made["id"])
        plan.readings[reading] = (day, used)

    def terms(self) -> None:
        id, plan = self.some()
        plan.convention, plan.least = self.convention(), self.chance.choice([0, 1, 3])
        plan.ends = self.day() if self.chance.random() < 0.3 else None
        if plan.ends is not None and plan.ends <= plan.starts:
            plan.ends = None
        body = {"convention": plan.convention, "least": plan.least}
        body["ends"] = plan.ends and str(plan.ends)
        if self.chance.random() < 0.3 and plan.ends is None:
            plan.starts = self.day()
            body["starts"] = str(plan.starts)
        assert self.club.client.patch(f"/api/records/plan/{id}", body).status == 200

    def bin(self) -> None:
        id, plan = self.chance.choice([*self.plans.items()])
        path = f"/api/records/plan/{id}"
        client = self.club.client
        reply = client.delete(path) if plan.there else client.post(f"{path}/restore")
        assert reply.status in (200, 204, 409), reply.text
        if reply.status != 409:
            plan.there = not plan.there

    def run(self) -> None:
        """Everything that is due is posted, and a second run finds nothing."""
        until = self.day()
        run = self.club.run(str(until), where=None)
        assert run["faults"] == 0, run["fault_list"]
        self.runs.append(run["id"])
        self.check(until)
        again = self.club.run(str(until), where=None)
        assert (again["entries"], again["amounts"]) == (0, [])

    def void(self) -> None:
        if self.runs:
            run = self.runs.pop(self.chance.randrange(len(self.runs)))
            reply = self.club.client.post(f"/api/ledgers/fees/runs/{run}/void")
            assert reply.status == 200, reply.text

    def check(self, until: date) -> None:
        for id, plan in self.plans.items():
            posted: dict[tuple[date, date], Decimal] = {}
            parts: dict[str, Decimal] = {}
            client = self.club.client
            for one in client.rows("/api/records/slip", where=f"plan == '{id}'", limit="500"):
                amount = Decimal(one["amount"]["amount"])
                parts[one["charge"]] = parts.get(one["charge"], Decimal(0)) + amount
            for one in client.rows("/api/records/charge", where=f"plan == '{id}'", limit="500"):
                span = date.fromisoformat(one["since"]), date.fromisoformat(one["until"])
                amount = Decimal(one["amount"]["amount"])
                posted[span] = posted.get(span, Decimal(0)) + amount
                assert parts.get(one["id"], Decimal(0)) == amount
            due = set(plan.periods(until)) if plan.there else set()
            for span in {*due, *posted}:
                wanted = rounded(plan.target(span))
                assert posted.get(span, Decimal(0)) == wanted, (id, span, plan)


def text(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / value.denominator:.2f}"


def pounds(value: Fraction) -> Any:
    return gbp(text(value))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_posted_is_the_rounded_target_whatever_happens(club: Club, seed: int) -> None:
    trial = Trial(club, seed)
    steps: list[Callable[[], None]] = [
        trial.hire, trial.hire, trial.end, trial.delete, trial.price, trial.price, trial.quantity,
        trial.reading, trial.terms, trial.bin, trial.run, trial.run, trial.void,
    ]  # fmt: skip
    for _ in range(STEPS):
        trial.chance.choice(steps)()
    trial.run()
    for id in trial.plans:  # the next test has a product without them
        club.client.delete(f"/api/records/plan/{id}")
