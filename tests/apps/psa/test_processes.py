"""The processes of the app run from their first stage to their last one."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from tests.app import Client

Json = dict[str, Any]
pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
MONEY = {"amount": "900.00", "currency": "GBP"}
# What is filled in on the way of each stage whose main action asks for it.
FILLED: dict[str, Json] = {
    "understand": {"root_cause": "The wrong toner was sent."},
    "propose": {"workaround": "We send the right one for free."},
    "agree": {"approved": True},
    "terms": {"terms": "days_14", "invoice_email": "pay@harrow.example"},
    "solution": {"note": "Two printers."},
    "price": {"amount": MONEY},
    "install": {},
    "offer": {},
    "extend": {"ends": "2031-01-01"},
    "done": {"approved": True},
    "billing": {},
    "look_through": {"approved": True},
    "close": {"books_closed_until": "2026-07-01"},
    "call": {"note": "They want ten printers.", "interest": "warm"},
    "proposal": {},
}


def walked(
    client: Client, process: str, record: str, outcomes: Json | None = None, **filled: Json
) -> list[str]:
    """The stages that a run passes when everything that is asked for is done."""
    started = client.post(f"/api/processes/{process}/runs", {"subject": record})
    assert started.status in (200, 201), started.text
    run = started.json()["id"]
    passed: list[str] = []
    for _ in range(12):
        run_pending(client.app.engine)
        told = client.get(f"/api/processes/runs/{run}").json()
        opened = [one for one in told["tasks"] if one["status"] in ("open", "taken", "part")]
        if not opened:
            assert told["status"] == "done", told
            return passed
        task = opened[0]
        path = f"/api/processes/tasks/{task['id']}"
        asked = {**FILLED, **filled}
        if task["stage"] in asked:
            done = client.post(f"{path}/action", asked[task["stage"]])
            assert done.status in (200, 201), done.text
        chosen = (outcomes or {}).get(task["stage"])
        ended = client.post(f"{path}/complete", {"outcome": chosen} if chosen else {})
        assert ended.status == 200, ended.text
        passed.append(task["stage"])
    raise AssertionError(passed)


def test_each_process_comes_to_its_end(psa: Client) -> None:
    me = {"user": psa.get("/api/me").json()["id"]}
    account = psa.made("account", name="Harrow Legal LLP", currency="GBP", manager=me)["id"]
    ticket = psa.made(
        "ticket", subject="Wrong toner", account=account, assignee=me, contact_email="j@example.com"
    )["id"]
    assert walked(psa, "complaint", ticket) == ["understand", "propose", "agree", "answer"]
    wish = psa.made("opportunity", name="Printers", account=account, manager=me)["id"]
    bought = walked(psa, "dealer_purchase", wish)
    assert bought == ["solution", "price", "agree", "install"]
    passed = walked(psa, "on_boarding", account)
    assert passed[:2] == ["terms", "prepare"] and passed[-1] == "check" and len(passed) == 5


def test_processes_of_customers_people_and_months_come_to_their_end(psa: Client) -> None:
    me = {"user": psa.get("/api/me").json()["id"]}
    entity = psa.made("legal_entity", name="Tidewell", currency="GBP")["id"]
    account = psa.made(
        "account", name="Harrow", currency="GBP", manager=me, entity=entity, interest="hot"
    )["id"]
    called = walked(psa, "call_prospects", account, {"call": "Prepare a proposal"})
    assert called == ["call", "proposal"]
    contract = psa.made("contract", name="Care", account=account, ends="2030-01-01")["id"]
    renewed = walked(psa, "contract_renewal", contract, {"talk": "New terms"})
    assert renewed == ["look", "talk", "offer", "extend"]
    wishes = psa.rows("/api/records/opportunity", where=f"account == '{account}'", sort="name")
    assert [one["name"] for one in wishes] == ["Proposal for Harrow", "Renewal: Care"]
    skill = psa.made("skill", name="Printers")["id"]
    papers = {"entity": entity, "capacity": "37.5", "starts": "2026-06-01"}
    resource = psa.made("resource", user=me, manager=me)["id"]
    started = walked(psa, "starter", resource, papers=papers, skills={"skills": [skill]})
    assert started[:2] == ["papers", "prepare"] and started[-1] == "welcome" and len(started) == 6
    left = walked(psa, "leaver", resource)
    assert left == ["plan", "hand_over", "accounts", "pay", "done"]
    closed = walked(psa, "month_end", entity)
    assert closed[-3:] == ["billing", "look_through", "close"] and len(closed) == 6
    (run,) = psa.rows("/api/records/billing_run", where=f"entity == '{entity}'")
    assert run["note"] == "Month-end close"
    books = psa.get(f"/api/records/legal_entity/{entity}").json()
    assert books["books_closed_until"] == "2026-07-01"


def test_a_discount_above_the_limit_is_approved_before_the_quote_is_sent(psa: Client) -> None:
    me = {"user": psa.get("/api/me").json()["id"]}
    account = psa.made("account", name="Quill", currency="GBP", manager=me)["id"]
    product = psa.made(
        "product", code="P1", name="Printer", behaviour="one_off", price=MONEY, cost=MONEY
    )["id"]
    quote = psa.made("quote", name="Printers", account=account, manager=me, discount="20")["id"]
    psa.made("quote_line", quote=quote, product=product, description="Printer", quantity="1")
    path = f"/api/records/quote/{quote}"
    pressed = psa.post(f"{path}/actions/ask_approval", {})
    assert pressed.status == 200, pressed.text
    (run,) = psa.rows("/api/processes/quote_approval/runs")
    task = psa.get(f"/api/processes/runs/{run['id']}").json()["tasks"][0]["id"]
    early = psa.post(f"/api/processes/tasks/{task}/complete", {})
    assert early.status == 409 and "needs status == 'approved'" in early.json()["detail"]
    decided = psa.post(f"/api/processes/tasks/{task}/action", {"status": "approved"})
    assert decided.status == 201, decided.text
    assert psa.get(path).json()["status"] == "approved"
    assert psa.post(f"/api/processes/tasks/{task}/complete", {}).status == 200
    tasks = psa.get(f"/api/processes/runs/{run['id']}").json()["tasks"]
    assert [(one["stage"], one["status"]) for one in tasks] == [
        ("decide", "done"), ("send", "open"),
    ]  # fmt: skip
