"""Exports for people: words as on the page, and in a workbook values that add up and sort."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.app import Client, Documents

MEMBER: dict[str, Any] = {
    "kind": "object",
    "name": "member",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "teacher", "kind": "lookup", "to": "member"},
    ],
}
LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "L-{000}"},
        {"name": "member", "label": "Lent to", "kind": "lookup", "to": "member"},
        {"name": "helpers", "kind": "multi_lookup", "to": "member"},
        {"name": "source", "kind": "any_lookup", "to": ["member", "loan"]},
        {"name": "clerk", "kind": "person", "accepts": ["user", "team"]},
        {"name": "due", "label": "Due back", "kind": "date"},
        {"name": "at", "label": "Lent at", "kind": "datetime"},
        {"name": "read_at", "kind": "datetime", "zone": "Asia/Tokyo", "precision": "second"},
        {"name": "spent", "label": "Time spent", "kind": "duration"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "deposit", "kind": "money"},
        {"name": "share", "kind": "number", "format": "percent", "scale": 1},
        {"name": "pages", "kind": "number", "scale": 0, "unit": "pages"},
        {"name": "long_no", "kind": "number", "scale": 0},
        {"name": "state", "kind": "choice",
         "options": [{"name": "out", "label": "Lent out"}, {"name": "back", "label": "Returned"}]},
        {"name": "marks", "kind": "multi_choice",
         "options": [{"name": "wet", "label": "Got wet"}, {"name": "torn", "label": "Torn"}]},
        {"name": "paid", "kind": "boolean", "yes": "Paid", "no": "Open"},
        {"name": "twice", "kind": "calculated", "result": "money", "formula": "fee * 2"},
        {"name": "note", "kind": "long_text"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [MEMBER, LOAN]


def exported(client: Client, **query: str) -> tuple[list[list[Any]], list[list[str]]]:
    """The rows of the workbook and of the CSV."""
    path = "/api/records/loan/export"
    book = client.get(path, format="xlsx", **{"for": "people"}, sort="number", **query)
    assert book.status == 200, book.text
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_index(0).to_python()
    text = client.get(path, format="csv", **{"for": "people"}, sort="number", **query)
    return rows, list(csv.reader(io.StringIO(text.body.decode("utf-8-sig"))))


def test_a_workbook_for_people_has_the_words_of_the_page_and_values_that_add_up(
    client: Client,
) -> None:
    ann, ben = (client.made("member", name=name, code=name) for name in ("Ann", "=Ben"))
    team = client.made("team", name="Desk")
    client.made(
        "loan", member=ann["id"], helpers=[ann["id"], ben["id"]],
        source={"object": "member", "id": ben["id"]}, clerk={"team": team["id"]},
        due="2026-11-13", at="2026-11-13T14:21:00Z", read_at="2026-11-13T20:00:05Z",
        spent=94_500, fee="-12.50", deposit={"amount": "1200", "currency": "JPY"}, share="12.5",
        pages="1200", long_no="1234567890123456", state="out", marks=["wet", "torn"], paid=True,
        note="=1+1",
    )  # fmt: skip
    client.made("loan")
    (heads, full, _), (_, words, _) = exported(client)
    assert heads == [
        "Number", "Lent to", "Helpers", "Source", "Clerk", "Due back", "Lent at",
        "Read at (Asia/Tokyo)", "Time spent", "Fee", "Deposit", "Share", "Pages", "Long no",
        "State", "Marks", "Paid", "Twice", "Note",
    ]  # fmt: skip
    assert full == [
        "L-001", "Ann", "Ann, =Ben", "=Ben", "Desk", date(2026, 11, 13),
        datetime(2026, 11, 13, 14, 21), datetime(2026, 11, 14, 5, 0, 5), timedelta(seconds=94_500),
        -12.5, 1200.0, 0.125, 1200.0, "1234567890123456", "Lent out", "Got wet, Torn", "Paid",
        -25.0, "=1+1",
    ]  # fmt: skip
    assert words == [
        "L-001", "Ann", "Ann, =Ben", "'=Ben", "Desk", "2026-11-13", "2026-11-13 14:21",
        "2026-11-14 05:00:05", "26:15", "-12.50", "1200 JPY", "12.5%", "1200", "1234567890123456",
        "Lent out", "Got wet, Torn", "Paid", "-25.00 EUR", "'=1+1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "heads", "cells"),
    [
        ("member.name,member.code", ["Lent to", "Lent to › Code"], ["Ann", "A"]),
        ("title,member", ["Title", "Lent to"], ["L-001", "Ann"]),
        ("member.teacher.name,fee", ["Lent to › Teacher", "Fee"], ["Old", 3.0]),
        ("created_by,fee", ["Created by", "Fee"], ["Administrator", 3.0]),
    ],
)
def test_columns_behind_look_ups_are_named_as_in_lists(
    client: Client, fields: str, heads: list[str], cells: list[Any]
) -> None:
    old = client.made("member", name="Old")
    ann = client.made("member", name="Ann", code="A", teacher=old["id"])
    client.made("loan", member=ann["id"], fee="3")
    found, _ = exported(client, fields=fields)
    assert found == [heads, cells]


def test_titles_that_the_reader_may_not_see_are_left_out(client: Client) -> None:
    ann = client.made("member", name="Ann")
    client.made("loan", member=ann["id"], fee="3")
    grants = [{"object": "loan", "can": ["read", "export"], "fields": {"fee": "none"}}]
    client.define({"kind": "role", "name": "guest", "grants": grants})
    guest = client.person("guest@example.com", "guest")
    rows, words = exported(guest)
    assert "Fee" not in rows[0]
    assert "Ann" not in str(rows) + str(words)
    assert guest.get(
        "/api/records/loan/export", fields="fee", **{"for": "people"}
    ).status == 400  # fmt: skip


@pytest.mark.parametrize(("day", "kept"), [("1900-03-01", True), ("1899-12-31", False)])
def test_days_that_no_spreadsheet_knows_stay_texts(client: Client, day: str, kept: bool) -> None:
    client.made("loan", due=day)
    rows, _ = exported(client, fields="due")
    assert rows[1] == [date.fromisoformat(day) if kept else day]


def test_a_text_longer_than_a_cell_says_so_at_its_end(client: Client) -> None:
    client.made("loan", note="x" * 40_000)
    rows, words = exported(client, fields="note")
    assert rows[1][0].endswith("(too long for a cell; export as CSV)")
    assert len(words[1][0]) == 40_000


@pytest.mark.parametrize("query", [{"for": "machines"}, {"for": "people", "format": "jsonl"}])
def test_a_form_that_is_not_there_is_refused(client: Client, query: dict[str, str]) -> None:
    assert client.get("/api/records/loan/export", **query).status == 400


def test_a_list_offers_what_it_shows_and_everything_to_edit(client: Client) -> None:
    page = client.get("/o/loan").text
    for words in ("Export to Excel", "Export as CSV", "Export all fields to edit and import"):
        assert words in page
