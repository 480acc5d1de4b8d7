"""Texts of tables and inputs are read as people and programs write them, or refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from metamodel.currencies import Amount
from metamodel.errors import ValueFault
from metamodel.kinds import TextFormat
from tests.metamodel.catalogs import field

NUMBER = {"kind": "number"}
WHOLE = {"kind": "number", "scale": 0}
PERCENT = {"kind": "number", "format": "percent"}
EUR, USD = {"kind": "money", "currency": "EUR"}, {"kind": "money", "currency": "USD"}
BORN, AT, SPENT = {"kind": "date"}, {"kind": "datetime"}, {"kind": "duration"}
PHONE = {"kind": "text", "format": "phone", "calling_code": "+49"}
YES_NO = {"kind": "boolean"}

POINT = TextFormat()
COMMA = TextFormat(decimal=",", locale="de", dates="dmy", zone="Europe/Berlin")
DAY_FIRST = TextFormat(dates="dmy", zone="Europe/Berlin")
MONTH_FIRST = TextFormat(dates="mdy")
UNKNOWN = TextFormat(decimal="", unit="")
HOURS = TextFormat(unit="hours")
TYPED = TextFormat(typed=True, unit="hours")


def read(spec: Mapping[str, Any], text: str, form: TextFormat = POINT) -> Any:
    made = field(spec)
    return made.kind.parse_text(made, text, form)


def refused(spec: Mapping[str, Any], text: str, form: TextFormat = POINT) -> ValueFault:
    with pytest.raises(ValueFault) as caught:
        read(spec, text, form)
    return caught.value


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        (NUMBER, "10.00000000", "10.00"),
        (NUMBER, "-0.5000", "-0.50"),
        (NUMBER, "1250.5000", "1250.50"),
        (NUMBER, "12.500", "12.50"),
        (WHOLE, "5.0", "5"),
        (WHOLE, "1,250.000", "1250"),
        (WHOLE, "-0.00", "0"),
    ],
)
def test_zeros_at_the_end_are_taken_since_nothing_is_lost(
    spec: Mapping[str, Any], text: str, value: str
) -> None:
    assert str(read(spec, text)) == value
    plain = text.replace(",", "")
    made = field(spec)
    assert str(made.kind.parse(made, plain)) == value


@pytest.mark.parametrize("text", ["10.001", "10.0000001", "0.005", "12345678901234.567"])
def test_decimals_that_would_be_lost_are_refused(text: str) -> None:
    assert refused(NUMBER, text).code == "too_many_decimals"


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        (NUMBER, "0.30000000000000004", "0.30"),
        (WHOLE, "2.9999999999999996", "3"),
        (NUMBER, "1234.5600000000001", "1234.56"),
        (NUMBER, "-8.999999999999998", "-9.00"),
        ({"kind": "number", "scale": 6}, "0.07000000000000001", "0.070000"),
    ],
)
def test_noise_of_binary_fractions_is_what_the_person_saw(
    spec: Mapping[str, Any], text: str, value: str
) -> None:
    assert str(read(spec, text)) == value


def test_noise_of_binary_fractions_in_amounts() -> None:
    assert read(EUR, "19.990000000000002 €") == Amount(Decimal("19.99"), "EUR")


@pytest.mark.parametrize("text", ["1.23E+15", "4.00638E+12", "1,2e+05"])
def test_a_shortened_number_is_refused_because_digits_are_missing(text: str) -> None:
    fault = refused(WHOLE, text)
    assert fault.code == "shortened_number" and "digits are missing" in fault.message


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (COMMA, "12,5", "12.50"),
        (COMMA, "1.234,50", "1234.50"),
        (COMMA, "1.234", "1234.00"),
        (COMMA, "1.234.567,8", "1234567.80"),
        (COMMA, "1 234,5", "1234.50"),
        (COMMA, "1\u202f234,5", "1234.50"),
        (COMMA, "\u22121\u00a0234,5", "-1234.50"),
        (POINT, "1'234.5", "1234.50"),
        (POINT, "12,34,567.5", "1234567.50"),
        (POINT, "+7.5", "7.50"),
        (POINT, ".5", "0.50"),
        (POINT, "١٢٣.٥", "123.50"),
        (UNKNOWN, "1.234,5", "1234.50"),
        (UNKNOWN, "1,234.5", "1234.50"),
        (UNKNOWN, "12,5", "12.50"),
        (UNKNOWN, "1250,500", "1250.50"),
        (UNKNOWN, "1.234.567", "1234567.00"),
        (UNKNOWN, "0,500", "0.50"),
    ],
)
def test_numbers_are_read_with_the_marks_that_the_form_says(
    form: TextFormat, text: str, value: str
) -> None:
    assert str(read(NUMBER, text, form)) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (COMMA, "1,234"), (COMMA, "1,2.3"), (COMMA, "1.23.4"), (POINT, "12,5"), (POINT, "1,2345"),
        (POINT, "1.234,50"), (POINT, "1,234,5"), (UNKNOWN, "1,234"), (UNKNOWN, "12.500"),
        (TYPED, "1.000"), (TYPED, "250.000"),
    ],
)  # fmt: skip
def test_a_number_that_may_be_another_is_never_guessed(form: TextFormat, text: str) -> None:
    refused(NUMBER, text, form)


def test_what_is_typed_may_have_zeros_where_they_mean_one_thing() -> None:
    assert read(NUMBER, "0.000", TYPED) == 0
    assert read(NUMBER, "1,000", TYPED) == 1000
    assert read(NUMBER, "12.50", TYPED) == Decimal("12.50")


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (POINT, "50%", "50"), (POINT, "12.5 %", "12.5"), (COMMA, "12,5\u00a0%", "12.5"),
        (POINT, "%50", "50"), (POINT, "19", "19"),
    ],
)  # fmt: skip
def test_percent_signs_go_with_fields_of_percent(form: TextFormat, text: str, value: str) -> None:
    assert read(PERCENT, text, form) == Decimal(value)


def test_percent_signs_are_refused_elsewhere() -> None:
    assert refused(NUMBER, "50%").code == "not_a_percentage"


def test_a_number_may_have_its_own_unit() -> None:
    assert read({"kind": "number", "unit": "kg"}, "12.5 kg") == Decimal("12.50")
    refused({"kind": "number", "unit": "kg"}, "12.5 lb")


@pytest.mark.parametrize(
    ("spec", "form", "text", "amount"),
    [
        (EUR, POINT, "€12.50", "12.50"),
        (EUR, POINT, "12.50 €", "12.50"),
        (EUR, POINT, "€1,234.56", "1234.56"),
        (EUR, COMMA, "1.234,56 €", "1234.56"),
        (EUR, COMMA, "-1.234,56\u00a0€", "-1234.56"),
        (EUR, POINT, "-€12.50", "-12.50"),
        (EUR, POINT, "€ -12.50", "-12.50"),
        (EUR, POINT, "(€12.50)", "-12.50"),
        (EUR, POINT, "12.50 eur", "12.50"),
        (EUR, POINT, "EUR12.50", "12.50"),
        (USD, POINT, "$13.50 ", "13.50"),
        (USD, POINT, "US$13.50", "13.50"),
        (USD, POINT, "$13.50 USD", "13.50"),
        (USD, POINT, "$.50", "0.50"),
        ({"kind": "money", "currency": "AUD"}, POINT, "A$1,000.00", "1000.00"),
        ({"kind": "money", "currency": "GBP"}, POINT, "£0.000", "0.00"),
        ({"kind": "money", "currency": "CHF"}, POINT, "Fr. 1'250.50", "1250.50"),
        ({"kind": "money", "currency": "CHF"}, POINT, "Fr.50", "50.00"),
        ({"kind": "money", "currency": "JPY"}, POINT, "￥1,200", "1200"),
        ({"kind": "money", "currency": "PLN"}, COMMA, "1 250,50 zł", "1250.50"),
        ({"kind": "money", "currency": "INR"}, POINT, "₹12,34,567.00", "1234567.00"),
    ],
)
def test_the_own_sign_of_a_currency_stands_before_or_after(
    spec: Mapping[str, Any], form: TextFormat, text: str, amount: str
) -> None:
    value = read(spec, text, form)
    assert (str(value.amount), value.currency) == (amount, spec["currency"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("$12.50", "wrong_currency"), ("12.50 USD", "wrong_currency"),
        ("12.50 kr", "wrong_currency"), ("12.50 EUR USD", "not_a_number"),
        ("12.50 net", "not_a_number"), ("EUR 1 GBP", "two_currencies"),
        ("about 12.50", "not_a_number"), ("(12.50", "not_a_number"),
    ],
)  # fmt: skip
def test_another_sign_than_the_own_is_refused(text: str, code: str) -> None:
    assert refused(EUR, text).code == code


def test_without_a_fixed_currency_only_a_sign_of_one_currency_is_taken() -> None:
    assert read({"kind": "money"}, "€12.50").currency == "EUR"
    assert read({"kind": "money"}, "12.50 zł").currency == "PLN"
    assert read({"kind": "money"}, "$12.50 CAD").currency == "CAD"
    for text in ("$12.50", "12.50 kr", "¥500"):
        assert refused({"kind": "money"}, text).code == "ambiguous_currency"
    assert refused({"kind": "money"}, "12.50").code == "no_currency"


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (MONTH_FIRST, "Jan 28 2021", date(2021, 1, 28)),
        (POINT, "January 28, 2021", date(2021, 1, 28)),
        (POINT, "05-Mar-2026", date(2026, 3, 5)),
        (DAY_FIRST, "12/Mar/26", date(2026, 3, 12)),
        (POINT, "Thursday, 5th March 2026", date(2026, 3, 5)),
        (COMMA, "5. März 2026", date(2026, 3, 5)),
        (COMMA, "05-Mrz-26", date(2026, 3, 5)),
        (COMMA, "Do., 5. Mär. 2026", date(2026, 3, 5)),
        (POINT, "5 de marzo de 2026", date(2026, 3, 5)),
        (POINT, "12 févr. 2026", date(2026, 2, 12)),
        (POINT, "1er août 2026", date(2026, 8, 1)),
        (POINT, "5 мая 2026", date(2026, 5, 5)),
        (POINT, "2026 Mar 5", date(2026, 3, 5)),
        (POINT, "2026年3月5日", date(2026, 3, 5)),
        (POINT, "20260305", date(2026, 3, 5)),
        (MONTH_FIRST, "19991231", date(1999, 12, 31)),
        (DAY_FIRST, "31.12.25", date(2025, 12, 31)),
        (DAY_FIRST, "31. 12. 2025", date(2025, 12, 31)),
        (DAY_FIRST, "1/1/50", date(1950, 1, 1)),
        (DAY_FIRST, "1/1/49", date(2049, 1, 1)),
        (MONTH_FIRST, "12/31/99", date(1999, 12, 31)),
        (MONTH_FIRST, "3/5/2026 12:00:00 AM", date(2026, 3, 5)),
        (POINT, "2026-03-05T00:00:00Z", date(2026, 3, 5)),
    ],
)
def test_days_are_read_with_names_of_months_and_short_years(
    form: TextFormat, text: str, value: date
) -> None:
    assert read(BORN, text, form) == value


@pytest.mark.parametrize("text", ["05/03/2026", "5.3.2026", "05-03-26", "3/5/26"])
def test_a_day_whose_order_nobody_said_is_told_both_ways(text: str) -> None:
    fault = refused(BORN, text)
    assert fault.code == "no_date_order"
    assert "5 March 2026" in fault.message and "3 May 2026" in fault.message
    assert "four digits" not in fault.message


def test_a_day_that_fits_one_order_says_which() -> None:
    assert "can only be 25 March 2026 (dmy)" in refused(BORN, "25/03/2026").message
    assert "can only be 25 March 2026 (mdy)" in refused(BORN, "3/25/26").message


@pytest.mark.parametrize(
    "text",
    ["31.02.2026", "32/13/2026", "1/1/226", "tomorrow", "5 Foo 2026", "Mar 2026", "5.3.2026 14:30",
     "2026-13-01", "5 Mar 2026 Apr", "1 2 3 4", "20261301", "20260230", "05032026", "10000101"],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    refused(BORN, text, DAY_FIRST)


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (MONTH_FIRST, "03/04/2024 10:23:52 AM", (2024, 3, 4, 10, 23, 52)),
        (MONTH_FIRST, "3/5/2026 2:15 PM", (2026, 3, 5, 14, 15)),
        (MONTH_FIRST, "3/5/2026, 12:05 a.m.", (2026, 3, 5, 0, 5)),
        (MONTH_FIRST, "3/5/2026 12:05pm", (2026, 3, 5, 12, 5)),
        (POINT, "5 Mar 2026 2 PM", (2026, 3, 5, 14)),
        (POINT, "2026-03-05T10:00:00.000+0100", (2026, 3, 5, 9)),
        (POINT, "2026-03-05 10:00:00 +01", (2026, 3, 5, 9)),
        (POINT, "2026-03-05 10:00:00 UTC", (2026, 3, 5, 10)),
        (POINT, "2026-03-05T10:00:00.1234567Z", (2026, 3, 5, 10, 0, 0, 123456)),
        (DAY_FIRST, "05.03.2026 10:00 Uhr", (2026, 3, 5, 9)),
        (DAY_FIRST, "05/03/26 10h30", (2026, 3, 5, 9, 30)),
        (DAY_FIRST, "5 juin 2026 14:30", (2026, 6, 5, 12, 30)),
        (DAY_FIRST, "05/03/2026 10:00 -0500", (2026, 3, 5, 15)),
        (DAY_FIRST, "15.06.2026", (2026, 6, 14, 22)),
        (DAY_FIRST, "20260615 10:00", (2026, 6, 15, 8)),
        (DAY_FIRST, "20260615 10:00:00Z", (2026, 6, 15, 10)),
        (DAY_FIRST, "29.03.2026 01:59", (2026, 3, 29, 0, 59)),
        (DAY_FIRST, "29.03.2026 03:00", (2026, 3, 29, 1)),
        (DAY_FIRST, "29.03.2026 02:30Z", (2026, 3, 29, 2, 30)),
        (TextFormat(zone="America/Havana", dates="dmy"), "08.03.2026", (2026, 3, 8, 5)),
    ],
)
def test_moments_are_read_with_halves_of_days_and_offsets(
    form: TextFormat, text: str, value: tuple[int, ...]
) -> None:
    assert read(AT, text, form) == datetime(*value, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "text", ["3/5/2026 13:15 PM", "3/5/2026 0:15 AM", "3/5/2026 25:00", "3/5/2026 10:61", "noon"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    refused(AT, text, MONTH_FIRST)


@pytest.mark.parametrize(
    ("text", "zone", "instead"),
    [
        ("2026-03-29 02:30", "Europe/Berlin", "03:30"),
        ("2026-03-29 02:00", "Europe/Berlin", "03:00"),
        ("2026-03-29 01:15:30", "Europe/London", "02:15"),
        ("2026-10-04 02:10", "Australia/Lord_Howe", "02:40"),
        ("2026-03-08 00:30", "America/Havana", "01:30"),
    ],
)
def test_a_time_that_the_clocks_pass_over_is_refused(text: str, zone: str, instead: str) -> None:
    fault = refused(AT, text, TextFormat(zone=zone))
    assert fault.code == "no_such_time"
    assert zone in fault.message and f"Write {instead}" in fault.message


def test_a_moment_whose_order_nobody_said_is_told_both_ways() -> None:
    assert refused(AT, "05/03/2026 10:00").code == "no_date_order"


@pytest.mark.parametrize(
    ("form", "text", "seconds"),
    [
        (HOURS, "8", 28800), (HOURS, "1.5", 5400), (HOURS, "20,0", 72000), (HOURS, "0.75", 2700),
        (HOURS, "0,3333", 1200), (HOURS, "1:30", 5400), (HOURS, "90m", 5400),
        (TextFormat(unit="minutes"), "90", 5400), (TextFormat(unit="seconds"), "90", 90),
        (UNKNOWN, "1:30", 5400), (UNKNOWN, "8h", 28800), (UNKNOWN, "1h30", 5400),
        (UNKNOWN, "1,5 Std.", 5400), (UNKNOWN, "2 hours 15 min", 8100), (UNKNOWN, "1d 2h", 93600),
        (UNKNOWN, "45 s", 45), (UNKNOWN, "PT1H30M", 5400), (UNKNOWN, "100000000:00", 360000000000),
        (TYPED, "8", 28800),
    ],
)  # fmt: skip
def test_lengths_are_read_in_the_unit_that_is_said(
    form: TextFormat, text: str, seconds: int
) -> None:
    assert read(SPENT, text, form) == seconds


@pytest.mark.parametrize("text", ["1.5", "0,5", "90.25"])
def test_parts_of_seconds_are_told_with_what_to_write(text: str) -> None:
    fault = refused(SPENT, text, TextFormat(unit="seconds"))
    assert f"{text} is not a whole number of seconds" in fault.message and "unit" in fault.message


@pytest.mark.parametrize("text", ["8", "1.5", "20,0", "5400"])
def test_a_length_without_a_unit_is_never_seconds_in_silence(text: str) -> None:
    fault = refused(SPENT, text, UNKNOWN)
    assert fault.code == "no_unit" and "hours, minutes or seconds" in fault.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ja", True), ("nein", False), ("WAHR", True), ("FALSCH", False), ("Oui", True),
        ("VRAI", True), ("não", False), ("YANLIŞ", False), ("HAYIR", False), ("はい", True),
        ("нет", False), ("Tak", True), ("sí", True), ("x", True), ("✗", False), ("TRUE", True),
    ],
)  # fmt: skip
def test_words_of_yes_and_no_in_many_languages(text: str, value: bool) -> None:
    assert read(YES_NO, text) is value


def test_the_own_words_of_a_field_come_first_in_all_their_languages() -> None:
    spec = {**YES_NO, "yes": {"en": "On loan", "de": "Verliehen"}, "no": {"en": "In", "de": "Da"}}
    assert read(spec, "verliehen") is True
    assert read(spec, "DA") is False
    assert read(spec, "ja") is True
    refused(spec, "perhaps")


@pytest.mark.parametrize(
    ("spec", "text", "number"),
    [
        (PHONE, "+49 (0)351 123456", "+49351123456"),
        (PHONE, "+49 (0) 351 / 12 34 56", "+49351123456"),
        (PHONE, "0049 (0)351 123456", "+49351123456"),
        (PHONE, "(+49) 351 123456", "+49351123456"),
        (PHONE, "(0)351 123456", "+49351123456"),
        (PHONE, "(0351) 123456", "+49351123456"),
        (PHONE, "+44 (0)20 7946 0958", "+442079460958"),
        ({**PHONE, "calling_code": "+39", "trunk": ""}, "+39 (0)6 6982 0000", "+390669820000"),
        ({**PHONE, "calling_code": "+39", "trunk": ""}, "+44 (0)20 7946 0958", "+442079460958"),
        ({**PHONE, "calling_code": "+7", "trunk": "8"}, "+7 (8) 495 123-45-67", "+74951234567"),
        ({**PHONE, "calling_code": "+36", "trunk": "06"}, "+36 (06) 1 234 5678", "+3612345678"),
    ],
)
def test_a_trunk_zero_in_brackets_is_not_dialled(
    spec: Mapping[str, Any], text: str, number: str
) -> None:
    assert read(spec, text) == number


@pytest.mark.parametrize("text", ["a\nb", "a\r\n b", " a \n\n b", "a\u2028b"])
def test_line_breaks_of_one_line_become_spaces_where_that_is_said(text: str) -> None:
    assert read({"kind": "text"}, text, TextFormat(line_breaks="space")) == "a b"
    if "\u2028" not in text:
        fault = refused({"kind": "text"}, text)
        assert fault.code == "line_break" and "space" in fault.message
    assert "\n" in read({"kind": "long_text"}, "a\nb", TextFormat(line_breaks="space"))
