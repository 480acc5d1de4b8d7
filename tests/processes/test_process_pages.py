"""The pages of processes: tasks are done from them, the log shows why runs wait."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.app import PASSWORD, Client, Reply
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


def test_the_control_panel_shows_the_tasks_of_a_team_what_is_late_and_the_funnel(
    desk: Desk,
) -> None:
    steps = stages("first", "second", performers=[{"starter": True}])
    desk.admin.define(
        process("panel", steps, ways("start > first", "first > second"), label="Panelled")
    )
    desk.at("2026-09-01T09:00:00+01:00")
    team = desk.admin.made("team", name="Panel team")["id"]
    lead = desk.admin.person("lea@panel.example", "seller", teams=[team])
    one = desk.admin.person("oda@panel.example", "seller", teams=[team])
    other = desk.admin.person("uwe@panel.example", "seller")
    read = [{"object": name, "can": ["read"]}
            for name in ("process_run", "process_task", "deal", "user")]  # fmt: skip
    desk.admin.define({"kind": "role", "name": "leader", "grants": read})
    runs = {
        name: desk.start("panel", desk.deal(name), by=by)["id"]
        for name, by in (("Mast", one), ("Sail", one), ("Keel", lead), ("Buoy", other))
    }
    desk.done(runs["Sail"], "first")
    desk.at("2026-09-20T09:00:00+01:00")
    chief = desk.admin.person("cid@panel.example", "leader", teams=[team])
    page = chief.get("/processes/panel", process="panel")
    assert page.status == 200, page.text
    told = page.text
    assert "Mast" in told and "Keel" in told and "Buoy" not in told
    assert all(
        words in told for words in ("My team", "Panelled", "2 late", "1 late", "25.0 %", "Oda")
    )
    everything = chief.get("/processes/panel", whose="all", process="panel").text
    assert "Buoy" in everything
    late = chief.get("/processes/panel", late="1").text
    assert "Late tasks" in late and "Mast" in late
    lead = desk.admin.signed_in("lea@panel.example", PASSWORD)
    mine = lead.get("/processes", whose="mine", status="all", process="panel").text
    assert "Keel" in mine and "Buoy" not in mine and "Mast" not in mine
    assert "Control panel" in chief.get("/processes").text
    assert lead.get("/processes/panel", whose="all").status == 200
    assert chief.get("/processes/panel", colour="red").status == 400
