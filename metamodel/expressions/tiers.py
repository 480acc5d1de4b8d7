"""Prices in bands: what a quantity comes to, where the price depends on how much it is.

Bands are a text, as a list of records gives it: `1:10, 11:8, 26:6`, each with the quantity from
which it holds and the price of one. The last unit of a band is the one before the next begins. If
the first band begins with 0, quantities are measured and not counted: bands meet at their edges.
"""

from __future__ import annotations

from decimal import Decimal

from .decimals import CONTEXT, WIDE

LOOK_UP, FILL_UP = "look_up", "fill_up"
MODES = (LOOK_UP, FILL_UP)

Band = tuple[Decimal, Decimal, Decimal | None]  # first, where it begins to count, price


def tiered(bands: str, quantity: Decimal, mode: str) -> Decimal | None:
    """The amount; empty below the first band, and where a price is missing."""
    listed = _bands(bands)
    if not listed or quantity < 0 or mode not in MODES:
        return None
    if not quantity:
        return Decimal(0)
    if mode == LOOK_UP:
        return _looked_up(listed, quantity)
    return _filled_up(listed, quantity)


def _bands(text: str) -> list[Band]:
    pairs = [one.split(":") for one in text.split(", ") if not one.startswith(":")]
    made = sorted(((Decimal(a), Decimal(b) if b else None) for a, b in pairs), key=lambda p: p[0])
    if not made or len({first for first, _ in made}) < len(made):
        return []
    less = 1 if made[0][0] >= 1 else 0
    return [(first, WIDE.subtract(first, Decimal(less)), price) for first, price in made]


def _looked_up(bands: list[Band], quantity: Decimal) -> Decimal | None:
    counted = bands[0][0] >= 1
    held = [
        price
        for first, since, price in bands
        if (since < quantity if counted else first <= quantity)
    ]
    if not held or held[-1] is None:
        return None
    return CONTEXT.plus(WIDE.multiply(quantity, held[-1]))


def _filled_up(bands: list[Band], quantity: Decimal) -> Decimal | None:
    if bands[0][1] > 0:
        return None
    total = Decimal(0)
    nexts = [since for _, since, _ in bands[1:]]
    for (_, since, price), after in zip(bands, [*nexts, quantity], strict=True):
        if since >= quantity:
            break
        if price is None:
            return None
        units = WIDE.subtract(min(quantity, after), since)
        total = WIDE.add(total, WIDE.multiply(units, price))
    return CONTEXT.plus(total)
