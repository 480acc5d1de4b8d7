"""Amounts of money and the minor units of their currencies."""

from __future__ import annotations

from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from babel import numbers


class Amount(NamedTuple):
    """An exact amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


@cache
def currencies() -> frozenset[str]:
    return frozenset(numbers.list_currencies("en"))


@lru_cache(maxsize=1_000)
def minor_units(currency: str) -> int:
    """The decimals of a currency: 2 for EUR, 0 for JPY, 3 for BHD."""
    return numbers.get_currency_precision(currency)
