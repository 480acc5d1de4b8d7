"""How values look to one reader: days near today by their weekday, numbers as they came."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.pages.reader_format import (
    ReaderFormat,
    avatar,
    chip,
    link,
    money,
    number,
    parse_moment,
    person,
)
from metamodel.catalog import Catalog

NOTHING: Any = None


def reader(now: str = "2026-06-15T23:30:00+00:00", zone: str = "Europe/Berlin") -> ReaderFormat:
    """Of somebody in the business's own zone."""
    at = datetime.fromisoformat(now).astimezone(UTC)
    return ReaderFormat(Catalog(0, "", {}, {}, zone), NOTHING, "en_GB", ZoneInfo(zone), at)


TODAY = date(2026, 6, 16)  # in Berlin, a Tuesday


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (-2, "14 Jun"), (-1, "Yesterday"), (0, "Today"), (1, "Tomorrow"), (2, "Thu 18 Jun"),
        (6, "Mon 22 Jun"), (7, "23 Jun"), (198, "31 Dec"), (199, "1 Jan 2027"),
        (-200, "28 Nov 2025"),
    ],
)  # fmt: skip
def test_days_in_a_list(distance: int, text: str) -> None:
    assert reader().day(TODAY + timedelta(days=distance)) == text


def test_the_reader_s_zone_says_which_day_it_is() -> None:
    moment = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)
    assert reader().moment(moment) == "Today 00:30"
    assert reader(zone="UTC").moment(moment) == "Today 22:30"
    assert reader(zone="Asia/Tokyo").full(moment) == "16 Jun 2026, 07:30"


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0, "01:30"), (1, "00:30"), (2, "Mon 23:30"), (48, "Sun 01:30"), (24 * 6, "10 Jun")],
)
def test_moments_beside_an_entry(hours: int, text: str) -> None:
    fmt = reader()
    assert fmt.ago(fmt.now - timedelta(hours=hours)) == text


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar_have_words(moment: datetime) -> None:
    fmt = reader()
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        fmt.zone = ZoneInfo(zone)
        assert fmt.full(moment.replace(tzinfo=UTC))


def test_links_keep_the_day_that_is_shown() -> None:
    fmt = reader()
    assert fmt.href("book", "1") == "/o/book/1"
    fmt.as_of = "2026-02-01T10:00:00+01:00"
    assert fmt.href("book", "1") == "/o/book/1?as_of=2026-02-01T10%3A00%3A00%2B01%3A00"


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [
        ("1234567", "en_GB", "1,234,567"), ("1234.50", "en_GB", "1,234.50"),
        ("-1234.5", "de", "−1.234,5"), ("0", "de", "0"), ("12.000", "en_GB", "12.000"),
        ("x", "en_GB", "x"), ("", "en_GB", ""),
    ],
)  # fmt: skip
def test_numbers(text: str, locale: str, shown: str) -> None:
    assert number(text, locale) == shown


@settings(deadline=None, max_examples=60)
@given(st.decimals(-(10**12), 10**12, places=3, allow_nan=False))
def test_no_digit_of_a_number_is_lost(value: Any) -> None:
    digits = number(f"{value:f}", "en_GB").replace(",", "").replace("−", "-")
    assert digits == f"{value:f}"


def test_amounts() -> None:
    assert money("1234.5", "EUR", "en_GB") == "€1,234.50"
    assert money("-3", "JPY", "en_GB").startswith("−")
    assert money("x", "EUR", "en_GB") == "x EUR"


@pytest.mark.parametrize("make", [chip, person, avatar, lambda text: link(f"/{text}", text)])
def test_words_of_people_are_no_markup(make: Any) -> None:
    made = str(make('<b>"&'))
    assert "<b>" not in made and "&lt;b&gt;" in made


def test_moments_are_read_as_they_are_written() -> None:
    assert parse_moment("2026-06-15T23:30:00+02:00") == datetime(2026, 6, 15, 21, 30, tzinfo=UTC)
    assert parse_moment("2026-06-15T23:30:00Z").tzinfo is UTC
