"""Pages in a real browser: scripts under the strict content policy, and the accessibility check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.library import LIBRARY
from tests.fluvial.processes import served


@pytest.fixture(scope="module")
def library(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A product that all tests here use, by its interface.

    Set up before there is a browser, whose event loop lets no other one run.
    """
    folder = tmp_path_factory.mktemp("library")
    address = prepared.copy(None, folder, documents=LIBRARY)
    headers = prepared.headers(address)
    with (
        served(folder, address) as product,
        httpx.Client(base_url=product.url, headers=headers) as api,
    ):
        api.post("/api/records/team", json={"name": "Cataloguing"}).raise_for_status()
        yield api


@pytest.fixture
def desk(library: httpx.Client, browser: Browser) -> Iterator[Page]:
    """A page of somebody who is signed in to the library, whose records each test finds anew."""
    for name in ("book", "member"):
        found = library.get(f"/api/records/{name}?limit=100").json()["data"]
        for record in found:
            library.delete(f"/api/records/{name}/{record['id']}").raise_for_status()
    for name, title in (("book", "Emma"), ("book", "Persuasion"), ("member", "Ann")):
        library.post(f"/api/records/{name}", json={"name": title}).raise_for_status()
    with signed_in(browser, str(library.base_url), dict(library.headers)) as page:
        yield page


def test_a_value_is_edited_where_it_stands(desk: Page) -> None:
    desk.goto("/o/book")
    desk.click("text=Persuasion")
    desk.click("[data-edit][data-field=name]")
    desk.fill("form.editing input[name=name]", "Sanditon")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("h1:has-text('Sanditon')")
    assert "Persuasion → Sanditon" in desk.inner_text(".timeline")


def _press(desk: Page, field: str) -> None:
    # In one go: between looking and pressing, the page may have been refreshed.
    desk.evaluate("pen => document.querySelector(pen).click()", f"[data-edit][data-field={field}]")


def test_quick_edits_of_a_person_lose_no_typing(desk: Page) -> None:
    """What is typed while a field opens is kept, and opens no other page."""
    desk.goto("/o/book")
    desk.click("text=Persuasion")
    desk.wait_for_selector("html[data-ready]", state="attached")
    here = desk.url
    for typed, name in (("Cata", "Cataloguing"), ("dmin", "Administrator")):
        _press(desk, "keeper")
        desk.keyboard.type(typed)
        desk.wait_for_selector(f".ts-dropdown .option.active:has-text('{name}')")
        desk.keyboard.press("Enter")
        desk.press("form.editing button[type=submit]", "Enter")
        desk.wait_for_selector(f".toast:has-text('{name}')")
        _press(desk, "name")
        desk.keyboard.type(name)
        expect(desk.locator("form.editing input")).to_have_value(name)
        desk.keyboard.press("Enter")
        desk.wait_for_selector(f"h1:has-text('{name}')")
    assert desk.url == here and desk.locator("form.editing").count() == 0


def test_people_talk_about_a_record(desk: Page) -> None:
    desk.goto("/o/member")
    desk.click("#rows a:has-text('Ann')")
    desk.click("a[data-why] >> nth=0")
    desk.wait_for_selector(".why-pop tfoot")
    desk.keyboard.press("Escape")
    assert desk.locator(".why-pop").count() == 0
    desk.goto("/o/book")
    desk.click("text=Persuasion")
    desk.focus("form.comment textarea")
    desk.keyboard.type("Torn, @Admin")
    desk.wait_for_selector(".comment [role=option][aria-selected=true]")
    desk.keyboard.press("Enter")
    desk.keyboard.type("mends it")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".bubble:has-text('Torn, @Administrator mends it')")
    assert desk.inner_text(".bubble .at") == "@Administrator"
    desk.click("[data-do=edit-comment]")
    desk.fill(".timeline form.comment textarea", "Mended")
    desk.click(".timeline form.comment [type=submit]")
    desk.wait_for_selector(".bubble:has-text('Mended')")
    desk.click("[data-take-out] button")
    desk.click("dialog .btn.primary")
    desk.wait_for_selector(".bubble", state="detached")


def test_late_answers_about_people_change_no_comment(desk: Page) -> None:
    held: list[Route] = []
    late = re.compile(r"/lookup/people\?q=(Admin|Administrator%20m.*)$")
    desk.route(late, lambda route: held.append(route))
    desk.goto("/o/member")
    desk.click("#rows a:has-text('Ann')")
    desk.wait_for_selector("html[data-ready]", state="attached")
    desk.focus("form.comment textarea")
    desk.keyboard.type("Torn, @Admi")
    desk.wait_for_selector(".comment [role=option][aria-selected=true]")
    desk.keyboard.type("n")
    desk.keyboard.press("Enter")
    expect(desk.locator("form.comment textarea")).to_have_value("Torn, @Administrator ")
    while held:
        held.pop().continue_()
    desk.keyboard.type("mends it")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".bubble:has-text('Torn, @Administrator mends it')")
    while held:
        held.pop().abort()


def test_a_filter_is_built_by_pressing(desk: Page) -> None:
    desk.goto("/o/book")
    desk.click(".term.add")
    desk.select_option(".termpop select >> nth=0", "name")
    desk.select_option(".termpop select >> nth=1", "contains")
    desk.fill(".termpop input", "emm")
    desk.click(".termpop button[type=submit]")
    desk.wait_for_selector("#sentence:has-text('contains')")
    assert desk.locator("#rows > tr[data-id]").count() == 1


def test_a_list_on_a_phone_has_one_line_of_tools_and_tells_a_fault_once(desk: Page) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/o/book?view=all&where=foo%20==")
    expect(desk.locator("#where-error")).to_be_hidden()
    expect(desk.locator("#expression .bad:visible")).to_have_count(1)
    tops = desk.eval_on_selector_all(
        ".toolbar > *", "all => all.map(e => e.getBoundingClientRect()).filter(r => r.width)"
        ".map(r => Math.round(r.top + r.height / 2))"
    )  # fmt: skip
    assert len(tops) >= 3 and max(tops) - min(tops) <= 2
    desk.goto("/studio/objects/book?tab=uses")
    expect(desk.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
    desk.set_viewport_size({"width": 390, "height": 300})
    desk.goto("/o/member")
    desk.click("#rows a:has-text('Ann')")
    desk.wait_for_selector("html[data-ready] h1:has-text('Ann')", state="attached")
    assert desk.locator(".tabs").count() and desk.evaluate("scrollY") == 0


def test_columns_are_chosen_and_remembered(desk: Page) -> None:
    desk.goto("/o/book", wait_until="networkidle")  # its modules are there
    desk.context.set_offline(True)
    desk.wait_for_selector("#offline")
    desk.context.set_offline(False)
    desk.wait_for_selector("#offline", state="detached")
    desk.goto("/o/book")
    desk.wait_for_selector("[data-count=all]:has-text('2')")
    shown = desk.locator("#table thead th[data-column]").count()
    desk.click("#columns > summary")
    for label in ("Blurb", "Weight", "Printed", "Reading time", "Reviewers"):
        desk.locator("#columns").get_by_label(label, exact=True).check()
    with desk.expect_navigation():
        desk.click("#columns button[type=submit]")
    desk.goto("/o/book")
    assert desk.locator("#table thead th[data-column]").count() == shown + 5
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_field_from_one_line(desk: Page) -> None:
    desk.goto("/studio/objects/book")
    desk.fill("[data-label]", "Shelf mark")
    desk.wait_for_selector("#plan:has-text('Add Shelf mark')")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("tr[data-name=shelf_mark]")
    desk.fill("[data-label]", "Copies")
    desk.click("[data-do=kinds]")
    desk.fill("[data-kinds] input", "number")
    desk.keyboard.press("Enter")
    desk.fill("#option-scale", "0")
    desk.click("[data-options] summary")
    desk.fill("#option-min", "1")
    desk.check("#option-thousands")
    desk.click("#add-field button[type=submit]")
    desk.wait_for_selector("tr[data-name=copies]:has-text('from 1')")
    desk.goto("/o/book/new")
    assert desk.locator("#f-shelf_mark").count() == desk.locator("#f-copies").count() == 1


EVERY_PAGE = (
    "/", "/work", "/search?q=emma", "/notifications", "/profile", "/o/book",
    "/o/book?view=all&where=foo%20==", "/o/book/new", "/o/book/bin",
    "/import/book", "/jobs", "/submissions", "/patterns", "/api/docs", "/nothing/here",
    "/studio?new=true", "/studio/objects/book",
    "/studio/objects/book?tab=view", "/studio/objects/book?tab=role",
    "/studio/object/book", "/studio/view/new?object=book", "/studio/board/new?object=book",
    "/studio/form/new?object=book", "/studio/pin/new?object=book", "/studio/rule/new?object=book",
    "/studio/template/new?object=book", "/studio/webform/new?object=book", "/studio/role/new",
    "/studio/rights?object=book", "/studio/people", "/studio/people/invite",
    "/studio/translations?language=de", "/studio/spreadsheet",
    "/studio/revisions/2",
    "/studio/runs", "/studio/deliveries",
)  # fmt: skip
QUIET = ("status of 404",)  # what the browser itself says of a page that is not there


@pytest.mark.parametrize("part", [0, 1])
def test_every_page_is_whole_and_accessible(desk: Page, part: int) -> None:
    """No faults in the console, nothing wider than the window, nothing out of anybody's reach."""
    said: list[str] = []
    desk.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    desk.goto("/o/book")
    record = desk.get_attribute("#rows > tr[data-id]", "data-href") or ""
    found: dict[str, Any] = {}
    for path in (*EVERY_PAGE, record, f"{record}/edit")[part::2]:
        desk.goto(path)
        faults = access_faults(desk)
        faults += [text for text in said if not any(quiet in text for quiet in QUIET)]
        said.clear()
        if faults:
            found[path] = faults
    assert found == {}


def test_a_label_of_any_script_names_a_field(desk: Page) -> None:
    desk.goto("/studio/objects/book")
    for label, name in (("日付", "text"), ("Größe", "groesse"), ("Größe", "groesse_2")):
        desk.fill("[data-label]", label)
        desk.wait_for_selector(f"#add-field [data-name]:has-text('{name}')")
        desk.keyboard.press("Enter")
        desk.wait_for_selector(f"tr[data-name={name}]")
    desk.goto("/studio?new=true")
    desk.fill("#object-label", "Имя")
    desk.wait_for_selector("#new-object [data-name]:has-text('imya')")
