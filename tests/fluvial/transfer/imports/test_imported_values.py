"""Single values of tables arrive as the person saw them, or are asked for: none is guessed."""

from __future__ import annotations

import io
from datetime import date, time, timedelta
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from fluvial.http.app import build_app
from tests.app import Client, Documents, OpenEngine, Prepared
from tests.fluvial.tables import faults, imported, sent

THING = {
    "kind": "object",
    "name": "thing",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "amount", "kind": "number"},
        {"name": "whole", "kind": "number", "scale": 0},
        {"name": "pct", "kind": "number", "format": "percent"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "born", "kind": "date"},
        {"name": "at", "kind": "datetime"},
        {"name": "spent", "kind": "duration"},
        {"name": "active", "kind": "boolean"},
        {"name": "phone", "kind": "text", "format": "phone", "calling_code": "+49"},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [THING]


def things(client: Client, field: str) -> list[Any]:
    rows = client.rows("/api/records/thing", sort="name")
    return [row[field] for row in rows]


def german(open_engine: OpenEngine, engine_url: str, prepared: Prepared) -> Client:
    """The same site, whose pages speak German."""
    return Client(build_app(open_engine(locale="de")), prepared.headers(engine_url))


def workbook(*rows: list[Any]) -> bytes:
    """A workbook; a pair is a number in a format."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            value, form = cell if isinstance(cell, tuple) else (cell, None)
            look = book.add_format({"num_format": form}) if form else None
            if isinstance(value, date | time | timedelta):
                sheet.write_datetime(at, place, value, look)
            else:
                sheet.write(at, place, value, look)
    book.close()
    return target.getvalue()


def test_zeros_at_the_end_are_taken(client: Client) -> None:
    imported(
        client,
        "thing",
        "Name,Amount,Price,Whole\nZ1,10.00000000,0.000,5.0\nZ2,1.0000,1250.50000,\n",
    )
    assert things(client, "amount") == ["10.00", "1.00"]
    assert [price["amount"] for price in things(client, "price")] == ["0.00", "1250.50"]
    assert things(client, "whole") == ["5", None]
    made = client.made("thing", name="Z3", amount="3.5000", price="2.500", whole=7.0)
    assert (made["amount"], made["price"]["amount"], made["whole"]) == ("3.50", "2.50", "7")


def test_signs_of_the_own_currency_are_taken_and_others_refused(client: Client) -> None:
    imported(client, "thing", 'Name,Price\nC1,€12.50\nC2,12.50 €\nC3,"€1,234.56"\nC4,EUR 1\n')
    amounts = [price["amount"] for price in things(client, "price")]
    assert amounts == ["12.50", "12.50", "1234.56", "1.00"]
    imported(client, "thing", "name;code;price\nC1;x;1.234,56 €\n", decimal=",")
    refused = sent(client, "thing", "name,price\nC5,$13.50\n")
    assert faults(refused) == [(2, "price", "wrong_currency")]


def test_names_of_months_halves_of_days_and_short_years(client: Client) -> None:
    imported(client, "thing", "Name,Born\nD3,Jan 28 2021\nD4,05-Mar-2026\nD5,12/Mar/26\n")
    assert things(client, "born") == ["2021-01-28", "2026-03-05", "2026-03-12"]
    table = "Name,At\nA1,03/04/2024 10:23:52 AM\nA2,3/5/2026 2:15 PM\n"
    imported(client, "thing", table, dates="mdy")
    table = "Name,At,Born\nA3,2026-03-05T10:00:00.000+0100,31.12.25\n"
    imported(client, "thing", table, dates="dmy")
    rows = client.rows("/api/records/thing", sort="name", where="starts_with(name, 'A')")
    assert [row["at"] for row in rows] == [
        "2024-03-04T10:23:52Z", "2026-03-05T14:15:00Z", "2026-03-05T09:00:00Z",
    ]  # fmt: skip
    assert rows[2]["born"] == "2025-12-31"


def test_a_day_without_an_order_is_asked_for_with_both_readings(client: Client) -> None:
    refused = sent(client, "thing", "Name,Born\nD8,05/03/2026\n")
    assert faults(refused) == [(2, "Born", "no_date_order")]
    said = refused.json()["errors"][0]["message"]
    assert "5 March 2026 (dmy) or 3 May 2026 (mdy)" in said and "`dates`" in said


def test_lengths_without_a_unit_are_asked_for_and_never_seconds(client: Client) -> None:
    table = 'Name,Spent\nH1,1.5\nH2,8\nH3,"20,0"\nH4,1:30\n'
    refused = sent(client, "thing", table)
    assert faults(refused) == [(row, "Spent", "no_unit") for row in (2, 3, 4)]
    assert "`durations`" in refused.json()["errors"][0]["message"]
    imported(client, "thing", table, durations="hours")
    assert things(client, "spent") == [5400, 28800, 72000, 5400]
    assert sent(client, "thing", table, durations="days").status == 422


@pytest.mark.parametrize(
    ("heading", "seconds"),
    [
        ("Spent (hours)", 5400),
        ("spent [min]", 90),
        ("Spent (decimal)", 5400),
        ("Spent (Std.)", 5400),
    ],
)
def test_a_heading_may_say_the_unit_of_lengths(client: Client, heading: str, seconds: int) -> None:
    imported(client, "thing", f"Name,{heading}\nH1,1.5\n")
    assert things(client, "spent") == [seconds]
    imported(client, "thing", "Name,Hours\nH2,0.75\n", map={"Name": "name", "Hours": "spent"})
    assert things(client, "spent") == [seconds, 2700]


def test_numbers_of_a_german_site_are_never_guessed(
    client: Client, open_engine: OpenEngine, engine_url: str, prepared: Prepared
) -> None:
    site = german(open_engine, engine_url, prepared)
    table = "Name;Amount;Price;Born;Active\nW1;1.234,56;12,50;31.12.2025;ja\n"
    table += "W2;7,5;1.000,00;05. März 2026;FALSCH\n"
    imported(site, "thing", table, dates="dmy")
    assert things(site, "amount") == ["1234.56", "7.50"]
    assert [price["amount"] for price in things(site, "price")] == ["12.50", "1000.00"]
    assert (things(site, "born"), things(site, "active")) == (
        ["2025-12-31", "2026-03-05"], [True, False],
    )  # fmt: skip
    for text in ("1,234", "1.234", "12.500"):
        refused = sent(site, "thing", f"name;amount\nW3;{text}\n")
        assert faults(refused) == [(2, "amount", "ambiguous_number")]
        assert "`decimal`" in refused.json()["errors"][0]["message"]
    imported(site, "thing", "name;amount\nW4;1.234\n", decimal=",")
    imported(site, "thing", "name;amount\nW5;1,234\n", decimal=".")
    assert things(site, "amount")[2:] == ["1234.00", "1234.00"]


def test_numbers_of_workbooks_keep_their_point_whatever_the_file_has(client: Client) -> None:
    book = workbook(
        ["name", "amount", "code"], ["X1", 1.25, 4006381333931], ["X2", "1.234,5", 1e18]
    )
    imported(client, "thing", book, decimal=",")
    assert things(client, "amount") == ["1.25", "1234.50"]
    assert things(client, "code") == ["4006381333931", "1000000000000000000"]


def test_noise_of_a_workbook_arrives_as_the_person_saw_it(client: Client) -> None:
    rows = ["N1", 0.30000000000000004, 2.9999999999999996], ["N2", 19.990000000000002, 7.0]
    imported(client, "thing", workbook(["name", "amount", "whole"], *rows))
    table = "\n".join(["name,amount,whole", *(",".join(map(str, row)) for row in rows)])
    imported(client, "thing", table.replace("N", "C"))
    assert things(client, "amount") == ["0.30", "19.99"] * 2
    assert things(client, "whole") == ["3", "7"] * 2


def test_lengths_and_clock_times_of_a_workbook(client: Client) -> None:
    book = workbook(
        ["name", "spent"], ["L1", (timedelta(hours=30, minutes=30), "[h]:mm")],
        ["L2", (time(8, 15), "h:mm")], ["L3", "8:15"],
    )  # fmt: skip
    imported(client, "thing", book)
    assert things(client, "spent") == [109800, 29700, 29700]


def test_line_breaks_in_one_line_are_offered_as_a_space(client: Client) -> None:
    table = 'name,code\n"Ada\nLovelace",1\n"Grace\r\n  Hopper",2\n'
    refused = sent(client, "thing", table)
    assert faults(refused) == [(2, "name", "line_break"), (3, "name", "line_break")]
    assert "`line_breaks`" in refused.json()["errors"][0]["message"]
    imported(client, "thing", table, line_breaks="space")
    assert things(client, "name") == ["Ada Lovelace", "Grace Hopper"]


def test_phone_numbers_with_a_trunk_zero_in_brackets(client: Client) -> None:
    imported(client, "thing", "name,phone\nP1,+49 (0)351 123456\nP2,0049 (0) 351 123456\n")
    assert things(client, "phone") == ["+49351123456"] * 2


def test_percent_cells_of_a_workbook_arrive_as_they_are_shown(client: Client) -> None:
    rows: list[list[Any]] = [
        ["name", "pct"], ["P1", (0.5, "0%")], ["P2", (0.19, "0.00%")], ["P3", (0.125, "0.0 %")],
        ["P4", (0.07, "[Red]0%;-0%")], ["P5", (0.3, '0.0" %"')], ["P6", 25], ["P7", "12.5 %"],
    ]  # fmt: skip
    imported(client, "thing", workbook(*rows))
    shown = ["50.00", "19.00", "12.50", "7.00", "0.30", "25.00", "12.50"]
    assert things(client, "pct") == shown
    table = "name,pct\nQ1,50%\nQ2,19%\nQ3,12.5%\n"
    imported(client, "thing", table)
    assert things(client, "pct")[7:] == ["50.00", "19.00", "12.50"]


def test_percent_cells_below_empty_rows_and_beside_failed_ones(client: Client) -> None:
    rows: list[list[Any]] = [[], [], ["", "name", "pct", "code"], ["", "R1", (0.5, "0%"), "=1/0"]]
    rows.append(["", "R2", (1.1, "0%"), (0.25, "0%")])
    imported(client, "thing", workbook(*rows), headings=3, skip_faults=True, map={
        "name": "name", "pct": "pct",
    })  # fmt: skip
    assert things(client, "pct") == ["50.00", "110.00"]
    imported(client, "thing", workbook(*rows[:3], rows[4]), headings=3, key=["name"])
    assert things(client, "code")[1] == "25%"


def test_a_percentage_in_a_plain_number_is_refused_in_both_files(client: Client) -> None:
    book = workbook(["name", "amount"], ["A", (0.5, "0%")])
    for table in (book, "name,amount\nA,50%\n"):
        refused = sent(client, "thing", table)
        assert faults(refused) == [(2, "amount", "not_a_percentage")]
