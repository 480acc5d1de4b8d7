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
}


def walked(client: Client, process: str, record: str) -> list[str]:
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
        if task["stage"] in FILLED or task["stage"] == "install":
            done = client.post(f"{path}/action", FILLED.get(task["stage"], {}))
            assert done.status in (200, 201), done.text
        ended = client.post(f"{path}/complete", {})
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
