"""Amounts in the base currency: worked out when a record is saved, at the rate of its day."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fluvial.auth.actors import SYSTEM
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.currencies import Amount

from .draft import Draft


def fill_base_amounts(draft: Draft) -> None:
    """Fill the field that each amount names, where the amount or its day has changed."""
    for field in draft.type.based_fields:
        base = field.option("base")
        on = base.get("date")
        if not draft.new and not draft.changed & {field.name, on}:
            continue
        amount = draft.values.get(field.name)
        target = draft.type.fields[base["field"]]
        if amount is None:
            draft.set(target.name, None)
            continue
        day = draft.values.get(on) if on else None
        made = _converted(draft, base["rates"], amount, target, day or draft.session.today)
        if made is None:
            rates = draft.session.catalog.objects[base["rates"]].plural.lower()
            draft.fault(
                field.name,
                "no_rate",
                f"There is no rate of {amount.currency} on {day or draft.session.today}. "
                f"Add one to the {rates}.",
            )
        else:
            draft.set(target.name, made)


def _converted(draft: Draft, rates: str, amount: Amount, target: Field, day: date) -> Amount | None:
    currency = str(target.option("currency"))
    if not amount.currency:
        return None
    rate = Decimal(1) if amount.currency == currency else _rate(draft, rates, amount.currency, day)
    if rate is None:
        return None
    step = Decimal(1).scaleb(-(target.type.scale or 0))
    return Amount((amount.amount * rate).quantize(step, ROUND_HALF_UP), currency)


def _rate(draft: Draft, rates: str, code: str, day: date) -> Decimal | None:
    """What one of the currency is worth, by the latest rate until the day."""
    ahead = draft.session.ahead
    if ahead is None:
        return _asked_rate(draft.session, rates, code, day)
    if (rates, code, day) not in ahead.rates:
        ahead.rates[rates, code, day] = _asked_rate(draft.session, rates, code, day)
    return ahead.rates[rates, code, day]  # type: ignore[no-any-return]


def _asked_rate(session: Session, rates: str, code: str, day: date) -> Decimal | None:
    session = session.as_actor(SYSTEM)
    held = session.catalog.objects[rates].fields["currency"]
    query = Query(
        rates,
        fields=(("rate",),),
        where=f"valid_from <= date('{day}')",
        equals=(("currency", code.lower() if held.type.options else code),),
        sort=(SortKey(("valid_from",), True),),
        limit=1,
    )
    try:
        found: list[dict[str, Any]] = read_page(session, query)["data"]
    except Problem:
        return None  # the choice of currencies does not know it
    return Decimal(found[0]["rate"]) if found and found[0]["rate"] is not None else None
