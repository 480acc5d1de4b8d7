"""A button that would only run into the lock of a record is not offered there, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.house import House

SAID = "A sent bill is corrected by a new one."
BILL: dict[str, Any] = {
    "kind": "object",
    "name": "bill",
    "label": "Bill",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "note", "kind": "text"},
        {"name": "amount", "kind": "number", "scale": 0},
        {
            "name": "status",
            "kind": "choice",
            "default": "draft",
            "options": [{"name": "draft"}, {"name": "sent"}, {"name": "paid"}],
        },
    ],
    "states": {
        "field": "status",
        "transitions": [
            {"name": "send", "from": ["draft"], "to": "sent"},
            {"name": "pay", "from": ["sent"], "to": "paid"},
            {"name": "take_back", "from": ["sent"], "to": "draft"},
        ],
    },
    "locked": {"when": "status != 'draft'", "except": ["note"], "message": SAID},
}


def button(name: str, *do: dict[str, Any], **more: Any) -> dict[str, Any]:
    on = {"object": "bill", "button": name.capitalize(), **more}
    return {"kind": "rule", "name": name, "label": name.capitalize(), "on": on, "do": list(do)}


def sets(**values: str) -> dict[str, Any]:
    return {"update": {"set": values}}


ASKED = {"ask": [{"name": "why", "kind": "text"}]}
CLOSED = (
    button("raise", sets(amount="amount + 1")),
    button("pay_now", sets(status="'paid'")),
    button("back_and_raise", sets(status="'draft'", amount="5")),
    button("drop", {"delete": {}}),
    button("ask", sets(amount="5", note="asked.why"), **ASKED),
)
OPEN = (
    button("jot", sets(note="'seen'")),
    button("reopen", sets(status="'draft'")),
    button("then_raise", sets(status="'draft'"), sets(amount="5")),
    button("write", {"create": "letter", "set": {"name": "name"}}),
)


@pytest.fixture
def sent(house: House) -> str:
    """The id of a bill that is sent, and locked."""
    house.define(BILL, *CLOSED, *OPEN)
    bill = house.client.made("bill", name="B-1", amount=1)
    reply = house.client.post(f"/api/records/bill/{bill['id']}/actions/send", {})
    assert reply.status == 200, reply.text
    return str(bill["id"])


def test_what_a_lock_refuses_is_closed_with_its_reason(house: House, sent: str) -> None:
    page = house.client.get(f"/o/bill/{sent}").text
    for rule in CLOSED:
        assert f"/actions/{rule['name']}" not in page, rule["name"]
        reply = house.client.post(f"/api/records/bill/{sent}/actions/{rule['name']}", {})
        assert reply.status == 409, reply.text
        assert reply.json()["errors"][0]["code"] == "locked"
        assert SAID in reply.json()["detail"]
    assert page.count(f'title="This bill is locked. {SAID}" data-do="why-not"') >= len(CLOSED)
    for rule in OPEN:
        assert f"/actions/{rule['name']}" in page, rule["name"]
    assert house.runs("raise") == []


def test_a_draft_offers_them_all(house: House, sent: str) -> None:
    other = house.client.made("bill", name="B-2", amount=1)["id"]
    page = house.client.get(f"/o/bill/{other}").text
    assert all(f"/actions/{rule['name']}" in page for rule in (*CLOSED, *OPEN))
    done = house.client.post(f"/api/records/bill/{other}/actions/raise", {})
    assert done.json()["amount"] == "2"


def test_a_button_that_unlocks_first_does_its_work(house: House, sent: str) -> None:
    reply = house.client.post(f"/api/records/bill/{sent}/actions/then_raise", {})
    assert reply.status == 200, reply.text
    assert reply.json()["amount"] == "5"


def test_a_press_on_many_tells_the_locked_ones_before(house: House, sent: str) -> None:
    other = house.client.made("bill", name="B-2", amount=1)["id"]
    for action in ("raise", "pay"):  # a button, and a transition that stays in the lock
        body = {"ids": [sent, other], "action": action}
        told = house.client.post("/o/bill/bulk/preview", body).json()["refused"]
        assert SAID in next(one["reason"] for one in told if one["id"] == sent)
    body = {"ids": [sent], "action": "take_back"}
    assert house.client.post("/o/bill/bulk/preview", body).json()["refused"] == []
