"""Expressions and fields in a real browser, by mouse and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.library import LIBRARY
from tests.fluvial.processes import served

LINE = "#add-field [data-label]"


@pytest.fixture(scope="module")
def library(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    """A small library with a loan; one server for all that is tried here."""
    folder = tmp_path_factory.mktemp("served")
    address = prepared.copy(None, folder, documents=LIBRARY)
    headers = prepared.headers(address)
    with (
        served(folder, address) as product,
        httpx.Client(base_url=f"{product.url}/api/records/", headers=headers) as api,
    ):

        def made(object_name: str, **values: object) -> str:
            reply = api.post(object_name, json=values).raise_for_status()
            record: str = reply.json()["id"]
            return record

        harbour = made("branch", name="Harbour")
        ann = made("member", name="Ann", branch=harbour)
        emma = made("book", name="Emma", pages=320, branch=harbour)
        made("book", name="Persuasion", pages=240, branch=made("branch", name="Old town"))
        made("loan", book=emma, member=ann)
        yield product.url, headers


@pytest.fixture(scope="module")
def desk(library: tuple[str, dict[str, str]], browser: Browser) -> Iterator[Page]:
    url, headers = library
    with signed_in(browser, url, headers) as page:
        yield page


def member_of(root: Locator, label: str) -> Locator:
    """What stands in the tree of the data model under a label."""
    name = root.page.locator(f":scope > .modelrow .modelname:text-is('{label}')")
    return root.locator("[role=treeitem]", has=name)


def where(desk: Page) -> str:
    text: str = desk.evaluate("new URL(location.href).searchParams.get('where')")
    return text


def test_a_filter_through_look_ups_groups_and_collections_by_mouse(desk: Page) -> None:
    desk.goto("/o/book")
    desk.click(".term.add >> nth=0")
    desk.select_option(".termpop select >> nth=0", label="A field behind a look-up …")
    branch = member_of(desk.locator(".termpop"), "Branch")
    branch.locator(".twist").click()
    member_of(branch, "Name").click()
    desk.fill(".termpop [name=value]", "Harbour")
    desk.click(".termpop [type=submit]")
    desk.wait_for_url("**where=**")
    assert where(desk) == "branch.name == 'Harbour'"
    expect(desk.locator("#sentence")).to_contain_text("branch is Harbour")

    desk.click("[data-group]")
    desk.select_option(".termpop select >> nth=0", "pages")
    desk.select_option(".termpop select >> nth=1", "above")
    desk.fill(".termpop [name=value]", "300")
    desk.click(".termpop [type=submit]")
    desk.wait_for_url("**pages**")
    assert where(desk) == "branch.name == 'Harbour' or pages > 300"
    desk.click("[data-group]")
    desk.select_option(".termpop select >> nth=0", "lendable")
    desk.click(".termpop [type=submit]")
    desk.wait_for_url("**lendable**")
    assert where(desk) == "branch.name == 'Harbour' or (pages > 300 and lendable == true)"
    expect(desk.locator(".termgroup")).to_contain_text("pages is above 300")
    desk.click("[data-level='1']")
    desk.wait_for_url("**300+or+**")
    assert where(desk) == "branch.name == 'Harbour' or (pages > 300 or lendable == true)"

    desk.click("[data-add='']:not([data-group])")
    desk.select_option(".termpop select >> nth=0", "loans")
    desk.select_option(".termpop select >> nth=1", "none")
    desk.click(".termpop [type=submit]")
    desk.wait_for_url("**loans**")
    desk.click("[data-add='2']")
    desk.select_option(".termpop select >> nth=0", "returned")
    desk.select_option(".termpop select >> nth=1", "empty")
    desk.click(".termpop [type=submit]")
    desk.wait_for_url("**returned**")
    assert where(desk).endswith(" or not exists(loans, returned == null)")
    expect(desk.locator("#rows > tr[data-id]")).to_have_count(2)
    assert access_faults(desk) == []


def test_a_filter_as_text_by_keyboard(desk: Page) -> None:
    """What may stand at the caret is offered, the fault is told at its place, Enter asks."""
    desk.goto("/o/book")
    desk.focus("[data-do=expression]")
    desk.keyboard.press("Enter")
    area = desk.locator("#expression .xarea")
    expect(area).to_be_focused()
    options = desk.locator(".complete [role=option]")
    for typed, offered in (
        ("bra", "Branch"), (".na", "Name"), (" == 'Harbour' and stat", "Status"),
        (" == lent", "Lent"), (" and count(loans, ret", "Returned"),
    ):  # fmt: skip
        desk.keyboard.type(typed)
        expect(options.filter(has_text=offered).first).to_be_visible()
        expect(options.first).to_have_attribute("aria-selected", "true")
        desk.keyboard.press("Enter")
    assert area.input_value() == (
        "branch.name == 'Harbour' and status == 'out' and count(loans, returned"
    )
    expect(desk.locator(".xusage")).to_contain_text("The number of records")
    desk.keyboard.type(" == nul) == 0")
    desk.keyboard.press("Escape")
    expect(desk.locator(".xmarks mark")).to_have_text("nul")
    expect(desk.locator(".xsaid")).to_contain_text("is not a field of loan")
    for _ in range(len(") == 0")):
        desk.keyboard.press("ArrowLeft")
    desk.keyboard.type("l")
    desk.keyboard.press("Escape")
    expect(desk.locator(".xsaid")).to_contain_text("No for")
    assert access_faults(desk) == []
    expect(area).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url("**where=**")
    expect(desk.locator("#sentence")).to_contain_text("has exactly 0 loans where returned is empty")


def test_the_data_model_by_keyboard(desk: Page) -> None:
    """Into the tree, through a collection, and back into the text."""
    desk.goto("/studio/objects/book")
    desk.focus(LINE)
    desk.keyboard.type("Borrowers")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.type("formula")
    desk.keyboard.press("Enter")
    expect(desk.locator("#option-result")).to_be_focused()
    desk.focus(".xtools button >> nth=0")
    desk.keyboard.press("Enter")
    expect(desk.locator(".xpop [type=search]")).to_be_focused()
    expect(desk.locator("[role=treeitem]").first).to_be_visible()
    assert access_faults(desk) == []
    desk.keyboard.press("ArrowDown")
    loans = member_of(desk.locator(".xpop"), "Loans")
    while not loans.evaluate("item => item === document.activeElement"):
        desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowRight")
    expect(loans).to_have_attribute("aria-expanded", "true")
    member = member_of(loans, "Member")
    expect(member).to_be_visible()
    while not member.evaluate("item => item === document.activeElement"):
        desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowRight")
    expect(member_of(member, "Name")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("Enter")
    expect(desk.locator(".xarea")).to_be_focused()
    assert desk.input_value(".xarea") == "list(loans, member.name)"
    expect(desk.locator(".xsaid")).to_contain_text("for B-0002 Persuasion")
    desk.press(".xarea", "Escape")
    desk.click("#add-field > .addline [type=submit]")
    desk.wait_for_selector("tr[data-name=borrowers]:has-text('list(loans, member.name)')")


def test_ten_fields_at_the_speed_of_typing(desk: Page) -> None:
    """One press and as many keys as the labels have; kinds come from the labels."""
    desk.goto("/studio")
    desk.click("text=New object")
    desk.wait_for_selector("#new-object[open]")
    desk.keyboard.type("Donation")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/studio/objects/donation")
    expect(desk.locator(LINE)).to_be_focused()
    desk.wait_for_selector("html[data-ready]", state="attached")
    labels = {
        "E-mail": "e-mail", "Phone": "phone", "Given on": "Text", "Due date": "Date",
        "Amount": "Money", "Branch": "to branch", "Is anonymous": "Yes/No", "Notes": "Long text",
        "Number of books": "Number", "City": "Text",
    }  # fmt: skip
    for label in labels:
        desk.keyboard.type(label)
        desk.keyboard.press("Enter")
    expect(desk.locator("#field-rows tr[data-name]")).to_have_count(11)
    for label, kind in labels.items():
        row = desk.locator("#field-rows tr", has=desk.locator(f"text='{label}'"))
        expect(row).to_contain_text(kind)
    expect(desk.locator(LINE)).to_be_focused()
    desk.keyboard.type("Status")
    expect(desk.locator("[data-kind-shown]")).to_contain_text("Choice")
    desk.keyboard.press("Enter")
    expect(desk.locator("#option-options")).to_be_focused()
    desk.keyboard.type("Promised, Received")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("tr[data-name=status]:has-text('2 options')")
    desk.click("text=See it in the list")
    desk.wait_for_url("**/o/donation**")
    expect(desk.locator("#columns [value=status]")).to_be_checked()


def test_fields_are_arranged_and_renamed_by_keyboard(desk: Page) -> None:
    desk.goto("/studio/objects/book")
    for label in ("Isle", "Row"):
        desk.fill(LINE, label)
        desk.press(LINE, "Enter")
        desk.wait_for_selector(f"tr[data-name={label.lower()}]")
    desk.focus("tr[data-name=row] .grip")
    desk.keyboard.press("Alt+ArrowUp")
    expect(desk.locator("tr[data-name=row] + tr[data-name=isle]")).to_be_visible()
    expect(desk.locator("tr[data-name=row] .grip")).to_be_focused()
    desk.focus("tr[data-name=isle] .rename")
    desk.keyboard.press("Enter")
    desk.keyboard.type("Aisle")
    desk.keyboard.press("Enter")
    expect(desk.locator("tr[data-name=isle] .rename")).to_have_text("Aisle")
    expect(desk.locator("tr[data-name=isle] .rename")).to_be_focused()
    desk.reload()
    expect(desk.locator("tr[data-name=row] + tr[data-name=isle] .rename")).to_have_text("Aisle")
    assert access_faults(desk) == []
