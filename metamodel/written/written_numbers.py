"""Numbers as people and programs write them: marks, groups, signs, noise of binary fractions."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from math import ulp

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import get_decimal_symbol

from metamodel.errors import ValueFault

from .text_format import TextFormat

UNSEEN = re.compile("[\u200b\u200e\u200f\u061c\u2066-\u2069\ufeff]")  # marks of directions
MINUS = str.maketrans("\u2212\u2012\u2013\ufe63", "----")
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]")
SHORTENED = re.compile(r"-?[0-9]([.,][0-9]+)?[eE][+-]?[0-9]+")
SIGNIFICANT = 15  # digits of a number that spreadsheets keep and show
REPEATED = 17  # at most, that programs write of a binary fraction
NOISE = 4  # of the smallest steps of a binary fraction, from a few sums
POINTED = re.compile(r"\b([0-9]+)\.([0-9]+)\b")
QUOTES = "'\u2019"  # that part thousands in Switzerland
GROUPS = {".": f"(?:,|[{QUOTES}]| )", ",": rf"(?:\.|[{QUOTES}]| )"}  # by the decimal mark


def cleaned(text: str) -> str:
    """The text in plain characters: one sort of minus, space and digit, nothing unseen."""
    plain = UNSEEN.sub("", text).translate(MINUS)
    plain = SPACES.sub(" ", plain).strip()
    if not plain.isascii():
        plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    return plain


def known_locale(locale: str) -> Locale:
    """The language of a name such as de, de_AT or de-AT; ValueError where there is none."""
    return Locale.parse(locale, sep="-" if "-" in locale else "_")


@lru_cache(maxsize=64)
def decimal_mark(locale: str) -> str:
    """The mark that a language writes before decimals, as pages show them."""
    try:
        return "," if get_decimal_symbol(known_locale(locale)) == "," else "."
    except (ValueError, UnknownLocaleError):
        return "."


def in_marks(text: str, mark: str) -> str:
    """Words with numbers in them, such as `Write 0.5 or more`, in the marks of a language."""
    return POINTED.sub(r"\1,\2", text) if mark == "," else text


def plain_number(text: str, form: TextFormat, scale: int) -> str:
    """Text from outside without grouping, with a decimal point: `1.250,5` is `1250.5`.

    With `scale` decimals it may be of our own tables, which are not asked how they are written.
    """
    plain = cleaned(text)
    if SHORTENED.fullmatch(plain):
        raise ValueFault(
            "shortened_number",
            "The number was shortened when it was saved, so digits are missing. Write all of them, "
            "or send the workbook itself.",
        )
    sign, digits = _signed(plain)
    mark = form.decimal or _mark_in(digits, scale)
    whole, found, part = digits.partition(mark)
    whole = _grouped(mark).sub(lambda one: re.sub("[^0-9]", "", one[0]), whole)
    if found and not whole:
        whole = "0"  # .5
    if form.typed and found:
        _refuse_thousands(whole, part, mark)
    return f"{sign}{whole}.{part}" if found else f"{sign}{whole}"


def _signed(plain: str) -> tuple[str, str]:
    """The sign and what follows it."""
    if plain[:1] in ("-", "+"):
        return ("-" if plain[0] == "-" else ""), plain[1:].lstrip()
    return "", plain


@lru_cache(maxsize=4)
def _grouped(mark: str) -> re.Pattern[str]:
    """A whole number in groups of thousands, or of lakhs as in India."""
    gap = GROUPS[mark]
    return re.compile(
        rf"^[0-9]{{1,3}}({gap})[0-9]{{3}}(?:\1[0-9]{{3}})*$"
        rf"|^[0-9]{{1,2}}({gap})(?:[0-9]{{2}}\2)+[0-9]{{3}}$"
    )


def _mark_in(digits: str, scale: int) -> str:
    """The decimal mark that a number itself shows, where nobody has said it."""
    marks = [c for c in digits if c in ".,"]
    if len(set(marks)) == 2:
        return marks[-1]
    if not marks:
        return "."
    mark = marks[0]
    if len(marks) > 1:  # several of one kind part thousands
        return "," if mark == "." else "."
    whole, _, part = digits.partition(mark)
    if mark == "." and len(part) == scale:
        return mark
    if len(part) == 3 and len(whole) <= 3 and whole[:1] not in ("0", ""):
        raise ValueFault(
            "ambiguous_number",
            f"{digits} may be {whole}{part} or {whole} and {part} thousandths. Say which decimal "
            "mark the numbers have.",
        )
    return mark


def _refuse_thousands(whole: str, part: str, mark: str) -> None:
    """Who types 1.000 where a point stands before decimals most likely means a thousand."""
    if len(part) == 3 and set(part) == {"0"} and 1 <= len(whole) <= 3 and whole.strip("0"):
        raise ValueFault(
            "ambiguous_number",
            f"{whole}{mark}{part} may be {whole} or {whole}{part}. Write it without zeros, or "
            "without a mark.",
        )


def without_noise(text: str, scale: int) -> str:
    """A decimal without what a binary fraction left at its end, where it has too many decimals.

    Programs write 0.1 + 0.2 as 0.30000000000000004; a spreadsheet shows 15 digits of it.
    """
    whole, _, part = text.partition(".")
    digits = (whole.lstrip("-") + part).lstrip("0")
    if len(part) <= scale or not SIGNIFICANT < len(digits) <= REPEATED or not digits.isdigit():
        return text
    rounded = format(Decimal(f"{Decimal(text):.{SIGNIFICANT}g}"), "f")
    written = float(text)
    noise = abs(float(rounded) - written) <= NOISE * ulp(written)
    return rounded if noise else text


def without_zeros(text: str, scale: int) -> str:
    """A decimal without the zeros at its end that a field has no place for."""
    whole, _, part = text.partition(".")
    if len(part) <= scale:
        return text
    short = part[:scale] + part[scale:].rstrip("0")
    return f"{whole}.{short}" if short else whole
