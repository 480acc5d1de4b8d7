"""What is asked on the way, in a real browser: look-ups on a slow line, actions, cards, replies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.access import DESK, PHONE, access_faults
from tests.app import PASSWORD, Prepared
from tests.browser import limited
from tests.studio_desk import StudioDesk, studio_desk

SLOW = 0.4  # seconds of an answer, longer than anybody waits before Enter
GUEST = "guest@example.com"
SITE: dict[str, Any] = {
    "kind": "object", "name": "site", "label": "Site", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True},
               {"name": "town", "kind": "text", "required": True}],
}  # fmt: skip
JOB: dict[str, Any] = {
    "kind": "object", "name": "job", "label": "Job", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "site", "kind": "lookup", "to": "site"},
        {"name": "note", "kind": "text"},
        {"name": "hand", "kind": "person", "accepts": ["user"]},
        {"name": "second", "label": "Second site", "kind": "lookup", "to": "site"},
        {"name": "done", "label": "What was done", "kind": "long_text"},
        {"name": "bill", "label": "Bill", "kind": "text"},
        {"name": "status", "kind": "choice", "default": "open", "options": [
            {"name": "open"}, {"name": "done"}, {"name": "paid", "closed": True}]},
    ],
    "work": {"assignee": "hand"},
    "states": {"field": "status", "transitions": [
        {"name": "finish", "label": "Finish", "from": ["open"], "to": "done",
         "needs": ["done"], "ask": ["second"]},
        {"name": "pay", "label": "Pay", "from": ["done"], "to": "paid"}]},
    "logic": [{"field": "bill", "required": "status == 'paid'"}],
}  # fmt: skip
BOARD = {"kind": "board", "name": "jobs", "object": "job", "columns": {"by": "status"},
         "card": {"title": "name"}}  # fmt: skip
CALLER = {
    "kind": "role", "name": "caller",
    "grants": [{"object": "job", "can": ["read", "create", "reply"]}],
}  # fmt: skip
DOCUMENTS = (SITE, JOB, BOARD, CALLER)


@pytest.fixture(scope="module")
def shop(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("shop"), documents=DOCUMENTS)


@pytest.fixture
def desk(shop: None, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[StudioDesk]:
    with studio_desk(prepared, browser, tmp_path, documents=DOCUMENTS) as made:
        for name, town in (("Abbey", "Bath"), ("Harbour", "Hull"), ("Mill", "Leeds")):
            made.api.post("/api/records/site", json={"name": name, "town": town}).raise_for_status()
        yield made


def test_look_ups_take_what_was_typed_and_create_what_is_not_there(desk: StudioDesk) -> None:
    page = desk.page
    page.route("**/lookup/**", _late)
    page.goto("/o/job/new")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.fill("#f-name", "Roof")
    page.fill("#f-note", "wet")
    site = page.locator("[data-field=site]")
    _search(page, "site").click()
    page.wait_for_selector("[data-field=site] .option >> nth=2")  # the older list: Abbey is first
    page.keyboard.type("mill")
    page.keyboard.press("Enter")
    expect(site.locator(".item")).to_have_text("Mill")
    assert page.url.endswith("/new")  # Enter took a record, it did not send the form
    assert page.evaluate("document.activeElement.closest('[data-field]')?.dataset.field") == "site"

    # Tab takes it and goes on; what is typed for nothing stays, and says so.
    _search(page, "second").click()
    page.keyboard.type("harb")
    page.keyboard.press("Tab")
    expect(page.locator("[data-field=second] .item")).to_have_text("Harbour")
    expect(page.locator("[data-field=second] :focus")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")

    # A record that is not there is made in a dialog; Esc leaves it, and the words stay.
    page.click("[data-field=second] .clear-button")
    _search(page, "second").click()
    page.keyboard.type("Quay")
    page.click("[data-field=second] .create")
    expect(page.locator("dialog [data-field=name] input")).to_have_value("Quay")
    assert _looks(desk, "dialog") == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(_search(page, "second")).to_be_focused()
    expect(_search(page, "second")).to_have_value("Quay")
    page.wait_for_selector("[data-field=second] .create")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("dialog [data-field=town] input").focus()
    page.keyboard.press("Enter")  # refused once: the town is not there yet
    expect(page.locator("dialog [data-field=town] .err")).to_be_visible()
    expect(page.locator("dialog [data-field=town] input")).to_be_focused()
    expect(page.locator("dialog [data-field=name] input")).to_have_value("Quay")
    page.keyboard.type("Deal")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("[data-field=second] .item")).to_have_text("Quay")
    expect(_search(page, "second")).to_be_focused()
    assert page.input_value("#f-note") == "wet"

    # Words and the form sent at once: the form waits for the answer, too.
    page.click("[data-field=site] .clear-button")
    _search(page, "site").click()
    page.keyboard.type("abb")
    page.keyboard.press("Enter")
    page.locator("main form button.primary[type=submit]").last.click()
    page.wait_for_url("**/o/job/0*")
    (job,) = desk.api.get("/api/records/job?fields=name,site.name,second.name,note").json()["data"]
    assert (job["name"], job["note"]) == ("Roof", "wet")
    sites = {one["id"]: one["name"] for one in desk.api.get("/api/records/site").json()["data"]}
    record = desk.api.get(f"/api/records/job/{job['id']}").json()
    assert (sites[record["site"]], sites[record["second"]]) == ("Abbey", "Quay")


def test_an_action_asks_in_a_dialog_and_gives_the_focus_back(desk: StudioDesk) -> None:
    page = desk.page
    job = desk.api.post("/api/records/job", json={"name": "Roof"}).json()["id"]
    desk.open(f"/o/job/{job}")
    finish = page.locator("#record-head button", has_text="Finish")
    finish.focus()
    page.keyboard.press("Enter")
    done = page.locator("dialog [data-field=done] textarea")
    expect(done).to_be_focused()
    assert _looks(desk, "dialog") == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(finish).to_be_focused()
    finish.click()
    page.click("dialog button[type=submit]")
    expect(page.locator("dialog [data-field=done] .err")).to_be_visible()
    expect(done).to_be_focused()
    # Esc in an open list closes the list, not the dialog.
    _search(page, "second", "dialog").click()
    page.wait_for_selector("dialog .ts-dropdown .option")
    page.keyboard.press("Escape")
    expect(page.locator("dialog .ts-dropdown")).to_be_hidden()
    expect(page.locator("dialog")).to_have_count(1)
    done.fill("New slates")
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#record-head .chip")).to_have_text("done", ignore_case=True)
    expect(page.locator("#record-head .actions :focus")).to_have_count(1)

    # Assign to me, by keys.
    page.get_by_label("More for this page").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Assign to me").press("Enter")
    expect(page.locator("#sections")).to_contain_text("Administrator")
    assert desk.api.get(f"/api/records/job/{job}").json()["hand"]["user"]
    expect(page.get_by_role("button", name="Assign to me")).to_have_count(0)


def test_a_card_asks_for_what_its_column_needs(desk: StudioDesk) -> None:
    page = desk.page
    for name in ("Roof", "Wall"):
        desk.api.post("/api/records/job", json={"name": name}).raise_for_status()
    desk.open("/boards/jobs")
    card = page.locator(".tile", has_text="Roof")
    for step in ("cancel", "send"):
        card.focus()
        for key in ("Space", "ArrowRight", "Space"):
            page.keyboard.press(key)
        done = page.locator("dialog [data-field=done] textarea")
        expect(done).to_be_focused()
        if step == "cancel":
            page.keyboard.press("Escape")
            expect(page.locator("[data-column=open] .tile", has_text="Roof")).to_be_focused()
            continue
        page.keyboard.press("Control+Enter")
        expect(page.locator("dialog [data-field=done] .err")).to_be_visible()
        done.fill("Slates")
        page.keyboard.press("Control+Enter")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator("[data-column=done] .tile", has_text="Roof")).to_be_focused()

    # Nothing is asked before, and the refusal names a field: it is asked for.
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    bill = page.locator("dialog [data-field=bill] input")
    expect(bill).to_be_focused()
    assert _looks(desk, "dialog") == []
    bill.fill("B-1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-column=paid] .tile", has_text="Roof")).to_be_focused()
    states = {one["name"]: one["status"] for one in desk.api.get("/api/records/job").json()["data"]}
    assert states == {"Roof": "paid", "Wall": "open"}


def test_a_reply_reaches_who_may_only_read(desk: StudioDesk, browser: Browser) -> None:
    person = {"email": GUEST, "name": "Gwen", "roles": ["caller"], "password": PASSWORD}
    desk.api.post("/api/records/user", json=person).raise_for_status()
    job = desk.api.post("/api/records/job", json={"name": "Roof"}).json()["id"]
    page = desk.open(f"/o/job/{job}")
    for text, open_ in (("Do they pay?", False), ("We come at nine", True)):
        page.fill("form.comment textarea", text)
        tick = page.locator("form.comment input[name=public]")
        assert not tick.is_checked()  # one reply does not make the next one public
        tick.set_checked(open_)
        page.press("form.comment textarea", "Control+Enter")
        expect(page.locator(".timeline")).to_contain_text(text)
    context = browser.new_context(base_url=desk.api.base_url.__str__())
    guest = limited(context.new_page())
    guest.goto("/signin")
    guest.fill("#email", GUEST)
    guest.fill("#password", PASSWORD)
    guest.press("#password", "Enter")
    guest.wait_for_url("**/")
    guest.goto(f"/o/job/{job}")
    expect(guest.locator(".timeline")).to_contain_text("We come at nine")
    expect(guest.locator("body")).not_to_contain_text("Do they pay?")
    expect(guest.locator("form.comment input[name=public]")).to_have_count(0)
    guest.fill("form.comment textarea", "Good")
    guest.press("form.comment textarea", "Control+Enter")
    expect(guest.locator(".timeline")).to_contain_text("Good")
    expect(guest.locator("form.comment textarea")).to_be_focused()
    context.close()
    page.reload()
    expect(page.locator(".timeline")).to_contain_text("Good")


def test_keys_lead_to_rows_and_cards_and_are_listed(desk: StudioDesk) -> None:
    page = desk.page
    desk.api.post("/api/records/job", json={"name": "Roof"}).raise_for_status()
    for path, words, first in (("/o/job", "first row", "#rows .title a"),
                               ("/boards/jobs", "first card", "#board .tile")):  # fmt: skip
        desk.open(path)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.locator(".skip:focus")).to_contain_text(words)
        page.keyboard.press("Enter")
        expect(page.locator(first).first).to_be_focused()
        page.keyboard.press("?")
        expect(page.locator("dialog")).to_contain_text("Pick up, and drop")
        assert _looks(desk, "dialog") == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(page.locator(first).first).to_be_focused()
    desk.open("/o/site")
    expect(page.locator(".skip")).to_have_count(2)
    page.keyboard.press(".")
    expect(page.get_by_label("More for this page")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("More for this page")).to_be_focused()


def _late(route: Route) -> None:
    time.sleep(SLOW)
    route.continue_()


def _search(page: Page, field: str, within: str = "main") -> Any:
    return page.locator(f"{within} [data-field={field}] .ts-control input")


def _looks(desk: StudioDesk, within: str) -> list[str]:
    """What the checker finds in what is open, in both themes and sizes."""
    page, found = desk.page, access_faults(desk.page)
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator(within).bounding_box()
        assert box is not None
        if box["x"] < 0 or box["x"] + box["width"] > width:
            found.append(f"{width}: too wide")
    return found
