"""The values of measures in words, and as the numbers of charts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from metamodel.currencies import Amount, minor_units
from metamodel.expressions.decimals import plain, round_half_up
from metamodel.expressions.types import DATE, DATETIME, DURATION

from .report_values import ShownMeasure

NIL = "\N{EN DASH}"
FEW = 2  # decimals of what was divided
DAY, HOUR, MINUTE = 86_400, 3_600, 60


def value_words(one: ShownMeasure, value: Any, fmt: ReaderFormat) -> str:
    """A value as its reader writes it."""
    if value is None or value == []:
        return NIL
    if isinstance(value, list):
        return " · ".join(_money(amount, fmt) for amount in value)
    if isinstance(value, Amount):
        return _money(value, fmt)
    if one.type.name == DURATION.name:
        return length_words(int(value))
    if one.type.name == DATE.name:
        return fmt.plain_day(value)
    if one.type.name == DATETIME.name:
        return fmt.full(value)
    return number_words(one, Decimal(value), fmt)


def number_words(one: ShownMeasure, value: Decimal, fmt: ReaderFormat) -> str:
    if one.percent:
        return f"{marks.number(plain(round_half_up(value * 100, FEW)), fmt.locale)} %"
    scale = one.type.scale
    if one.formula is not None:
        exponent = value.as_tuple().exponent  # what was only added up keeps its decimals
        scale = -exponent if isinstance(exponent, int) and -FEW <= exponent <= 0 else None
    divided = one.measured is not None and one.measured.function == "avg"
    if scale is None or divided:
        return marks.number(plain(round_half_up(value, FEW)), fmt.locale)
    return marks.number(f"{round_half_up(value, scale):f}", fmt.locale)


def _money(value: Amount, fmt: ReaderFormat) -> str:
    rounded = round_half_up(value.amount, minor_units(value.currency))
    return marks.money(f"{rounded:f}", value.currency, fmt.locale)


def length_words(seconds: int) -> str:
    """A length of time in its two largest units."""
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    days, rest = divmod(rest, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((at for at, (number, _) in enumerate(units) if number), 3)
    said = [f"{number} {unit}" for number, unit in units[first : first + 2] if number]
    return sign + (" ".join(said) or "0 s")


def share_words(text: str | None, fmt: ReaderFormat) -> str:
    """A share as percent."""
    if text is None:
        return NIL
    return f"{marks.number(plain(round_half_up(Decimal(text) * 100, 1)), fmt.locale)} %"


def chart_number(value: Any) -> float | None:
    """What a chart draws; None where there is nothing, or several currencies."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, Amount):
        value = value.amount
    return float(value) if isinstance(value, (int, Decimal)) else None
