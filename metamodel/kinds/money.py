"""Money: an exact amount with its currency, fixed by the field or kept beside the amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from metamodel.currencies import (
    MOST_DECIMALS,
    currencies,
    format_amount,
    in_minor_units,
    minor_units,
)
from metamodel.currencies import Amount as Amount
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.folding import nearest
from metamodel.kinds.kind import (
    Column,
    ConversionStep,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
)
from metamodel.kinds.number import (
    MAX_SCALE,
    check_bounds,
    exact,
    plain,
    sample,
    within,
)
from metamodel.storage import MAX_DIGITS, TEXT, amounts, decimal
from metamodel.written.currency_signs import amount_and_currency
from metamodel.written.written_numbers import (
    in_marks,
    plain_number,
    without_noise,
)

# The fields of an object type of rates, with their types.
RATE = {
    "currency": (types.TEXT.name, types.CHOICE.name),
    "valid_from": (types.DATE.name,),
    "rate": (types.NUMBER.name,),
}


class Money(Kind):
    name = "money"
    label = "Money"
    group = "Text and numbers"
    icon = "currency-pound"
    words = "currency price cost amount euro pound dollar"
    suggests = "amount price cost costs budget fee total salary revenue value rent deposit"
    about = (
        "An exact amount of money. Its currency is fixed by the field, or chosen with each amount."
    )
    example = {"name": "price", "kind": "money", "currency": "EUR"}
    first = ("currency",)
    sample = {"amount": "12.50", "currency": "EUR"}
    options = {
        "currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "The currency (ISO 4217); if omitted, each amount has its own.",
        },
        "currency_from": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "field"},
            "description": "The text or choice of the same record that holds the currency of all "
            "its amounts.",
        },
        "base": {
            "type": "object",
            "properties": {
                "field": {"$ref": "#/$defs/name", "x-editor": {"is": "field"}},
                "rates": {"$ref": "#/$defs/name", "x-editor": {"is": "object"}},
                "date": {"$ref": "#/$defs/name", "x-editor": {"is": "field"}},
            },
            "required": ["field", "rates"],
            "additionalProperties": False,
            "description": (
                "Converts the amount when the record is saved: `field` is a read-"
                "only money field with a fixed currency, `rates` the object type of "
                "the rates (`currency`, `valid_from`, `rate`), `date` the date of "
                "the rate (today if omitted)."
            ),
        },
        "scale": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_SCALE,
            "description": (
                "The number of decimals; by default those of the currency of each amount, to "
                "which what a formula gives is rounded."
            ),
        },
        "min": {"type": "number", "description": "The minimum."},
        "max": {"type": "number", "description": "The maximum."},
    }
    operators = ("is", "is_not", "above", "below", "between", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        check_bounds(field, check)
        currency = field.option("currency")
        if currency is not None and currency not in currencies():
            check.fault(
                "currency",
                "unknown_currency",
                f"The currency `{currency}` is not known.",
                nearest(currency, currencies()) or "Write a code such as EUR, GBP or USD.",
            )
        self._check_source(field, check)
        self._check_base(field, check)

    def _check_base(self, field: Field, check: FieldCheck) -> None:
        base = field.option("base")
        if base is None:
            return
        filled = check.sibling("base/field", base["field"])
        if filled is not None and not (filled.option("currency") and filled.read_only):
            check.fault(
                "base/field",
                "not_a_base",
                f"`{filled.name}` is not an amount that can be filled in one currency.",
                "Name a field of kind money with `currency` and `read_only: true`.",
            )
        day = check.sibling("base/date", base["date"]) if "date" in base else None
        if day is not None and day.type != types.DATE:
            check.fault("base/date", "not_a_date", f"`{day.name}` is not a date.", "Name a date.")
        rates = check.object("base/rates", base["rates"])
        for name, wanted in RATE.items() if rates is not None else ():
            held = rates.fields.get(name) if rates is not None else None
            if held is None or held.type.name not in wanted:
                check.fault(
                    "base/rates",
                    "no_rates",
                    f"`{base['rates']}` has no {' or '.join(wanted)} `{name}`.",
                    "Rates have `currency`, `valid_from` and `rate`.",
                )

    def _check_source(self, field: Field, check: FieldCheck) -> None:
        name = field.option("currency_from")
        if name is None:
            return
        if field.option("currency") is not None:
            check.fault(
                "currency_from",
                "two_currencies",
                "The currency is fixed and comes from another field.",
                "Remove `currency` or `currency_from`.",
            )
        source = check.sibling("currency_from", name)
        if source is not None and source.type.name not in (types.TEXT.name, types.CHOICE.name):
            check.fault(
                "currency_from",
                "not_text",
                f"`{name}` does not contain a currency code.",
                "Name a text or a choice with codes such as eur.",
            )

    def follows(self, field: Field) -> tuple[str, ...]:
        source = field.option("currency_from")
        return (source,) if source else ()

    def released(self, field: Field, value: Amount) -> Amount:
        return Amount(value.amount, "") if field.option("currency_from") else value

    def settle(self, field: Field, value: Amount, others: Mapping[str, Any]) -> Amount:
        """The amount in the record's currency; one that was given in another is not relabelled."""
        source = field.option("currency_from")
        if not source:
            return value
        currency = str(others.get(source) or "").upper()
        if currency not in currencies():
            raise ValueFault("no_currency", "Enter the record's currency first, such as EUR.")
        if value.currency not in ("", currency):
            raise ValueFault(
                "wrong_currency",
                f"The currency of this record is {currency}, not {value.currency}. Write the "
                f"amount in {currency}, or change the currency of the record.",
            )
        return self._made(field, format(value.amount.normalize(), "f"), currency)

    def scale(self, field: Field) -> int:
        currency = field.option("currency")
        return int(field.option("scale", minor_units(currency) if currency else MOST_DECIMALS))

    def varies(self, field: Field) -> bool:
        """Whether the decimals follow the currency of each amount."""
        return field.option("currency") is None and field.option("scale") is None

    def type(self, field: Field) -> types.Type:
        scale = None if self.varies(field) else self.scale(field)
        return types.money(field.option("currency"), scale)

    def columns(self, field: Field) -> tuple[Column, ...]:
        made = amounts if self.varies(field) else decimal
        amount = Column("", made(self.scale(field)))
        return (amount,) if field.option("currency") else (amount, Column("__currency", TEXT))

    def parse(self, field: Field, raw: Any) -> Amount:
        fixed = field.option("currency")
        if not isinstance(raw, Mapping):
            if fixed:
                return self._made(field, raw, fixed)
            if field.option("currency_from"):
                return self._unnamed(field, raw)
        if not isinstance(raw, Mapping) or not set(raw) <= {"amount", "currency"}:
            raise ValueFault(
                "not_money", f"Write an amount and its currency: {self._sample(field)}."
            )
        currency = raw.get("currency", fixed)
        if not currency and field.option("currency_from") and "amount" in raw:
            return self._unnamed(field, raw["amount"])
        if currency is None or "amount" not in raw:
            raise ValueFault(
                "not_money", f"Write an amount and its currency: {self._sample(field)}."
            )
        return self._made(field, raw["amount"], currency)

    def _unnamed(self, field: Field, amount: Any) -> Amount:
        """An amount whose currency the record will say; see `settle`."""
        return Amount(within(field, exact(amount, self.scale(field))), "")

    def _sample(self, field: Field) -> str:
        currency = field.option("currency") or "EUR"
        scale = minor_units(currency) if self.varies(field) else self.scale(field)
        return f'{{"amount": "{sample(scale)}", "currency": "{currency}"}}'

    def _made(self, field: Field, amount: Any, currency: Any) -> Amount:
        fixed = field.option("currency")
        if fixed and currency != fixed:
            raise ValueFault("wrong_currency", f"Write the amount in {fixed}.")
        if not isinstance(currency, str) or currency not in currencies():
            raise ValueFault("unknown_currency", "Write a currency code such as EUR, GBP or USD.")
        scale = self.scale(field)
        if self.varies(field):
            exact(amount, minor_units(currency))  # no cents of a yen
        return Amount(within(field, exact(amount, scale)), currency)

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Amount:
        """`12.50`, `EUR 12.50`, `12.50 EUR` or `€12.50`."""
        figures, currency = amount_and_currency(text, field.option("currency"), form)
        try:
            return self._read(field, figures, currency, form)
        except ValueFault as fault:
            raise ValueFault(fault.code, in_marks(fault.message, form.decimal)) from None

    def _read(self, field: Field, figures: str, currency: str | None, form: TextFormat) -> Amount:
        known = self.varies(field) and currency in currencies()
        scale = minor_units(str(currency)) if known else self.scale(field)
        number = without_noise(plain_number(figures, form, scale), scale)
        if currency is None and field.option("currency_from"):
            return self._unnamed(field, number)
        if currency is None:
            raise ValueFault(
                "no_currency", "Write the currency after the amount, such as 12.50 EUR."
            )
        return self._made(field, number, currency)

    def pack(self, field: Field, value: Amount) -> Sequence[Any]:
        return (value.amount,) if field.option("currency") else (value.amount, value.currency)

    def unpack(self, field: Field, parts: Sequence[Any]) -> Amount | None:
        if parts[0] is None:
            return None
        return Amount(parts[0], field.option("currency") or parts[1])

    def wire(self, field: Field, value: Amount) -> dict[str, str]:
        amount = f"{value.amount:.{self.scale(field)}f}"
        if self.varies(field):
            amount = in_minor_units(amount, value.currency)
        return {"amount": amount, "currency": value.currency}

    def wire_parts(self, field: Field, parts: Sequence[Any]) -> dict[str, str] | None:
        if parts[0] is None:
            return None
        currency = field.option("currency") or parts[1]
        amount = in_minor_units(parts[0], currency) if self.varies(field) else parts[0]
        return {"amount": amount, "currency": currency}

    def wire_source(self, field: Field, parts: Sequence[str]) -> str | None:
        if self.varies(field):
            return None
        currency = field.option("currency")
        return f'{{"amount": {parts[0]}, "currency": {repr(currency) if currency else parts[1]}}}'

    def cell(self, field: Field, value: Mapping[str, str]) -> str:
        fixed = field.option("currency")
        return str(value["amount"]) if fixed else f"{value['amount']} {value['currency']}"

    def texts(self, field: Field, value: Amount, world: RelatedRecords) -> list[str]:
        return [f"{value.amount:f} {value.currency}"]

    def takes(self, old: Kind) -> Convert | None:
        if old.among(("money",)):
            return _fitted
        return _named if old.among(("number",)) else super().takes(old)

    def show(self, field: Field, value: Amount, locale: str = "en") -> str:
        return format_amount(value.amount, value.currency, locale)

    def json_schema(self, field: Field) -> dict[str, Any]:
        scale = self.scale(field)
        part = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
        fixed = field.option("currency")
        return {
            "type": "object",
            "properties": {
                "amount": {
                    "type": "string",
                    "pattern": f"^-?[0-9]{{1,{MAX_DIGITS - scale}}}{part}$",
                    "examples": [sample(scale)],
                },
                "currency": {"const": fixed}
                if fixed
                else {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "required": ["amount", "currency"],
            "additionalProperties": False,
        }


def _fitted(step: ConversionStep, value: Amount) -> Any:
    wire = {"amount": f"{plain(value.amount):f}", "currency": value.currency}
    return step.new.kind.parse(step.new, wire)


def _named(step: ConversionStep, value: Decimal) -> Any:
    currency = step.new.option("currency")
    if currency is None:
        raise ValueFault("no_currency", "A number has no currency. Set the currency of the field.")
    return _fitted(step, Amount(value, currency))
