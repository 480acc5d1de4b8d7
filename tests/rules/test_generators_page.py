"""The examples of docs/generators.md: they are sound, and do what the page says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from metamodel.document_files import parse_documents
from tests.app import Documents
from tests.house.test_tree import ROOT
from tests.rules.house import House

PAGE = (ROOT / "docs" / "generators.md").read_text()
EXAMPLES: list[dict[str, Any]] = [
    document
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for document in parse_documents(block)
]


YEARLY = next(one for one in EXAMPLES if one["name"] == "yearly_fee")  # counts from its own day


@pytest.fixture
def documents() -> Documents:
    return tuple(one for one in EXAMPLES if one["name"] != YEARLY["name"])


def test_the_example_of_the_page_works(house: House) -> None:
    client = house.client
    reader = client.made("reader", name="Ada")["id"]
    for reason, amount in (("late", "2.00"), ("late", "3.50"), ("lost", "20.00")):
        client.made(
            "fine", reason=reason, reader=reader, amount={"amount": amount, "currency": "EUR"}
        )
    path = f"/api/records/reader/{reader}/actions/write_statement"
    assert client.post(path, {}).status == 200
    (statement,) = client.rows("/api/records/statement")
    assert statement["total"]["amount"] == "25.50"
    lines = client.rows("/api/records/statement_line", sort="text")
    assert [(one["text"], one["amount"]["amount"]) for one in lines] == [
        ("late: 2", "5.50"),
        ("lost: 1", "20.00"),
    ]
    assert client.post(path, {}).status == 200
    assert len(client.rows("/api/records/statement")) == 1


def test_the_example_of_periods_runs_for_each(house: House) -> None:
    house.define(YEARLY)
    house.client.made("reader", name="Ada", joined="2024-06-20", left="2026-08-01")
    house.work()
    found = house.client.rows("/api/records/fine", sort="reason")
    assert [one["reason"] for one in found] == [
        "Fee from 2024-06-20",
        "Fee from 2025-06-20",
        "Fee from 2026-06-20",
    ]


def test_the_example_of_assignments_gives_to_who_has_least(house: House) -> None:
    clerks = [house.person(f"{name}@example.org", "clerk") for name in ("ada", "ben")]
    for text in ("a", "b", "c"):
        house.client.made("request", text=text)
        house.work()
    rows = house.client.rows("/api/records/request", sort="text")
    assert [one["assignee"]["user"] for one in rows] == [*clerks, clerks[0]]
