"""The designer of web forms in a real browser, by mouse and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.app import Prepared
from tests.forms.shapes import BRANCH, LOAN, WISH
from tests.studio_desk import StudioDesk, studio_desk

DOCUMENTS = (BRANCH, LOAN, WISH)
HERE = "/studio/webform/wish_for_a_book"
SHOWN = ".dframe[data-shown]"
NOT_NEW = re.compile(r"/studio/webform/(?!new(\?|$))")


@pytest.fixture(scope="module")
def library(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("library"), documents=DOCUMENTS)


@pytest.fixture(scope="module")
def desk(
    library: None,
    prepared: Prepared,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StudioDesk]:
    folder = tmp_path_factory.mktemp("forms")
    with studio_desk(prepared, browser, folder, documents=DOCUMENTS) as found:
        yield found


def test_a_public_form_with_its_embed_line_takes_a_few_presses(desk: StudioDesk) -> None:
    page = desk.open("/studio/objects/wish?tab=webform")
    page.get_by_role("link", name="New web form").click()
    address = page.locator(".designer").get_by_label("Address", exact=True)
    expect(address).to_have_value(re.compile(r"^http://127.0.0.1:\d+/forms/new-wish$"))
    expect(page.locator(".designer").get_by_label("Embed line", exact=True)).to_have_value(
        f'<script src="{address.input_value()}.js"></script>'
    )
    expect(page.locator("img.qr")).to_have_js_property("complete", True)
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 0
    frame = page.frame_locator(f"{SHOWN} iframe:not(.coming)")
    expect(frame.get_by_label("Book")).to_be_visible()
    page.get_by_role("button", name="Copy the embed line").click()
    page.locator("[data-save]").click()
    page.wait_for_url(NOT_NEW)
    expect(page.get_by_role("link", name="Try the form")).to_have_attribute(
        "href", "/forms/new-wish"
    )
    assert desk.api.get("/forms/new-wish").status_code == 200
    name = page.url.rpartition("/")[2]
    asked = desk.body("webform", name)["steps"][0]["fields"]
    assert [one["field"] for one in asked] == [
        "book", "email", "wanted", "loud", "genres", "note", "scan", "source",
    ]  # fmt: skip


def test_what_the_mouse_makes_is_what_one_would_write(desk: StudioDesk) -> None:
    page = desk.open("/studio/webform/new?object=wish")
    designer = page.locator(".designer")
    designer.get_by_label("Title", exact=True).fill("Ask for a book")
    designer.get_by_label("Name in the address").fill("Ask for a book")
    for label in ("Email", "Wanted", "Loud", "Genres", "Note", "Scan", "Source"):
        page.get_by_role("button", name=f"Do not ask for {label}").click()
    page.get_by_role("button", name="Add a step").click()
    page.keyboard.type("More")
    page.locator("[data-add-field=note]").click()
    page.get_by_role("button", name="Settings of Note").click()
    settings = page.locator("[data-field=note] .dsettings")
    settings.get_by_label("Words of the question").fill("Anything else")
    settings.get_by_label("Required", exact=True).select_option("true")
    designer.get_by_label("Heading", exact=True).last.fill("Sent")
    designer.get_by_label("Colour", exact=True).fill("#aa0000")
    designer.get_by_label("Whose form it is", exact=True).fill("Hill Library")
    frame = page.frame_locator(f"{SHOWN} iframe:not(.coming)")
    expect(frame.get_by_label("Anything else")).to_be_visible()
    expect(frame.get_by_text("Hill Library")).to_be_visible()
    page.locator("[data-save]").click()
    page.wait_for_url(NOT_NEW)
    found = desk.body("webform", page.url.rpartition("/")[2])
    assert {name: found[name] for name in ("label", "object", "slug", "steps", "look", "done")} == {
        "label": "Ask for a book",
        "object": "wish",
        "slug": "ask-for-a-book",
        "steps": [
            {"name": "answers", "label": "Wish", "fields": [{"field": "book"}]},
            {"name": "step", "label": "More",
             "fields": [{"field": "note", "label": "Anything else", "required": True}]},
        ],
        "look": {"colour": "#aa0000", "name": "Hill Library"},
        "done": {"message": "Thank you. We have received your answers.", "title": "Sent"},
    }  # fmt: skip


def test_questions_are_moved_added_and_taken_out_by_keys(desk: StudioDesk) -> None:
    page = desk.open(HERE)
    assert desk.unchanged()
    page.locator("[data-focus=grip-wanted]").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-focus=grip-wanted]")).to_be_focused()
    page.keyboard.press("ArrowUp")  # into the step before
    expect(page.locator("[data-focus=grip-wanted]")).to_be_focused()
    page.locator("[data-focus=drop-loud]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.focus").startswith("drop-")
    page.locator("[data-focus=add-source]").wait_for(state="detached")  # the form sets it
    page.locator("[data-focus=add-loud]").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement !== document.body")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved")
    steps = desk.body("webform", "wish_for_a_book")["steps"]
    assert [[one["field"] for one in step["fields"]] for step in steps] == [
        ["email", "wanted"], ["book", "genres", "note", "scan", "loud"],
    ]  # fmt: skip
    page.keyboard.press("Control+z")
    expect(page.locator("[data-add-field=loud]")).to_be_visible()


def test_the_designer_can_be_used_by_everybody(desk: StudioDesk) -> None:
    assert desk.looks(HERE, SHOWN) == []
    assert desk.looks("/submissions/wish_for_a_book", ".tabs") == []
