"""The law of allocation: whatever changes in whatever order, draws are those of a plain walk."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ledger.drains import Demand, DrainChoice, DrainSource, drain
from tests.ledger.plain_walk import PlainDemand, PlainPick, PlainSource, walked
from tests.ledger.pool import Pool, gbp, pool, product

__all__ = ["pool", "product"]

FIRST = date(2026, 1, 1)
WALKS = 1_500
STEPS = 30
SEEDS = 2


def day(chance: random.Random, days: int = 60) -> date:
    return FIRST + timedelta(days=chance.randrange(days))


def span(chance: random.Random) -> tuple[date | None, date | None]:
    starts = day(chance) if chance.random() < 0.8 else None
    ends = (starts or FIRST) + timedelta(days=chance.randrange(1, 40))
    return starts, ends if chance.random() < 0.8 else None


def amount(chance: random.Random, most: int = 900) -> Fraction:
    return Fraction(chance.randrange(-20, most), 100)


def test_the_walk_is_that_of_a_plain_one() -> None:
    chance = random.Random(7)
    for _ in range(WALKS):
        sports = ["a", "b", None]
        sources = {
            f"s{at}": PlainSource(amount(chance, 2000), *span(chance), chance.choice("xyz"),
                                  frozenset(chance.sample("ab", chance.randrange(3))))
            for at in range(chance.randrange(6))
        }  # fmt: skip
        wishes = [None, None, *sources]
        demands = {
            f"d{at:02}": PlainDemand(amount(chance), day(chance), chance.choice(sports),
                                     chance.choice(wishes))
            for at in range(chance.randrange(9))
        }  # fmt: skip
        picks = [
            PlainPick(chance.choice([*demands, "gone"]), chance.choice([*sources, "gone"]),
                      chance.choice([None, amount(chance)]))
            for _ in range(chance.randrange(4))
        ]  # fmt: skip
        automatic = chance.random() < 0.7
        wanted, open_ = walked(demands, sources, picks, automatic=automatic)

        def fits(demand: Demand, source: DrainSource) -> bool:
            one = demands[demand.id]  # noqa: B023
            excluded = sources[source.key[1]].excluded  # noqa: B023
            return one.sport not in excluded and one.wish in (None, source.key[1])

        found = drain(
            [Demand(id, cents(one.needs), "", one.day)
             for id, one in sorted(demands.items(), key=lambda one: (one[1].day, one[0]))],
            [DrainSource((0, id), cents(one.has), "", one.starts, one.ends)
             for id, one in sorted(sources.items(), key=lambda one: (
                 one[1].starts or date.max, one[1].name, one[0]))],
            fits,
            [DrainChoice(one.demand, (0, one.source), None if one.most is None else cents(one.most))
             for one in picks],
            automatic=automatic,
        )  # fmt: skip
        draws = {
            (demand, key[1]): Fraction(units, 100)
            for demand, own in found.draws.items()
            for key, units in own.items()
        }
        assert draws == wanted
        assert {id: Fraction(units, 100) for id, units in found.open.items()} == open_
        for id, one in sources.items():
            taken = sum((units for (_, key), units in draws.items() if key == id), Fraction(0))
            assert taken <= max(one.has, Fraction(0))


def cents(value: Fraction) -> int:
    return int(value * 100)


def text(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / value.denominator:.2f}"


class Trial:
    """A member, in the product and beside it."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.chance = random.Random(seed)
        self.member = pool.member(overage=gbp("10.00"))
        self.sports = [str(pool.made("sport", name=one)["id"]) for one in "ab"]
        self.cards: dict[str, PlainSource] = {}
        self.visits: dict[str, PlainDemand] = {}
        self.runs: list[str] = []
        self.card()

    def card(self) -> None:
        chance = self.chance
        excluded = chance.sample(self.sports, chance.randrange(2))
        one = PlainSource(abs(amount(chance, 2000)), *span(chance), chance.choice("xyz"),
                          frozenset(excluded))  # fmt: skip
        id = self.pool.made(
            "card", member=self.member, bought=text(one.has), name=one.name, excluded=excluded,
            starts=one.starts and str(one.starts), expires=one.ends and str(one.ends),
        )["id"]  # fmt: skip
        self.cards[str(id)] = one

    def visit(self) -> None:
        chance = self.chance
        wish = chance.choice([None, None, None, *(i for i, o in self.cards.items() if o.there)])
        one = PlainDemand(amount(chance), day(chance), chance.choice([None, *self.sports]), wish)
        id = self.pool.visit(self.member, str(one.day), text(one.needs), sport=one.sport, card=wish)
        self.visits[id] = one

    def change(self) -> None:
        for id, one in self.some(self.visits):
            one.needs, one.day = amount(self.chance), day(self.chance)
            self.patch("visit", id, hours=text(one.needs), day=str(one.day))

    def grow(self) -> None:
        for id, one in self.some(self.cards):
            one.has = abs(amount(self.chance, 2000))
            one.starts, one.ends = span(self.chance)
            starts, expires = (value and str(value) for value in (one.starts, one.ends))
            self.patch("card", id, bought=text(one.has), starts=starts, expires=expires)

    def some(self, of: Any) -> list[Any]:
        there = [one for one in of.items() if one[1].there]
        return [self.chance.choice(there)] if there else []

    def patch(self, name: str, id: str, **values: Any) -> None:
        reply = self.pool.client.patch(f"/api/records/{name}/{id}", values)
        assert reply.status == 200, reply.text

    def bin(self) -> None:
        sides: list[tuple[str, dict[str, Any]]] = [
            ("visit", {**self.visits}),
            ("card", {**self.cards}),
        ]
        name, of = self.chance.choice(sides)
        for id, one in [self.chance.choice([*of.items()])] if of else []:
            path, client = f"/api/records/{name}/{id}", self.pool.client
            held = name == "card" and any(v.wish == id and v.there for v in self.visits.values())
            if held:
                continue  # a visit wishes it
            reply = client.delete(path) if one.there else client.post(f"{path}/restore")
            assert reply.status in (200, 204, 409), reply.text
            if reply.status != 409:
                one.there = not one.there
                if one.there and name == "visit" and one.wish and not self.cards[one.wish].there:
                    one.wish = None  # what went to the bin meanwhile is let go of

    def run(self) -> None:
        run = self.pool.run(self.member)
        assert run["faults"] == 0, run["fault_list"]
        self.runs.append(run["id"])
        self.check()
        assert self.pool.run(self.member)["entries"] == 0

    def void(self) -> None:
        if self.runs:
            run = self.runs.pop(self.chance.randrange(len(self.runs)))
            reply = self.pool.client.post(f"/api/ledgers/hours/runs/{run}/void")
            assert reply.status == 200, reply.text

    def check(self) -> None:
        wanted, open_ = walked(self.visits, self.cards)
        posted: dict[tuple[str, str], Fraction] = {}
        for row in self.pool.draws(self.member):
            key = (row["visit"], row["card"])
            posted[key] = posted.get(key, Fraction(0)) + Fraction(row["hours"])
        assert {key: units for key, units in posted.items() if units} == wanted
        extras: dict[str, Fraction] = {}
        where = f"member == '{self.member}'"
        for row in self.pool.client.rows("/api/records/extra", where=where, limit="500"):
            worth = Fraction(row["amount"]["amount"])
            extras[row["visit"]] = extras.get(row["visit"], Fraction(0)) + worth
        assert {id: one for id, one in extras.items() if one} == {
            id: one * 10 for id, one in open_.items() if one
        }


@pytest.mark.parametrize("seed", range(SEEDS))
def test_draws_are_those_of_a_plain_walk_whatever_happens(pool: Pool, seed: int) -> None:
    trial = Trial(pool, seed)
    steps: list[Callable[[], None]] = [
        trial.card, trial.visit, trial.visit, trial.visit, trial.change, trial.grow, trial.bin,
        trial.run, trial.run, trial.void,
    ]  # fmt: skip
    for _ in range(STEPS):
        trial.chance.choice(steps)()
    trial.run()
