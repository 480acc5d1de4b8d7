"""Signs and codes of currencies beside amounts, as pages, people and programs write them."""

from __future__ import annotations

import re
from functools import lru_cache

from babel.core import UnknownLocaleError
from babel.numbers import get_currency_symbol

from metamodel.currencies import currencies
from metamodel.errors import ValueFault

from .text_format import TextFormat
from .written_numbers import cleaned

WRITTEN = re.compile(
    r"(?P<open>\()?(?P<sign>[-+]?) ?(?P<before>[^0-9]*?) ?(?P<minus>[-+]?) ?"
    r"(?P<figures>(?<![0-9])[.,]?[0-9](?:.*[0-9])?)(?P<after>[^0-9)]*)(?P<close>\))?"
)
WIDE = str.maketrans("￥＄￡￦", "¥$£₩")  # as Eastern keyboards write them
CODE = re.compile(r"[A-Za-z]{3}")
DOLLARS = (
    "USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP BRL BBD BMD BND BSD BZD FJD GYD JMD KYD LRD NAD "
    "SBD SRD TTD XCD UYU DOP CUP NIO"
)
# Signs by which a currency is known beside those that languages write of it.
SIGNS = {
    "$": DOLLARS, "US$": "USD", "A$": "AUD", "C$": "CAD NIO", "CA$": "CAD", "NZ$": "NZD",
    "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "R$": "BRL", "Mex$": "MXN", "€": "EUR",
    "£": "GBP EGP FKP GIP SHP SSP SYP LBP SDG", "¥": "JPY CNY", "円": "JPY", "元": "CNY TWD HKD",
    "CN¥": "CNY", "JP¥": "JPY", "RMB": "CNY", "Fr.": "CHF", "Fr": "CHF XOF XAF XPF", "SFr.": "CHF",
    "sFr.": "CHF", "kr": "SEK NOK DKK ISK", "kr.": "DKK NOK SEK ISK", "zł": "PLN", "Kč": "CZK",
    "Ft": "HUF", "lei": "RON MDL", "лв.": "BGN", "₽": "RUB", "руб.": "RUB", "₴": "UAH", "₺": "TRY",
    "TL": "TRY", "₹": "INR", "Rs": "INR PKR LKR NPR MUR SCR", "Rs.": "INR PKR LKR NPR MUR SCR",
    "₩": "KRW KPW", "원": "KRW", "₫": "VND", "฿": "THB", "₱": "PHP", "₪": "ILS", "₸": "KZT",
    "₦": "NGN", "₡": "CRC", "₲": "PYG", "₵": "GHS", "₮": "MNT", "₭": "LAK", "₾": "GEL", "₼": "AZN",
    "֏": "AMD", "៛": "KHR", "৳": "BDT", "Rp": "IDR", "RM": "MYR", "R": "ZAR", "KD": "KWD",
}  # fmt: skip


def amount_and_currency(text: str, fixed: str | None, form: TextFormat) -> tuple[str, str | None]:
    """The figures of an amount, and the currency that stands beside them or is fixed."""
    plain = cleaned(text)
    found = WRITTEN.fullmatch(plain)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return plain, fixed
    before, figures = found["before"], found["figures"]
    if before[-1:].isalpha() and figures[0] == ".":  # Fr.50 is fifty
        before, figures = f"{before}.", figures[1:]
    beside = [said for part in (before, found["after"]) if (said := part.strip())]
    minus = "-" in (found["sign"], found["minus"]) or bool(found["open"])
    return f"{'-' if minus else ''}{figures}", _named(beside, fixed, form.locale)


def _named(beside: list[str], fixed: str | None, locale: str) -> str | None:
    """The currency that all codes and signs beside an amount name."""
    codes = {said.upper() for said in beside if CODE.fullmatch(said)} & currencies()
    if len(codes) > 1:
        raise ValueFault("two_currencies", f"It names two currencies: {' and '.join(codes)}.")
    currency = codes.pop() if codes else fixed
    for said in beside:
        if said.upper() != currency or not CODE.fullmatch(said):
            currency = _by_sign(said, currency, locale)
    return currency


def _by_sign(sign: str, known: str | None, locale: str) -> str:
    """The currency of a sign; ValueFault where it is none, another one or one of several."""
    sign = sign.translate(WIDE)
    meant = SIGNS.get(sign, "").split()
    if known is not None:
        if known in meant or sign in _signs(known, locale):
            return known
        if meant or sign.upper() in currencies():
            raise ValueFault("wrong_currency", f"Write the amount in {known}, not in {sign}.")
        raise ValueFault("not_a_number", f"Write the amount without {sign[:20]}.")
    if len(meant) > 1:
        raise ValueFault(
            "ambiguous_currency",
            f"{sign} may be {', '.join(meant[:4])}. Write the code, such as 12.50 {meant[0]}.",
        )
    if not meant:
        raise ValueFault("unknown_currency", "Write a currency code such as EUR, GBP or USD.")
    return meant[0]


@lru_cache(maxsize=2_000)
def _signs(currency: str, locale: str) -> frozenset[str]:
    """How a currency is written in English and in the language of the site."""
    signs = set()
    for language in ("en", locale):
        try:
            signs.add(cleaned(get_currency_symbol(currency, language)))
        except (ValueError, UnknownLocaleError):
            continue
    return frozenset(signs)
