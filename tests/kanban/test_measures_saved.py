"""What cannot be measured is refused when it is saved; what cannot be shown is left out alone."""

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN

PIN: dict[str, Any] = {"kind": "pin", "name": "due", "label": "Due loans", "object": "loan"}
MORE = [
    {"name": "deposit", "kind": "money"},
    {"name": "score", "kind": "number"},
    {"name": "at", "kind": "datetime"},
]
UNFIT = ["sum(book)", "sum(deposit)", "sum(due)", "sum(at)", "avg(state)", "sum(branch)",
         "max(book)", "avg(due)", "sum(clerk)", "min(deposit)"]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, {**LOAN, "fields": [*LOAN["fields"], *MORE]}]


@pytest.mark.parametrize("measure", UNFIT)
def test_totals_that_cannot_be_added_are_refused_when_saved(client: Client, measure: str) -> None:
    for document, place in (
        ({**DESK, "totals": ["count()", measure]}, "/board/desk/totals/1"),
        ({**PIN, "measure": measure}, "/pin/due/measure"),
    ):
        reply = client.post("/api/meta/changes", {"documents": [document]})
        assert reply.status == 422, reply.text
        (error,) = reply.json()["errors"]
        assert error["pointer"] == place
        assert measure in error["message"]
        assert "deposit" not in measure or ".amount" in error["message"]
    assert client.get("/").status == 200


@pytest.mark.parametrize("measure", ["sum(fee)", "sum(score)", "max(due)", "avg(fee)", "count()"])
def test_totals_that_can_be_added_are_taken(client: Client, measure: str) -> None:
    client.define({**DESK, "totals": [measure]}, {**PIN, "measure": measure})
    assert client.get("/").status == client.get("/boards/desk").status == 200


@pytest.mark.parametrize(
    "pin",
    [
        {"measure": "sum(fee)"},
        {"where": "fee.amount > 1"},
        {"show": "trend", "by": "due", "where": "fee.amount > 1"},
        {"show": "list", "sort": ["fee"], "columns": ["fee", "book"]},
        {"show": "board", "by": "state", "measure": "sum(fee)"},
    ],
)
def test_a_pin_that_a_role_may_not_read_leaves_home_to_everybody(
    client: Client, pin: dict[str, Any]
) -> None:
    grants = [{"object": "loan", "can": ["read"], "fields": {"fee": "none"}}]
    client.define({**PIN, **pin}, {**PIN, "name": "all", "label": "All loans"}, DESK,
                  {"kind": "role", "name": "clerk", "grants": grants})  # fmt: skip
    client.made("loan", book="Emma", fee="3.00")
    clerk = client.person("clerk@example.com", "clerk")
    home = clerk.get("/")
    assert home.status == 200
    assert "Due loans" in home.text and "All loans" in home.text
    assert "It uses something that is gone, or that you may not read." in home.text
    assert "3.00" not in home.text
    assert "may not read" not in client.get("/").text
    assert clerk.get("/boards/desk").status == 200
    assert "3.00" not in clerk.get("/boards/desk").text


def test_a_list_pin_shows_the_columns_that_one_may_read(client: Client) -> None:
    grants = [{"object": "loan", "can": ["read"], "fields": {"fee": "none"}}]
    client.define({**PIN, "show": "list", "columns": ["book", "fee"]},
                  {"kind": "role", "name": "clerk", "grants": grants})  # fmt: skip
    client.made("loan", book="Emma", fee="3.00")
    clerk = client.person("clerk@example.com", "clerk")
    home = clerk.get("/").text
    assert "Emma" in home and "3.00" not in home and "may not read" not in home
