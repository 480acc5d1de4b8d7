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


@pytest.fixture
def documents() -> Documents:
    return tuple(EXAMPLES)


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
