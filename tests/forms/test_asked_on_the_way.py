"""A way to another state asks for what it needs, instead of refusing; so do moves of cards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of

HX = {"hx-request": "true"}
JOB: dict[str, Any] = {
    "kind": "object", "name": "job", "label": "Job", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "visit", "label": "Time of the visit", "kind": "datetime"},
        {"name": "done", "label": "What was done", "kind": "long_text"},
        {"name": "hours", "label": "Time spent", "kind": "duration"},
        {"name": "code", "kind": "sequence", "pattern": "J-{0000}"},
        {"name": "trusted", "kind": "boolean"},
        {"name": "status", "kind": "choice", "default": "open", "options": [
            {"name": "open"}, {"name": "planned"}, {"name": "done", "closed": True},
            {"name": "paid", "closed": True}]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "plan", "from": ["open"], "to": "planned", "when": "visit != null",
         "message": "Enter the time of the visit."},
        {"name": "finish", "label": "Finish", "from": ["open", "planned"], "to": "done",
         "needs": ["done"], "ask": ["hours"]},
        {"name": "pay", "from": ["done"], "to": "paid", "when": "trusted",
         "message": "Only trusted jobs."},
    ]},
}  # fmt: skip
HAND = {
    "kind": "role", "name": "hand",
    "grants": [{"object": "job", "can": ["read", "update"],
                "fields": {"hours": "none", "visit": "read"}}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [JOB, HAND]


def test_an_action_that_waits_for_fields_asks_for_them(client: Client) -> None:
    job = client.made("job", name="Pipe")
    page, api = f"/o/job/{job['id']}", f"/api/records/job/{job['id']}"
    shown = client.get(page).text
    assert f'data-ask="{page}/ask?action=plan"' in shown  # it is no longer locked
    assert f'data-ask="{page}/ask?action=finish"' in shown
    form = client.call("GET", f"{page}/ask?action=finish", headers=HX).text
    assert "What was done" in form and "Time spent" in form and "Time of the visit" not in form
    assert "<html" not in form and "<h1" in client.get(f"{page}/ask", action="finish").text

    # Without scripts the press leads to the questions, and what is typed survives a refusal.
    pressed = posted(client, f"{page}/actions/finish", {})
    assert (pressed.status, pressed.headers["location"]) == (303, f"{page}/ask?action=finish")
    asked = {".asked": "done,hours", "done": "", "hours": "1:30"}
    refused = posted(client, f"{page}/actions/finish", asked)
    assert refused.status == 422 and 'value="1:30"' in refused.text
    assert "Finish needs this" in text_of(refused.text)
    asked = {".asked": "done,hours", "done": "New seal", "hours": "x"}
    wrong = posted(client, f"{page}/actions/finish", asked)
    assert wrong.status == 422 and "New seal" in wrong.text and 'value="x"' in wrong.text
    done = posted(client, f"{page}/actions/finish", asked | {"hours": "2:00"})
    assert (done.status, done.headers["location"]) == (303, page)
    now = client.get(api).json()
    assert (now["status"], now["done"]) == ("done", "New seal")
    assert "Only trusted jobs." in client.get(page).text  # what is filled in is not asked for


def test_what_a_way_needs_holds_for_every_writer(client: Client) -> None:
    job = client.made("job", name="Pipe")
    api = f"/api/records/job/{job['id']}"
    for refused in (
        client.patch(api, {"status": "done"}),
        client.patch(api, {"status": "done", "done": "  "}),
        client.post(f"{api}/actions/finish", {}),
        client.patch("/api/records/job", [{"id": job["id"], "status": "done"}]),
    ):
        assert refused.status == 422
        (fault,) = refused.json()["errors"]
        assert fault["pointer"].endswith("/done") and "What was done" in fault["message"]
    assert client.post(f"{api}/actions/finish", {"done": "Seal"}).status == 200
    other = client.made("job", name="Tap", done="Washer")
    assert client.patch(f"/api/records/job/{other['id']}", {"status": "done"}).status == 200


def test_nobody_is_asked_for_what_they_may_not_write(client: Client) -> None:
    hand = client.person("hand@example.com", "hand")
    job = client.made("job", name="Pipe")
    page = f"/o/job/{job['id']}"
    shown = hand.get(page).text
    assert "action=plan" not in shown and "Enter the time of the visit." in shown
    form = hand.call("GET", f"{page}/ask?action=finish&also=hours,visit,code,nothing", headers=HX)
    assert "What was done" in form.text
    assert "Time spent" not in form.text and "Time of the visit" not in form.text
    assert hand.call("GET", f"{page}/ask?to=planned", headers=HX).status == 204


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ({"ask": ["code"]}, "Nobody can be asked"),
        ({"needs": ["status"]}, "Nobody can be asked"),
        ({"needs": ["dune"]}, "Did you mean"),
    ],
)
def test_a_way_asks_for_fields_that_people_fill_in(
    client: Client, way: dict[str, Any], words: str
) -> None:
    states = {"field": "status", "transitions": [
        {"name": "finish", "from": ["open"], "to": "done", **way}]}  # fmt: skip
    refused = client.post("/api/meta/changes", {"documents": [JOB | {"states": states}]})
    assert refused.status == 422 and words in refused.text


@pytest.mark.parametrize("rev", ["²", "٣", "-1", "1.0", "9" * 5000])
def test_a_revision_that_is_none_is_told_and_nothing_is_changed(client: Client, rev: str) -> None:
    """It guards against overwriting, so it is not passed over either."""
    page = f"/o/job/{client.made('job', name='Pipe')['id']}"
    values = {".asked": "done", "done": "Sealed", "name": "Pipe", "rev": rev}
    for place in ("actions/finish", "edit"):
        reply = posted(client, f"{page}/{place}", values)
        assert reply.status == 400 and "revision" in reply.text
    assert client.rows("/api/records/job")[0]["rev"] == 1
