"""Boards and views that ask of a field which somebody may not read, as they have them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN

WHERE = "fee.amount > 1"


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN]


@pytest.fixture
def clerk(client: Client) -> Client:
    rights = {"object": "loan", "can": ["read", "create", "update"], "fields": {"fee": "none"}}
    client.define({"kind": "role", "name": "clerk", "grants": [rights]})
    for name, fee in (("Dune", "1.00"), ("Emma", "3.00"), ("Kim", "2.00")):
        client.made("loan", book=name, fee=fee)
    return client.person("carl@example.com", "clerk")


def board(**more: Any) -> dict[str, Any]:
    return {**DESK, "columns": {"by": "state"}, "swimlanes": {"by": "branch"}, **more}


def books(client: Client) -> list[str]:
    read = client.get("/api/boards/desk")
    assert read.status == 200, read.text
    return [record["book"] for record in read.json()["columns"][0]["records"]]


@pytest.mark.parametrize(
    ("sort", "shown"),
    [(["-fee"], None), (["fee", "-book"], ["Kim", "Emma", "Dune"]), (["-book", "fee"], None)],
)
def test_an_order_that_one_may_not_read_is_left_out(
    client: Client, clerk: Client, sort: list[str], shown: list[str] | None
) -> None:
    client.define(board(sort=sort))
    assert sorted(books(clerk)) == ["Dune", "Emma", "Kim"]
    assert shown is None or books(clerk) == shown
    page = clerk.get("/boards/desk")
    assert page.status == 200 and "Emma" in page.text and "fee" not in page.told.lower()
    first = clerk.get("/api/boards/desk", limit="2").json()["columns"][0]
    rest = clerk.get("/api/boards/desk", column="asked", cursor=first["next"]).json()["columns"][0]
    assert len({r["id"] for r in (*first["records"], *rest["records"])}) == 3
    moved = clerk.post("/api/boards/desk/move", {"id": first["records"][0]["id"], "column": "out"})
    assert moved.status == 200, moved.text


def test_a_quick_filter_that_one_may_not_use_is_left_out(client: Client, clerk: Client) -> None:
    quick = [{"name": "dear", "where": WHERE}, {"name": "old", "where": "due < today()"}]
    client.define(board(filters=quick))
    assert "filter=dear" in client.get("/boards/desk").text
    page = clerk.get("/boards/desk").text
    assert "filter=dear" not in page and "filter=old" in page
    assert clerk.get("/boards/desk", filter="dear").status == 404
    assert clerk.get("/boards/desk", filter="old").status == 200


def test_a_board_that_one_may_not_ask_for_is_nowhere(client: Client, clerk: Client) -> None:
    client.define(board(where=WHERE))
    assert 'href="/boards/desk"' in client.get("/").text
    assert 'href="/boards/desk"' not in clerk.get("/").text
    assert clerk.get("/boards/desk").status == clerk.get("/api/boards/desk").status == 404
    assert clerk.rows("/api/boards") == []


def test_a_view_that_one_may_not_ask_for_is_nowhere(client: Client, clerk: Client) -> None:
    view = {"kind": "view", "name": "dear", "object": "loan", "label": "Dear ones",
            "columns": ["book"], "where": WHERE}  # fmt: skip
    client.define(view)
    assert "Dear ones" in client.get("/o/loan").text
    for address in ("/o/loan", "/o/loan?view=dear"):
        page = clerk.get(address)
        assert page.status == 200
        assert "Dear ones" not in page.text and "fee" not in page.told.lower()
        assert "Dune" in page.text and "Emma" in page.text
