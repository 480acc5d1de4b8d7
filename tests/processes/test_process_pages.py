"""The pages of processes: tasks are done from them, the log shows why runs wait."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.app import Client, Reply
from tests.processes.desk import Desk, Json, process, stages, task_of, ways

REVIEW = process(
    "review",
    [
        {
            "name": "write",
            "label": "Write an offer",
            "instructions": "Ask what they need.",
            "performers": [{"role": "seller"}],
            "main_action": {"create": "offer", "set": {"deal": "record"}, "must": True},
        },
        {"name": "agree", "main_action": {"approve": True, "must": True}},
        *stages("send"),
    ],
    [
        *ways("start > write", "write > agree", "agree > send: Yes", "agree > write: No"),
        *ways("send > end"),
    ],
    label="Review of a deal",
    about="So that no offer is wrong.",
)


@pytest.fixture(scope="module")
def seller(desk: Desk) -> Client:
    desk.admin.define(REVIEW)
    return desk.admin.person("sid@example.com", "seller")


def posted(client: Client, path: str, **fields: str) -> Reply:
    """The answer to the form of a page."""
    body = urlencode({"csrf": client.headers["x-csrf-token"], **fields}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=kind)


def test_a_task_is_done_from_its_page(desk: Desk, seller: Client) -> None:
    run = desk.start("review", desk.deal("Crane"), by=seller)
    task = task_of(run, "write")["id"]
    work = seller.get("/work").text
    assert "Write an offer: Crane" in work and f"/processes/tasks/{task}" in work
    page = seller.get(f"/processes/tasks/{task}")
    for words in ("Ask what they need.", "So that no offer is wrong.", "Needed to complete",
                  "<svg", "Crane", "What comes next"):  # fmt: skip
        assert words in page.text, words
    refused = posted(seller, f"/processes/tasks/{task}/step", step="complete")
    assert (refused.status, "Create the offer from this task" in refused.text) == (422, True)
    missing = posted(seller, f"/processes/tasks/{task}/action", name="Offer")
    assert (missing.status, "Price is required" in missing.text) == (422, True)
    assert posted(seller, f"/processes/tasks/{task}/action", name="Offer", price="7").status == 303
    assert posted(seller, f"/processes/tasks/{task}/step", step="complete").status == 303
    assert "Completed" not in seller.get("/work").text
    agree = task_of(desk.run(run["id"]), "agree")["id"]
    path = f"/processes/tasks/{agree}"
    assert posted(seller, f"{path}/action", approved="true", note="Fine").status == 303
    wrong = posted(seller, f"{path}/step", step="complete", outcome="Perhaps")
    assert (wrong.status, "is not an outcome" in wrong.text) == (422, True)
    assert posted(seller, f"{path}/step", step="complete", outcome="Yes").status == 303
    assert "Approved" in seller.get(path).text


def test_the_log_shows_runs_their_maps_and_why_they_wait(desk: Desk, seller: Client) -> None:
    run: Json = desk.start("review", desk.deal("Hoist"), by=seller)
    page = desk.admin.get(f"/processes?run={run['id']}").text
    assert "Hoist" in page and 'data-state="current"' in page
    assert "Write an offer waits for somebody with the role Seller." in page
    stranger = desk.admin.person("stan@example.com")
    assert "Hoist" not in stranger.get("/processes").text
    assert stranger.get(f"/processes?run={run['id']}").status == 404
    assert stranger.get(f"/processes/tasks/{run['tasks'][0]['id']}").status == 404
    assert "Process log" not in seller.get("/").text and "Process log" in desk.admin.get("/").text
    analysis = desk.admin.get("/processes/analysis?process=review").text
    assert "Write an offer" in analysis and "Review of a deal" in analysis


def test_records_tasks_and_the_studio_show_processes(desk: Desk, seller: Client) -> None:
    deal = desk.deal("Winch")
    run = desk.start("review", deal, by=seller)
    record = seller.get(f"/o/deal/{deal}?related=processes").text
    assert "Review of a deal" in record and "waits for somebody" in record
    task = seller.get(f"/o/process_task/{run['tasks'][0]['id']}?related=map").text
    assert "Open the task" in task and "<svg" in task
    assert "Review of a deal" in desk.admin.get("/studio/objects/deal?tab=process").text
    shown = desk.admin.post("/studio/process/review/preview", {"body": REVIEW})
    assert "data-stage=" in shown.json()["html"]
