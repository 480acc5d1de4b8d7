"""Amounts of money and the minor units of their currencies."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from babel import Locale, numbers

from metamodel.storage import at_least


class Amount(NamedTuple):
    """An exact amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


# ISO 4217 (2026). What people usually leave out is another matter: a forint has its filler.
DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AFN ALL COP HUF IDR IRR KPW LAK LBP MGA MMK SLL SOS SYP YER",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MOST_DECIMALS = 4
_POINT = re.compile(r"\.0+")  # the decimals of a pattern
_LISTED = {code: units for units, codes in DECIMALS.items() for code in codes.split()}


@cache
def currencies() -> frozenset[str]:
    return frozenset(numbers.list_currencies("en"))


@lru_cache(maxsize=1_000)
def minor_units(currency: str) -> int:
    """The decimals of a currency: 2 for EUR, 0 for JPY, 3 for BHD."""
    listed = _LISTED.get(currency)
    return numbers.get_currency_precision(currency) if listed is None else listed


@cache
def of_decimals(units: int) -> tuple[str, ...]:
    """The currencies with so many decimals."""
    return tuple(sorted(code for code in currencies() if minor_units(code) == units))


def in_minor_units(text: str, currency: str) -> str:
    """The exact text of an amount with the decimals of its currency, or with more if it has more:
    `12.5000` is `12.50` in EUR, `12.5` stays in JPY.
    """
    return at_least(text, minor_units(currency))


def format_amount(amount: Decimal, currency: str, locale: str) -> str:
    """An amount as a language writes it, with the decimals of its currency or all that it has."""
    decimals = max(-_exponent(amount.normalize()), minor_units(currency))
    shown = amount.quantize(Decimal(1).scaleb(-decimals))
    pattern = _POINT.sub(f".{'0' * decimals}" if decimals else "", _pattern(locale))
    return str(
        numbers.format_currency(
            shown, currency, format=pattern, locale=locale, currency_digits=False
        )
    )


@lru_cache(maxsize=64)
def _pattern(locale: str) -> str:
    """How a language writes amounts: `#,##0.00 ¤`."""
    return str(
        Locale.parse(locale, sep="-" if "-" in locale else "_").currency_formats["standard"].pattern
    )


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
