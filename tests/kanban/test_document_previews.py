"""What a document would show before it is saved, and fields that nobody has placed yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN

LAYOUT: dict[str, Any] = {
    "kind": "form", "name": "loan_main", "object": "loan",
    "sections": [{"name": "what", "label": "What", "fields": ["book", "state"]}],
}  # fmt: skip
BUILDER = {
    "kind": "role", "name": "builder", "meta": ["read", "write"], "grants": [
        {"object": "loan", "can": ["read"], "fields": {"fee": "none"}},
        {"object": "branch", "can": ["read"]},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, DESK, LAYOUT, BUILDER]


def drafted(client: Client, kind: str, name: str, body: dict[str, Any]) -> Any:
    reply = client.post(f"/studio/{kind}/{name}/preview", {"body": body})
    assert reply.status == 200, reply.text
    return reply.json()


def test_drafts_are_shown_without_being_saved(client: Client) -> None:
    north = client.made("branch", name="North")["id"]
    client.made("loan", book="Emma", branch=north, fee="1.50", due="2031-01-01")
    by_branch = {**DESK, "columns": {"by": "branch"}, "where": ""}
    del by_branch["where"], by_branch["swimlanes"]
    shown = drafted(client, "board", "desk", by_branch)["html"]
    assert 'data-label="North"' in shown and "Emma" in shown
    closed = {**DESK, "where": "state.closed == true"}
    assert 'data-label="Back"' in drafted(client, "board", "desk", closed)["html"]
    assert client.get("/api/meta/board/desk").json()["columns"]["by"] == "state"
    view = {"kind": "view", "label": "New", "object": "loan", "columns": ["due"],
            "where": "book == 'Emma'"}  # fmt: skip
    rows = drafted(client, "view", "new", view)
    assert "1 Jan 2031" in rows["html"] and rows["count"] == "1"
    pin = {"kind": "pin", "label": "Fees", "object": "loan", "measure": "sum(fee)"}
    assert "€1.50" in drafted(client, "pin", "new", pin)["html"]
    page = drafted(client, "form", "loan_main", LAYOUT)
    assert page["values"]["book"] == "Emma" and "North" in page["values"]["branch"]
    assert page["title"] == "L-001 Emma"


def test_a_draft_that_is_not_valid_says_why(client: Client) -> None:
    for body in ({**DESK, "columns": {"by": "fee"}}, {**DESK, "where": "nothing > 1"}, {}):
        reply = client.post("/studio/board/desk/preview", {"body": body})
        assert reply.status == 422, reply.text
    assert client.post("/studio/rule/new/preview", {"body": {}}).status == 404
    assert client.post("/studio/board/desk/preview", {"body": 1}).status == 422


def test_a_preview_shows_its_author_nothing_that_is_hidden(client: Client) -> None:
    client.made("loan", book="Emma", fee="7.77")
    builder = client.person("rita@example.com", "builder")
    page = drafted(builder, "form", "loan_main", LAYOUT)
    assert "fee" not in page["values"]
    for kind, body in (
        ("view", {"kind": "view", "label": "A", "object": "loan", "columns": ["book", "fee"]}),
        ("pin", {"kind": "pin", "label": "A", "object": "loan", "measure": "sum(fee)"}),
    ):
        reply = builder.post(f"/studio/{kind}/new/preview", {"body": body})
        assert "7.77" not in reply.text


def test_new_fields_stand_in_a_section_until_somebody_places_them(client: Client) -> None:
    record = client.made("loan", book="Emma", fee="1.50")["id"]

    def seen() -> str:
        return client.get(f"/o/loan/{record}").text

    assert "New fields" not in seen()  # a layout that says nothing of others leaves them off
    whole = {**LAYOUT, "off": ["number", "branch", "clerk", "due"]}
    assert client.put("/api/meta/form/loan_main", whole).status == 200
    assert "New fields" in seen() and "Fee" in seen()
    placed = {**whole, "sections": [{**LAYOUT["sections"][0], "fields": ["book", "state", "fee"]}]}
    assert client.put("/api/meta/form/loan_main", placed).status == 200
    assert "New fields" not in seen() and "Fee" in seen()
    client.define({**LOAN, "fields": [*LOAN["fields"], {"name": "shelf", "kind": "text"}]})
    client.patch(f"/api/records/loan/{record}", {"shelf": "B 12"})
    assert "New fields" in seen() and "B 12" in seen()
    assert client.put("/api/meta/form/loan_main", {**placed, "off": ["nothing"]}).status == 422
