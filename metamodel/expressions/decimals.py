"""Exact arithmetic with 28 digits: the one meaning of numbers on every target."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from metamodel.currencies import MOST_DECIMALS, Amount, minor_units
from metamodel.storage import MAX_DIGITS as STORED_DIGITS

DIGITS = 28
CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999)
WIDE = Context(prec=4_000, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MAX_SECONDS = 10**15  # of a duration
MAX_SCALE = 18


def plain(value: Decimal) -> str:
    """The text of a number: no exponent, no trailing zeros, no negative zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def add(left: Decimal, right: Decimal) -> Decimal:
    return CONTEXT.add(left, right)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    return CONTEXT.subtract(left, right)


def multiply(left: Decimal, right: Decimal) -> Decimal:
    return CONTEXT.multiply(left, right)


def divide(left: Decimal, right: Decimal) -> Decimal | None:
    """Division by zero is empty."""
    return CONTEXT.divide(left, right) if right else None


def negate(value: Decimal) -> Decimal:
    return CONTEXT.subtract(Decimal(0), value)


def absolute(value: Decimal) -> Decimal:
    return CONTEXT.abs(value)


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """Half away from zero."""
    return WIDE.quantize(value, Decimal(1).scaleb(-digits))


def fix(value: Decimal, scale: int) -> Decimal | None:
    """The value as a field of this scale stores it; empty where it has too many digits."""
    rounded = round_half_up(value, scale)
    return rounded if abs(rounded) < Decimal(10) ** (STORED_DIGITS - scale) else None


def settled(value: Amount, scale: int | None) -> Decimal | None:
    """What of an amount a field stores: with its scale, or in the minor units of the currency."""
    if scale is not None:
        return fix(value.amount, scale)
    return fix(round_half_up(value.amount, minor_units(value.currency)), MOST_DECIMALS)


def floor(value: Decimal) -> Decimal:
    return value.to_integral_value(ROUND_FLOOR)


def ceiling(value: Decimal) -> Decimal:
    return value.to_integral_value(ROUND_CEILING)


def compare(left: Decimal, right: Decimal) -> int:
    return (left > right) - (left < right)


def read(text: str) -> Decimal | None:
    """The number that a text writes, empty where it writes none."""
    if NUMBER.fullmatch(text) is None or len(text.strip("-").replace(".", "")) > DIGITS:
        return None
    return Decimal(text)


def written(value: Decimal, scale: int) -> str:
    """With the decimals of a scale, or as few as it needs where there is none (-1)."""
    if scale < 0:
        return plain(value)
    rounded = round_half_up(value, scale)
    return f"{rounded if rounded else abs(rounded):.{scale}f}"


def seconds(value: Decimal, unit: int) -> int | None:
    """Whole seconds of so many days, hours or minutes; empty beyond all calendars."""
    total = round_half_up(CONTEXT.multiply(value, Decimal(unit)), 0)
    return int(total) if abs(total) <= MAX_SECONDS else None


def whole(value: Decimal) -> int | None:
    """A number of months: the fraction counts nothing."""
    months = value.to_integral_value(ROUND_DOWN)
    return int(months) if abs(months) <= MAX_SECONDS else None


def times(value: Decimal, unit: int) -> int | None:
    """A number of months in years."""
    months = whole(value)
    return None if months is None else months * unit


def per_unit(duration: int, unit: int) -> Decimal:
    """How many days, hours or minutes a duration is."""
    return CONTEXT.divide(Decimal(duration), Decimal(unit))


def add_durations(left: int, right: int) -> int | None:
    return _capped(left + right)


def subtract_durations(left: int, right: int) -> int | None:
    return _capped(left - right)


def scale_duration(duration: int, factor: Decimal) -> int | None:
    return seconds(factor, duration)


def split_duration(duration: int, divisor: Decimal) -> int | None:
    quotient = divide(Decimal(duration), divisor)
    return None if quotient is None else seconds(quotient, 1)


def ratio(left: int, right: int) -> Decimal | None:
    return divide(Decimal(left), Decimal(right))


def clock(duration: int) -> str:
    """Hours and minutes: 5400 is 1:30, and 61 is 0:01:01."""
    hours, rest = divmod(abs(duration), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if duration < 0 else ''}{hours}:{minutes:02d}" + (f":{left:02d}" if left else "")


def _capped(value: int) -> int | None:
    return value if abs(value) <= MAX_SECONDS else None
