"""Amounts in the base currency are worked out at the rate of their day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fluvial.records.drafts.base_amounts import fill_base_amounts
from fluvial.records.drafts.draft import Draft
from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from tests.app import Documents

RATE = {
    "kind": "object", "name": "rate", "plural": "Rates",
    "fields": [
        {"name": "currency", "kind": "text"},
        {"name": "valid_from", "kind": "date"},
        {"name": "rate", "kind": "number", "scale": 6},
    ],
}  # fmt: skip
FINE = {
    "kind": "object", "name": "fine",
    "fields": [
        {"name": "issued", "kind": "date"},
        {"name": "fee", "kind": "money",
         "base": {"field": "fee_eur", "rates": "rate", "date": "issued"}},
        {"name": "fee_eur", "kind": "money", "currency": "EUR", "read_only": True},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [RATE, FINE]


@pytest.fixture
def session(engine: Engine) -> Session:
    session = Session.begin(engine)
    for day, rate in (("2026-01-01", "0.5"), ("2026-06-01", "0.333333"), ("2026-07-01", None)):
        create(session, "rate", {"currency": "USD", "valid_from": day, "rate": rate})
    return session


def filled(
    session: Session, fee: Amount | None, issued: date | None, before: dict[str, Any] | None = None
) -> tuple[Any, list[str]]:
    type_ = session.catalog.objects["fine"]
    values = {**type_.empty_values, **(before or {}), "fee": fee, "issued": issued}
    was = {**type_.empty_values, **before} if before else None
    changed = {n for n in values if was is None or values[n] != was[n]}
    draft = Draft(session, type_, "1", was, values, changed=changed)
    fill_base_amounts(draft)
    return draft.values["fee_eur"], [fault["message"] for fault in draft.faults]


def euros(text: str) -> Amount:
    return Amount(Decimal(text), "EUR")


def dollars(text: str) -> Amount:
    return Amount(Decimal(text), "USD")


@pytest.mark.parametrize(
    ("day", "fee", "expected"),
    [
        (date(2026, 1, 1), "10.00", "5.00"),
        (date(2026, 5, 31), "10.00", "5.00"),
        (date(2026, 6, 1), "10.00", "3.33"),
        (date(2026, 1, 1), "0.01", "0.01"),  # half away from zero
        (date(2026, 1, 1), "-0.01", "-0.01"),
        (date(2026, 1, 1), "0.00", "0.00"),
    ],
)
def test_the_latest_rate_until_the_day(
    session: Session, day: date, fee: str, expected: str
) -> None:
    for asked in (session, session.reading_ahead()):
        assert filled(asked, dollars(fee), day) == (euros(expected), [])


def test_the_base_currency_needs_no_rate(session: Session) -> None:
    assert filled(session, euros("7.00"), date(1900, 1, 1)) == (euros("7.00"), [])


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 7, 1)])
def test_a_day_without_a_rate_is_told(session: Session, day: date) -> None:
    words = f"There is no rate of USD on {day}. Add one to the rates."
    assert filled(session, dollars("1.00"), day) == (None, [words])


def test_without_a_day_it_is_the_rate_of_today(session: Session) -> None:
    assert filled(session.at(date(2026, 3, 1)), dollars("8.00"), None) == (euros("4.00"), [])


def test_nothing_is_worth_nothing(session: Session) -> None:
    kept = {"fee": dollars("1.00"), "fee_eur": euros("9.00"), "issued": date(2026, 1, 1)}
    assert filled(session, None, None) == (None, [])
    assert filled(session, None, date(2026, 1, 1), kept) == (None, [])


def test_what_has_not_changed_keeps_its_amount(session: Session) -> None:
    day = date(2026, 1, 1)
    kept = {"fee": dollars("1.00"), "fee_eur": euros("9.00"), "issued": day}
    assert filled(session, dollars("1.00"), day, kept) == (euros("9.00"), [])
    assert filled(session, dollars("2.00"), day, kept) == (euros("1.00"), [])
    assert filled(session, dollars("1.00"), date(2026, 6, 1), kept) == (euros("0.33"), [])
