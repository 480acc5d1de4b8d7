"""The portal: a customer's person sees their own things, reports a problem and talks about it."""

from __future__ import annotations

import re

import pytest

from tests.app import PASSWORD, Client
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of


@pytest.fixture
def jane(client: Client) -> Client:
    harrow = client.made("account", name="Harrow Legal")["id"]
    contact = client.made("contact", name="Jane Mercer", email="j@harrow.example", account=harrow)
    other = client.made("account", name="Castle Dental")["id"]
    client.made("ticket", subject="Somebody else's", account=other)
    client.made("ticket", subject="Screen is dark", account=harrow)
    client.made(
        "user", email="j@harrow.example", name="Jane Mercer", roles=["customer_contact"],
        contact=contact["id"], password=PASSWORD,
    )  # fmt: skip
    return client.signed_in("j@harrow.example", PASSWORD)


def test_their_own_things_stand_on_home_and_nothing_is_said_to_be_missing(jane: Client) -> None:
    for path in ("/", "/work", "/o/ticket"):
        said = text_of(jane.get(path).text)
        assert "Screen is dark" in said and "Somebody else" not in said, path
        assert "cannot be shown" not in said, path
    assert "Open tickets 1" in text_of(jane.get("/").text)
    links = re.findall(r'<a[^>]* href="(/[^"#]*)"', jane.get("/").text)
    for link in {link.replace("&amp;", "&") for link in links}:
        assert jane.call("GET", link).status in (200, 303), link


def test_a_report_is_theirs_and_is_talked_about(client: Client, jane: Client) -> None:
    form = jane.get("/o/ticket/new").text
    assert re.search(r"<option value=\"[^\"]+\" selected>Harrow Legal</option>", form)
    assert re.search(r"<option value=\"[^\"]+\" selected>Jane Mercer</option>", form)
    sent = {"subject": "No toner", "impact": "one"}
    sent |= {
        name: value
        for name in ("account", "contact")
        for value in re.findall(rf'name="{name}".*?<option value="([^"]+)" selected', form, re.S)
    }
    made = posted(jane, "/o/ticket/new", sent)
    assert made.status == 303, text_of(made.text)
    page = made.headers["location"]
    path = f"/api/records{page.removeprefix('/o')}/comments"
    said = jane.post(path, {"text": "It is the second one"})
    assert said.status == 201 and said.json()["public"] is True

    assert client.post(path, {"text": "Do they pay?"}).status == 201
    assert client.post(path, {"text": "We bring some", "public": True}).status == 201
    assert [c["text"] for c in jane.rows(path)] == ["We bring some", "It is the second one"]
    shown = text_of(jane.get(page).text)
    assert "We bring some" in shown and "Do they pay" not in shown
    assert "Internal note" in text_of(client.get(page).text) and "Internal note" not in shown
    told = jane.rows("/api/notifications")
    assert [one["title"].partition(":")[0] for one in told] == ["Administrator replied"]
    mine = {c["text"]: c["id"] for c in client.rows(path)}
    assert jane.patch(f"{path}/{mine['Do they pay?']}", {"text": "x"}).status in (403, 404)
    assert jane.delete(f"{path}/{mine['We bring some']}").status == 403


def test_a_reply_of_the_customer_is_seen_by_the_clock(client: Client, jane: Client) -> None:
    level = client.made("service_level", name="Usual", code="usual", calendar="round_the_clock")
    client.made(
        "service_target", name="All", service_level=level["id"], calendar="round_the_clock",
        respond=3600, reply=7200, resolve=36000,
    )  # fmt: skip
    (own,) = jane.rows("/api/records/ticket")
    path = f"/api/records/ticket/{own['id']}"
    client.patch(path, {"priority": "high"})
    assert client.post(f"{path}/actions/start", {}).status == 200
    assert client.post(f"{path}/actions/ask_customer", {}).status == 200
    assert jane.post(f"{path}/comments", {"text": "It is still dark"}).status == 201
    seen = client.get(path).json()
    assert (seen["status"], seen["next_reply_state"]) == ("replied", "running")
    assert seen["next_reply_due"] is not None and seen["resolve_state"] == "running"
    assert client.post(f"{path}/actions/start", {}).status == 200
    assert client.get(path).json()["next_reply_state"] == "met"
    assert "next_reply_due" not in jane.get(path).json()
