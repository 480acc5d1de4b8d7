"""Segments: to the cent, by each convention, with every sum exact."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metamodel.segments import (
    CONVENTIONS,
    Period,
    Piece,
    priced,
    round_half_up,
    segments,
    split_days,
    units,
)

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1))
JULY = Period(date(2026, 7, 1), date(2026, 8, 1))


def places(count: int, price: str, ends: dict[int, date] | None = None) -> list[Piece]:
    """So many places on shelves at a price, some of them given up on a day."""
    ends = ends or {}
    return [Piece(None, ends.get(at), Decimal(1), Decimal(price)) for at in range(count)]


def amounts(pieces: list[Piece], period: Period, **more: object) -> list[str]:
    return [str(one.amount) for one in segments(pieces, period, **more)]  # type: ignore[arg-type]


def total(pieces: list[Piece], period: Period) -> Decimal:
    return sum((one.amount for one in segments(pieces, period)), Decimal(0))


def test_one_of_ten_ends_within_the_month() -> None:
    pieces = places(10, "50.00", {6: date(2026, 6, 16)})
    rows = segments(pieces, JUNE)
    assert [(one.days, one.period_days, int(one.quantity), str(one.amount)) for one in rows] == [
        (15, 30, 10, "250.00"),
        (15, 30, 9, "225.00"),
    ]
    assert rows[0].last_day == date(2026, 6, 15)
    # In arrears June is 475.00. In advance 500.00 were asked for: 25.00 go back with July's 450.00.
    assert total(pieces, JUNE) == Decimal("475.00")
    assert total(pieces, JULY) + total(pieces, JUNE) - Decimal("500.00") == Decimal("425.00")


def test_kept_and_given_back_are_the_whole() -> None:
    kept = total([Piece(None, date(2026, 7, 17), Decimal(1), Decimal("50.00"))], JULY)
    back = total([Piece(date(2026, 7, 17), None, Decimal(1), Decimal("50.00"))], JULY)
    assert (str(kept), str(back), str(kept + back)) == ("25.81", "24.19", "50.00")


def test_hours_are_added_as_amounts_are() -> None:
    pieces = places(10, "1.5", {6: date(2026, 6, 16)})
    assert (str(total(pieces, JUNE)), str(total(pieces, JULY))) == ("14.25", "13.50")


@pytest.mark.parametrize(
    ("year", "kept", "back"), [(2026, "798.90", "401.10"), (2028, None, "400.00")]
)
def test_a_year_that_ends_in_august(year: int, kept: str | None, back: str) -> None:
    period = Period(date(year, 1, 1), date(year + 1, 1, 1))
    september = date(year, 9, 1)
    assert amounts([Piece(september, None, Decimal(1), Decimal("1200.00"))], period) == [back]
    if kept:
        assert amounts([Piece(None, september, Decimal(1), Decimal("1200.00"))], period) == [kept]


def test_the_convention_matters() -> None:
    def back(convention: str) -> list[str]:
        quarter = Period(date(2026, 4, 1), date(2026, 7, 1), convention)
        return amounts([Piece(date(2026, 5, 10), None, Decimal(1), Decimal(300))], quarter)

    assert back("actual_period") == ["171.43"]
    assert back("actual_month") == ["170.97"]
    assert back("30/360") == ["170.00"]
    assert back("none") == []


def test_months_that_add_up_to_the_year() -> None:
    year = Period(date(2026, 1, 1), date(2027, 1, 1))
    whole = [Piece(None, None, Decimal(1), Decimal("1200.00"))]
    months = split_days(year, "month")
    rows = segments(whole, year, rounding="cumulative", cuts=months)
    assert [str(one.amount) for one in rows[:3]] == ["101.92", "92.05", "101.92"]
    assert str(rows[7].amount) == "101.91"
    assert str(sum(one.amount for one in rows)) == "1200.00"
    assert str(Decimal(1200) - sum(one.amount for one in rows[:8])) == "401.10"
    # Each rounded for itself they would miss it.
    alone = segments(whole, year, cuts=months)
    assert str(Decimal(1200) - sum(one.amount for one in alone[:8])) == "401.09"


def test_a_price_that_rises_within_the_month() -> None:
    prices = [(None, date(2026, 6, 15), Decimal(100)), (date(2026, 6, 15), None, Decimal(105))]
    pieces = priced([(None, None, Decimal(1))], prices)
    assert amounts(pieces, JUNE) == ["46.67", "56.00"]
    assert total(pieces, JUNE) == Decimal("102.67")


def test_some_are_added_within_the_month() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert amounts([Piece(date(2026, 3, 17), None, Decimal(2), Decimal("22.00"))], march) == [
        "21.29"
    ]
    april = Period(date(2026, 4, 1), date(2026, 5, 1))
    assert amounts([Piece(None, None, Decimal(12), Decimal("22.00"))], april) == ["264.00"]


def test_what_does_not_change_anything_makes_no_segment() -> None:
    swapped = [
        *places(9, "50.00"),
        Piece(None, date(2026, 6, 16), Decimal(1), Decimal("50.00")),
        Piece(date(2026, 6, 16), None, Decimal(1), Decimal("50.00")),
    ]
    assert amounts(swapped, JUNE) == ["500.00"]
    apart = [*places(2, "50.00"), *places(1, "60.00", {0: date(2026, 6, 11)})]
    rows = segments(apart, JUNE)
    found = [(int(one.quantity), int(one.price), one.days) for one in rows]
    assert found == [(1, 60, 10), (2, 50, 30)]
    assert segments([], JUNE) == []
    assert segments([Piece(None, None, Decimal(0), Decimal(5))], JUNE) == []


def test_without_proration_the_first_day_decides() -> None:
    month = Period(date(2026, 6, 1), date(2026, 7, 1), "none")
    pieces = places(2, "50.00", {1: date(2026, 6, 2)})
    later = Piece(date(2026, 6, 3), None, Decimal(1), Decimal(50))
    assert amounts([*pieces, later], month) == ["100.00"]


DAYS = st.dates(date(1990, 1, 1), date(2060, 1, 1))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    DAYS,
    st.integers(1, 800),
    st.lists(st.integers(-50, 850), max_size=6),
    st.sampled_from(CONVENTIONS),
)
def test_the_parts_are_the_whole(
    first: date, length: int, cuts: list[int], convention: str
) -> None:
    period = Period(first, first + timedelta(days=length), convention)
    days = sorted({first + timedelta(days=cut) for cut in cuts} | {period.from_, period.until})
    shares = [period.share(one, two) for one, two in zip(days, days[1:], strict=False)]
    whole = units(first, period.until, first, period.until, convention)
    assert sum(shares) == (1 if whole else 0)
    piece = Piece(None, None, Decimal(3), Decimal("33.33"))
    rows = segments([piece], period, rounding="cumulative", cuts=days)
    assert sum(one.amount for one in rows) == (Decimal("99.99") if whole else 0)


def test_halves_are_rounded_away_from_zero() -> None:
    assert [str(round_half_up(Fraction(one, 1000), 2)) for one in (5, -5, 4, 15)] == [
        "0.01", "-0.01", "0.00", "0.02",
    ]  # fmt: skip
