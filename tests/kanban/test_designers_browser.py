"""Boards, views, pins and layouts are designed by mouse, and by keys alone, without YAML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import dragged, signed_in
from tests.fluvial.processes import served
from tests.kanban.library import BRANCH, LOAN

LAYOUT: dict[str, Any] = {
    "kind": "form", "name": "loan_main", "object": "loan", "sections": [
        {"name": "what", "label": "What", "fields": ["book", "state"]},
        {"name": "when", "label": "When", "fields": ["due"]},
    ],
}  # fmt: skip
PSA = Path(__file__).parents[2] / "apps" / "psa"


@dataclass
class Studio:
    page: Page
    api: httpx.Client

    def document(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/api/meta/{kind}/{name}").json()
        return {member: found[member] for member in found if not member.startswith("$")}

    def opened(self, path: str) -> None:
        self.page.goto(path)
        self.page.wait_for_selector("html[data-ready]", state="attached")
        expect(self.page.locator(".designer")).to_be_visible()

    def saved(self, path: str) -> None:
        with self.page.expect_response(f"**{path}/save") as answer:
            self.page.keyboard.press("Control+s")
        assert answer.value.status == 200, answer.value.text()

    def item(self, name: str) -> Any:
        return self.page.locator(f".pitem[data-name='{name}']")


@pytest.fixture(scope="module")
def set_up(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("one"), documents=(BRANCH, LOAN, LAYOUT))
    prepared.copy(None, tmp_path_factory.mktemp("two"), ("psa",))


def studios(prepared: Prepared, browser: Browser, folder: Path, address: str) -> Iterator[Studio]:
    headers = prepared.headers(address)
    with (
        served(folder, address) as product,
        signed_in(browser, product.url, headers) as page,
        httpx.Client(base_url=product.url, headers=headers, timeout=60) as api,
    ):
        yield Studio(page, api)


@pytest.fixture(scope="module")
def studio(
    set_up: None, prepared: Prepared, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    address = prepared.copy(None, folder, documents=(BRANCH, LOAN, LAYOUT))
    for one in studios(prepared, browser, folder, address):
        for at in range(3):
            body = {"book": f"Book {at}", "due": "2031-01-01", "fee": "1.50"}
            one.api.post("/api/records/loan", json=body).raise_for_status()
        yield one


def test_a_layout_by_mouse(studio: Studio) -> None:
    page = studio.page
    studio.opened("/studio/form/loan_main")
    expect(page.locator("[data-record-title]")).to_have_text("L-003 Book 2")
    expect(studio.item("book").first).to_contain_text("Book 2")
    assert access_faults(page) == []
    when = page.locator("[data-zone='/sections/1/fields']")
    dragged(
        studio.item("fee").last, when.locator("[data-name=due]"), when.locator("[data-name=fee]")
    )
    expect(when).to_contain_text("Fee")
    state = when.locator("[data-name=state]")
    dragged(studio.item("state").first, when.locator("[data-name=due]"), state)
    expect(when).to_contain_text("State")
    page.get_by_role("button", name="Add a section").click()
    page.keyboard.type("People")
    page.keyboard.press("Tab")
    people = page.locator("[data-zone='/sections/2/fields']")
    dragged(studio.item("clerk").last, people, people.locator("[data-name=clerk]"))
    page.get_by_label("Columns of the section").nth(1).select_option("3")
    page.get_by_label("Add to facts").select_option("fee")
    page.get_by_role("button", name="Phone").click()
    expect(page.locator(".dcanvas.phone")).to_be_visible()
    studio.saved("/studio/form/loan_main")
    made = studio.document("form", "loan_main")
    fields = made["sections"][1]["fields"]
    assert sorted(fields) == ["due", "fee", "state"]
    assert made == {
        **LAYOUT,
        "sections": [
            {"name": "what", "label": "What", "fields": ["book"]},
            {"name": "when", "label": "When", "columns": 3, "fields": fields},
            {"name": "new_section", "label": "People", "fields": ["clerk"]},
        ],
        "facts": ["branch", "clerk", "due", "fee"],
    }


def test_a_layout_by_keys(studio: Studio) -> None:
    page = studio.page
    studio.api.put("/api/meta/form/loan_main", json=LAYOUT).raise_for_status()
    studio.opened("/studio/form/loan_main")
    zone = page.locator("[data-zone='/sections/0/fields']")
    zone.locator("[data-name=state]").focus()
    for key in ("Space", "ArrowUp", "Escape"):
        page.keyboard.press(key)
    expect(zone.locator("[data-name=state]")).to_be_focused()
    assert page.locator("[data-plan-chip]").inner_text() != "Not yet"
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    moved = page.locator("[data-zone='/sections/1/fields'] [data-name=state]")
    expect(moved).to_be_focused()
    page.locator("[data-tray] [data-name=fee]").focus()
    page.keyboard.press("Enter")
    expect(zone.locator("[data-name=fee]")).to_be_visible()
    page.locator("[data-zone='/sections/1/fields'] [data-name=due]").focus()
    page.keyboard.press("Delete")
    expect(page.locator("[data-tray] [data-name=due]")).to_be_visible()
    page.get_by_label("Move the section up").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Move the section up").first).to_be_focused()
    studio.saved("/studio/form/loan_main")
    assert studio.document("form", "loan_main") == {
        **LAYOUT,
        "sections": [
            {"name": "when", "label": "When", "fields": ["state"]},
            {"name": "what", "label": "What", "fields": ["book", "fee"]},
        ],
        "off": ["due"],
    }
    record = studio.api.get("/api/records/loan").json()["data"][0]["id"]
    seen = studio.api.get(f"/o/loan/{record}").text
    assert "New fields" in seen  # the layout has been gone over: number, branch and clerk are new


def test_a_board_by_mouse_and_by_keys(studio: Studio) -> None:
    page = studio.page
    studio.opened("/studio/board/new?object=loan")
    expect(page.locator(".dpreview")).to_contain_text("Book 2")
    assert access_faults(page) == []
    page.get_by_label("Label", exact=False).first.fill("Front desk")
    page.get_by_label("Lanes by").select_option("branch")
    page.get_by_text("Limits of columns").click()
    page.get_by_label("Limit of Out").fill("2")
    page.keyboard.press("Tab")
    page.get_by_label("A full column").select_option("block")
    page.get_by_label("Sum of fee").check()
    card = page.locator("[data-zone='/card/fields']")
    clerk = page.locator("[data-tray] [data-name=clerk]")
    dragged(clerk, card.locator(".pitem").last, card.locator("[data-name=clerk]"))
    expect(page.locator("[data-zone='/card/fields'] [data-name=clerk]")).to_be_visible()
    page.locator("[data-zone='/card/fields'] [data-name=number]").focus()
    page.keyboard.press("Delete")
    expect(page.locator("[data-zone='/card/fields'] [data-name=number]")).to_have_count(0)
    names = [one.get_attribute("data-name") for one in card.locator(".pitem").all()]
    at = names.index("due")
    names[at - 1], names[at] = names[at], names[at - 1]
    page.locator("[data-zone='/card/fields'] [data-name=due]").focus()
    for key in ("Space", "ArrowUp", "Space"):
        page.keyboard.press(key)
    expect(page.locator("[data-zone='/card/fields'] [data-name=due]")).to_be_focused()
    expect(page.locator(".dpreview")).to_contain_text("of 2")
    studio.saved("/studio/board/new")
    page.wait_for_url("**/studio/board/front_desk")
    made = studio.document("board", "front_desk")
    assert sorted(map(str, names)) == ["branch", "clerk", "due", "fee"]
    assert made == {
        "kind": "board", "name": "front_desk", "label": "Front desk", "object": "loan",
        "columns": {"by": "state", "limit": {"out": 2}, "on_limit": "block"},
        "swimlanes": {"by": "branch"}, "totals": ["count()", "sum(fee)"],
        "card": {"title": "book", "fields": names},
    }  # fmt: skip
    studio.opened("/studio/board/front_desk")
    page.get_by_role("link", name="Open the board").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Front desk")


def test_a_view_and_a_pin(studio: Studio) -> None:
    page = studio.page
    studio.opened("/studio/view/new?object=loan")
    page.get_by_label("Label", exact=False).first.fill("Fees")
    for item in page.locator("[data-zone='/columns'] .pitem").all()[::-1]:
        item.focus()
        page.keyboard.press("Delete")
    page.get_by_label("Find a field").fill("fee")
    page.locator("[data-tray] [data-name=fee]").press("Enter")
    page.get_by_label("Find a field").fill("branch")
    page.locator("[data-tray] [data-name='branch.name']").press("Enter")
    expect(page.locator(".dpreview th")).to_have_text(["Fee", "Branch"])
    assert access_faults(page) == []
    studio.saved("/studio/view/new")
    page.wait_for_url("**/studio/view/fees")
    assert studio.document("view", "fees")["columns"] == ["fee", "branch.name"]
    studio.opened("/studio/pin/new?object=loan")
    page.get_by_label("Label", exact=False).first.fill("Where loans are")
    page.get_by_label("A bar for each option").check()
    expect(page.locator(".dpreview .ladder")).to_contain_text("Asked")
    assert access_faults(page) == []
    page.get_by_label("The first records").check()
    page.locator("[data-tray] [data-name=due]").press("Enter")
    expect(page.locator(".dpreview")).to_contain_text("1 Jan 2031")
    studio.saved("/studio/pin/new")
    page.wait_for_url("**/studio/pin/where_loans_are")
    made = studio.document("pin", "where_loans_are")
    assert made["show"] == "list" and made["columns"] == ["due"] and "by" not in made


def test_what_is_opened_and_not_touched_is_not_changed(
    set_up: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    """Layouts, boards, pins and views of a package."""
    address = prepared.copy(None, tmp_path, ("psa",))
    folders = {"form": "forms", "board": "boards", "pin": "pins", "view": "views"}
    for one in studios(prepared, browser, tmp_path, address):
        for kind, folder in folders.items():
            for path in sorted((PSA / folder).glob("*.yaml"))[: 6 if kind == "view" else 14]:
                one.opened(f"/studio/{kind}/{path.stem}")
                asked = one.page.evaluate("document.querySelector('[data-save]').ariaDisabled")
                assert asked == "true", path.name
