"""Number: an exact decimal with a fixed scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import (
    Column,
    ConversionStep,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
    one_text,
)
from metamodel.storage import MAX_DIGITS, decimal
from metamodel.written.written_numbers import (
    cleaned,
    in_marks,
    plain_number,
    without_noise,
    without_zeros,
)

SCALE = 2
MAX_SCALE = 6
STEPS = tuple(Decimal(1).scaleb(-scale) for scale in range(MAX_SCALE + 1))
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
PERCENT = ("%", "\N{ARABIC PERCENT SIGN}", "\N{FULLWIDTH PERCENT SIGN}")


class Scientific(Decimal):
    """A JSON number that was written with an exponent, as no field takes it."""


def sample(scale: int) -> str:
    return f"12.{'5'.ljust(scale, '0')}" if scale else "12"


def exact(raw: Any, scale: int) -> Decimal:
    """The exact decimal of text or of a JSON number, with at most `scale` decimals."""
    text = _text_of(raw)
    text = text if text is None else without_zeros(text, scale)
    if text is None or not NUMBER.fullmatch(text):
        remedy = f", with at most {scale} decimals" if scale else ", without decimals"
        raise ValueFault("not_a_number", f"Write a number such as {sample(scale)}{remedy}.")
    whole, _, part = text.lstrip("-").partition(".")
    if len(part) > scale:
        most = f"at most {scale} decimals" if scale else "no decimals"
        raise ValueFault("too_many_decimals", f"Write {most}, such as {sample(scale)}.")
    if len(whole.lstrip("0")) + scale > MAX_DIGITS:
        raise ValueFault(
            "too_large", f"Write at most {MAX_DIGITS - scale} digits before the decimal point."
        )
    value = Decimal(text).quantize(STEPS[scale])
    return value if value else abs(value)  # there is no -0.00


def _text_of(raw: Any) -> str | None:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, Scientific):
        return None
    if isinstance(raw, Decimal):
        written = raw.as_tuple().exponent
        return format(raw, "f") if isinstance(written, int) and written <= 0 else None
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return repr(raw)
    return None


def within(field: Field, value: Decimal) -> Decimal:
    """The value, when it keeps to the field's least and most."""
    least, most = bound(field, "min"), bound(field, "max")
    if least is not None and value < least:
        raise ValueFault("below_min", f"Write {least} or more.")
    if most is not None and value > most:
        raise ValueFault("above_max", f"Write {most} or less.")
    return value


def bound(field: Field, name: str) -> Decimal | None:
    limit = field.option(name)
    return None if limit is None else Decimal(str(limit))


def check_bounds(field: Field, check: FieldCheck) -> None:
    least, most = bound(field, "min"), bound(field, "max")
    if least is not None and most is not None and least > most:
        check.fault("min", "min_above_max", "`min` is above `max`.", "Swap the two.")


class Number(Kind):
    name = "number"
    label = "Number"
    group = "Text and numbers"
    icon = "number-123"
    words = "integer decimal quantity count amount score"
    suggests = "quantity count seats pages weight height width age score rating capacity stock"
    formats = {"percent": "percent"}
    about = "An exact number with a fixed number of decimals; percent is one of its formats."
    example = {"name": "pages", "kind": "number", "scale": 0, "min": 1}
    first = ("format", "scale", "unit")
    sample = "312"
    options = {
        "scale": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_SCALE,
            "description": f"The number of decimals; {SCALE} by default.",
        },
        "min": {"type": "number", "description": "The minimum."},
        "max": {"type": "number", "description": "The maximum."},
        "unit": {
            "type": "string",
            "maxLength": 20,
            "description": "Shown after the number: kg, GB.",
        },
        "format": {
            "enum": ["plain", "percent"],
            "description": "Percent shows a % sign; 12.5 means 12.5 %.",
        },
        "thousands": {
            "type": "boolean",
            "default": True,
            "description": (
                "Whether thousands are separated: 1,250. Switch it off for years and codes."
            ),
        },
    }
    identifies = True
    operators = ("is", "is_not", "above", "below", "between", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check_bounds(field, check)

    def scale(self, field: Field) -> int:
        return int(field.option("scale", SCALE))

    def type(self, field: Field) -> types.Type:
        return types.number(self.scale(field))

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", decimal(self.scale(field))),)

    def parse(self, field: Field, raw: Any) -> Decimal:
        return within(field, exact(raw, self.scale(field)))

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Decimal:
        """`1,250.5`, with the field's own unit or sign behind it."""
        text = cleaned(text)
        percent = field.option("format") == "percent"
        if text[-1:] in PERCENT and not percent:
            raise ValueFault("not_a_percentage", "Write the number without a percent sign.")
        for sign in PERCENT if percent else (cleaned(field.option("unit") or ""),):
            text = text.removesuffix(sign).rstrip() if sign else text
        text = text.lstrip("".join(PERCENT)).lstrip() if percent else text
        scale = self.scale(field)
        try:
            return self.parse(field, without_noise(plain_number(text, form, scale), scale))
        except ValueFault as fault:
            raise ValueFault(fault.code, in_marks(fault.message, form.decimal)) from None

    def show(self, field: Field, value: Decimal, locale: str = "en") -> str:
        # Babel's patterns carry the decimals; quantising again would round.
        whole = "#,##0" if field.option("thousands", True) else "0"
        pattern = f"{whole}.{'0' * self.scale(field)}".rstrip(".")
        shown = format_decimal(value, format=pattern, locale=locale)
        if field.option("format") == "percent":
            return f"{shown} %"
        unit = field.option("unit")
        return f"{shown} {unit}" if unit else shown

    def texts(self, field: Field, value: Decimal, world: RelatedRecords) -> list[str]:
        return [f"{value:f}"]

    def takes(self, old: Kind) -> Convert | None:
        own = (way for name, way in _WAYS.items() if old.among((name,)))
        return next(own, None) or super().takes(old)

    def json_schema(self, field: Field) -> dict[str, Any]:
        scale = self.scale(field)
        part = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
        return {
            "type": "string",
            "pattern": f"^-?[0-9]{{1,{MAX_DIGITS - scale}}}{part}$",
            "examples": [sample(scale)],
        }


def plain(number: Decimal) -> Decimal:
    """The same number without zeros that another scale has no place for."""
    short = number.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def fitted(step: ConversionStep, number: Decimal) -> Any:
    """An exact number in the scale of another field."""
    return step.new.kind.parse(step.new, f"{plain(number):f}")


def _amount(step: ConversionStep, value: Any) -> Any:
    return fitted(step, value.amount)


def _one_or_none(step: ConversionStep, value: bool) -> Any:
    return fitted(step, Decimal(int(value)))


def _hours(step: ConversionStep, seconds: int) -> Any:
    hours = Decimal(seconds) / 3600
    if hours * 3600 != seconds or len(hours.as_tuple().digits) > 20:
        raise ValueFault("too_many_decimals", "It is not an exact number of hours.")
    return fitted(step, hours)


_WAYS: Mapping[str, Convert] = {
    "number": fitted, "money": _amount, "boolean": _one_or_none, "duration": _hours,
    "choice": one_text,
}  # fmt: skip
