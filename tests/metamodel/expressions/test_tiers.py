"""Prices in bands: Python and both databases say the same, and a plain count of units agrees."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa

from metamodel.expressions.tiers import tiered
from tests.metamodel.expressions.test_corpus import connection

__all__ = ["connection"]

STEPS = "11:8, 1:10, 26:6"
METERED = "0:0.10, 100:0.05, 500.5:0.02"
CASES = [
    (STEPS, "30", "look_up", "180"), (STEPS, "30", "fill_up", "250"),
    (STEPS, "11", "look_up", "88"), (STEPS, "10", "look_up", "100"),
    (STEPS, "10", "fill_up", "100"), (STEPS, "11", "fill_up", "108"),
    (STEPS, "10.5", "fill_up", "104"), (STEPS, "0", "fill_up", "0"), (STEPS, "0", "look_up", "0"),
    (STEPS, "0.5", "fill_up", "5"), (STEPS, "-1", "fill_up", None), (STEPS, "3", "other", None),
    (METERED, "100", "look_up", "5"), (METERED, "99.5", "look_up", "9.95"),
    (METERED, "600", "fill_up", "32.015"), (METERED, "100", "fill_up", "10"),
    ("5:3, 10:2", "7", "look_up", "21"), ("5:3, 10:2", "4", "look_up", None),
    ("5:3, 10:2", "7", "fill_up", None), ("1:", "2", "fill_up", None),
    ("1:5, 3:", "2", "fill_up", "10"),
    ("1:5, 3:", "3", "fill_up", None), ("1:5, 1:6", "2", "look_up", None),
    (":5", "2", "look_up", None),
    ("1:-2", "3", "fill_up", "-6"), ("1:0.333333", "3", "look_up", "0.999999"),
]  # fmt: skip
TRIALS = 150


def asked(connection: sa.Connection, bands: str, quantity: str, mode: str) -> Decimal | None:
    query = "select fluvial_tiered(:bands, :quantity, :mode)"
    if connection.dialect.name == "postgresql":
        query = "select fluvial_tiered(:bands, cast(:quantity as numeric), :mode)"
    row = connection.execute(
        sa.text(query), {"bands": bands, "quantity": quantity, "mode": mode}
    ).scalar()
    return None if row is None else Decimal(str(row))


@pytest.mark.parametrize("case", CASES, ids=lambda one: " ".join(map(str, one)))
def test_an_amount_of_bands(case: tuple[str, str, str, str | None]) -> None:
    bands, quantity, mode, wanted = case
    found = tiered(bands, Decimal(quantity), mode)
    assert found == (None if wanted is None else Decimal(wanted))


def test_databases_say_the_same(connection: sa.Connection) -> None:
    chance = random.Random(3)
    some = [(bands, quantity, mode) for bands, quantity, mode, _ in CASES]
    for _ in range(TRIALS):
        firsts = chance.sample([Decimal(one) / 2 for one in range(60)], chance.randrange(1, 5))
        prices = [chance.choice(["", "0.1", "7.25", "12", "3"]) for _ in firsts]
        bands = ", ".join(f"{a}:{b}" for a, b in zip(firsts, prices, strict=True))
        quantity = str(Decimal(chance.randrange(0, 8000)) / 100)
        some.append((bands, quantity, chance.choice(["look_up", "fill_up"])))
    for one in some:
        assert asked(connection, *one) == tiered(one[0], Decimal(one[1]), one[2]), one


def test_each_unit_has_the_price_of_its_own_band() -> None:
    chance = random.Random(5)
    for _ in range(TRIALS):
        firsts = [1, *sorted(chance.sample(range(2, 30), chance.randrange(0, 4)))]
        prices = [Fraction(chance.randrange(1, 900), 100) for _ in firsts]
        units = chance.randrange(0, 40)

        def price(unit: int) -> Fraction:
            pairs = zip(firsts, prices, strict=True)  # noqa: B023
            return [one for first, one in pairs if first <= unit][-1]

        bands = ", ".join(
            f"{first}:{float(one):.2f}" for first, one in zip(firsts, prices, strict=True)
        )
        filled = sum((price(one) for one in range(1, units + 1)), Fraction(0))
        assert tiered(bands, Decimal(units), "fill_up") == filled
        looked = units * price(units) if units else 0
        assert tiered(bands, Decimal(units), "look_up") == looked
