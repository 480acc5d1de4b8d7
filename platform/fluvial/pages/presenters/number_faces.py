"""Faces of numbers, money and durations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_symbol
from markupsafe import Markup, escape
from starlette.datastructures import FormData

from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from fluvial.transfer.sheet_cells import SheetCell, number_cell
from metamodel.catalog import Field
from metamodel.currencies import currencies, minor_units
from metamodel.errors import ValueFault
from metamodel.kinds.duration import DAY_LENGTH
from metamodel.kinds.kind import TextFormat
from metamodel.written.currency_signs import amount_and_currency

from .filter_questions import SIZES, Op, empties
from .presenter import Cell, Face, text_in


class SizeFace(Face):
    """Of what is more or less."""

    classes = "num"
    orders = ("smallest first", "largest first")
    fills = True

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (*SIZES, *empties(field))


def places(text: str) -> str:
    """The decimals of a number as a workbook's format writes them: `.00`."""
    _, point, decimals = text.partition(".")
    return f".{'0' * len(decimals)}" if point else ""


def fitted(amount: str, decimals: int) -> str:
    """An amount with the decimals of its currency, or with more where it has more."""
    value = Decimal(amount).normalize()
    exponent = value.as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(own, decimals)}f}"


class NumberFace(SizeFace):
    holds = "digits"
    quick = True

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        set_apart = field.option("thousands", True)
        show = marks.number if set_apart else marks.typed_number
        shown = show(str(value), fmt.locale)
        if field.option("format") == "percent":
            return f"{shown} %"
        unit = field.option("unit")
        return f"{shown} {unit}" if unit else shown

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        whole, decimals = "#,##0" if field.option("thousands", True) else "0", places(str(value))
        if field.option("format") == "percent":
            return number_cell(str(value), f"{whole}{decimals}%", f"{value}%", scale=-2)
        unit = str(field.option("unit", "")).replace('"', "")
        return number_cell(str(value), f"{whole}{decimals}" + (f'" {unit}"' if unit else ""))

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return Markup(f'<span class="tab">{escape(self.text(field, value, fmt))}</span>')

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        options = {name: field.option(name, "") for name in ("unit", "format")}
        bounds = {name: _bound(field, name, fmt.locale) for name in ("min", "max")}
        shown = marks.typed_number(value, fmt.locale)
        return {"value": shown, "scale": field.type.scale, **options, **bounds}

    def typed(self, field: Field, value: Any, form: TextFormat) -> str:
        return marks.typed_number(value, form.locale)

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "text", "inputmode": "decimal"}


class MoneyFace(SizeFace):
    holds = "amount"
    quick = True

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        return marks.money(value["amount"], value["currency"], fmt.locale)

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        currency = str(value["currency"])
        amount = fitted(str(value["amount"]), minor_units(currency))
        sign = str(get_currency_symbol(currency, locale=fmt.locale)).replace('"', "")
        words = amount if field.option("currency") else f"{amount} {currency}"
        return number_cell(amount, f'#,##0{places(amount)} "{sign}"', words)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        def show(value: Any) -> str:
            shown = escape(self.text(field, value, fmt))
            return f'<span class="bad">{shown}</span>' if value["amount"][0] == "-" else shown

        return show

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        fixed, source = field.option("currency"), field.option("currency_from")
        given = value if isinstance(value, Mapping) else {}
        amount = value if isinstance(value, str) else given.get("amount", "")
        return {
            "value": marks.typed_number(amount, fmt.locale),
            "currency": fixed or given.get("currency") or ("" if source else "EUR"),
            "currencies": [] if fixed or source else sorted(currencies()),
        }

    def alike(self, field: Field, one: Any, other: Any, fmt: ReaderFormat) -> bool:
        """Where the record says the currency, the input shows the amount alone."""
        both = isinstance(one, Mapping) and isinstance(other, Mapping)
        if both and field.option("currency_from"):
            return Decimal(one["amount"]) == Decimal(other["amount"])
        return super().alike(field, one, other, fmt)

    def input(self, field: Field) -> dict[str, Any]:
        return {"type": "text", "inputmode": "decimal"}

    def typed(self, field: Field, value: Any, form: TextFormat) -> str:
        return marks.typed_number(field.kind.wire(field, value)["amount"], form.locale)

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        amount = text_in(form, field.name).strip()
        if not amount:
            return None
        chosen = field.option("currency") or text_in(form, f"{field.name}.currency")
        figures, currency = amount_and_currency(amount, chosen or None, how)
        if chosen and currency != chosen:
            raise ValueFault("wrong_currency", f"Write the amount in {chosen}, without {currency}.")
        text = f"{figures} {currency or ''}".strip()
        return field.kind.wire(field, field.kind.parse_text(field, text, how))


class DurationFace(SizeFace):
    orders = ("shortest first", "longest first")
    holds = "length"

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        shown = field.kind.show(field, value)
        return shown if field.option(DAY_LENGTH) else f"{shown} h"

    def sheet(self, field: Field, value: Any, fmt: ReaderFormat) -> SheetCell:
        """A length that adds up: hours beyond a day stay hours."""
        seconds = ":ss" if value % 60 else ""
        return SheetCell(timedelta(seconds=value), f"[h]:mm{seconds}")

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        return lambda value: escape(field.kind.show(field, value))

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        shown = field.kind.show(field, value) if isinstance(value, int) else value or ""
        return {"value": shown, "day": field.option(DAY_LENGTH, "")}

    def typed(self, field: Field, value: Any, form: TextFormat) -> str:
        return field.kind.show(field, value)


def _bound(field: Field, name: str, locale: str) -> str:
    limit = field.option(name)
    return marks.typed_number(limit, locale) if limit else ""
