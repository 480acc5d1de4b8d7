"""A word without an end wraps or is cut off with dots: no page is wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page

from fluvial.services.mail import as_html, compose
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served

LONG = "W" * 255
WORDS = {
    "letters": LONG,
    "address": "https://example.com/" + "a/b-c_d." * 28,
    "letters of another script": "水" * 255,
    "joined": "x\u00a0" * 127,
}
WIDTHS = (375, 1280)
# A page of another width is drawn before its scripts have answered.
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))"
PROSE = "# {0}\n\n- {0}\n\n`{0}`\n\n> {0}\n\n```\n{0}\n```"
# What is wider than the window, or than the box that it stands in, by its classes.
WIDE = """() => {
  const found = [];
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) found.push(`page ${page.scrollWidth}`);
  for (const box of document.querySelectorAll(".tile, .card, .bcol, .chip, .topbar")) {
    const over = box.scrollWidth - box.clientWidth;
    if (over > 2 && getComputedStyle(box).overflowX === "visible" && box.checkVisibility()) {
      found.push(`${box.tagName}.${box.className} holds ${over} more`);
    }
  }
  const cut = ["auto", "scroll", "hidden", "clip"];
  const scrolls = (box) => cut.includes(getComputedStyle(box).overflowX);
  for (const box of document.querySelectorAll("body *")) {
    const { left, right, width, height } = box.getBoundingClientRect();
    if (width < 2 || height < 2 || right <= innerWidth + 1 || !box.checkVisibility()) continue;
    let around = box.parentElement;
    while (around && !scrolls(around)) around = around.parentElement;
    if (!around || around === document.body || around === page) {
      found.push(`${box.tagName}.${box.className} ${Math.round(left)}-${Math.round(right)}`);
    }
  }
  return found.slice(0, 6);
}"""


def documents() -> list[dict[str, Any]]:
    shelf = {
        "kind": "object", "name": "shelf", "title": "{name}",
        "fields": [{"name": "name", "kind": "text", "required": True, "searchable": True}],
    }  # fmt: skip
    book = {
        "kind": "object",
        "name": "book",
        "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text", "required": True, "searchable": True},
            {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "books"},
            {"name": "others", "kind": "multi_lookup", "to": "shelf"},
            {"name": "source", "kind": "any_lookup", "to": ["shelf", "book"]},
            {"name": "keeper", "kind": "person"},
            {"name": "note", "kind": "long_text"},
            {"name": "prose", "kind": "long_text", "format": "markdown"},
            {"name": "worth", "kind": "text", "dated": True},
            {"name": "again", "kind": "calculated", "result": "text", "formula": "name"},
            {"name": "state", "kind": "choice", "required": True, "default": "here",
             "options": [{"name": "here", "label": LONG[:60]}, {"name": "gone", "label": "Gone"}]},
        ],
        "states": {"field": "state", "transitions": [
            {"name": "leave", "from": ["here"], "to": "gone", "label": LONG[:60]}]},
    }  # fmt: skip
    board = {"kind": "board", "name": "books", "object": "book", "columns": {"by": "state"},
             "card": {"title": "name", "fields": ["shelf", "keeper", "note"]}}  # fmt: skip
    pin = {"kind": "pin", "name": "newest", "object": "book", "label": LONG[:60], "show": "list",
           "columns": ["name", "shelf"]}  # fmt: skip
    return [shelf, book, board, pin]


@pytest.fixture(scope="module")
def shelves(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    prepared.copy(None, tmp_path_factory.mktemp("shelves"), documents=documents())


@pytest.fixture(scope="module")
def house(
    shelves: None, prepared: Prepared, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, httpx.Client]]:
    folder = tmp_path_factory.mktemp("long")
    address = prepared.copy(None, folder, documents=documents())
    headers = prepared.headers(address)
    with (
        served(folder, address) as product,
        signed_in(browser, product.url, headers) as page,
        httpx.Client(base_url=product.url, headers=headers) as api,
    ):
        yield page, api


def made(api: httpx.Client, object_name: str, /, **values: Any) -> str:
    reply = api.post(f"/api/records/{object_name}", json=values)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def filled(api: httpx.Client, word: str) -> dict[str, str]:
    shelf = made(api, "shelf", name=word)
    user = made(api, "user", name=word[:200], email=f"{'w' * 50}{ord(word[0])}@example.org")
    book = made(api, "book", name=word, shelf=shelf, others=[shelf], keeper={"user": user},
                source={"object": "shelf", "id": shelf}, note=word * 3, worth=word,
                prose=PROSE.format(word))  # fmt: skip
    for change in ({"note": word}, {"keeper": None}, {"keeper": {"user": user}}):
        assert api.patch(f"/api/records/book/{book}", json=change).status_code == 200
    path = f"/api/records/book/{book}/comments"
    assert api.post(path, json={"text": word}).status_code == 201
    gone = made(api, "book", name=word)
    api.delete(f"/api/records/book/{gone}")
    return {"shelf": shelf, "book": book, "user": user}


@pytest.fixture(scope="module")
def records(house: tuple[Page, httpx.Client]) -> dict[str, dict[str, str]]:
    """The ids of what each word was written into."""
    return {kind: filled(house[1], word) for kind, word in WORDS.items()}


def wide_on(page: Page, paths: list[str]) -> list[str]:
    faults = []
    for path in paths:
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        reply = page.goto(path)
        assert reply is not None
        if reply.status == 404:
            faults.append(f"{path} is not there")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(DRAWN)
            faults += [f"{width} {path[:60]}: {wide}" for wide in page.evaluate(WIDE)]
    return faults


@pytest.mark.parametrize("kind", WORDS)
def test_a_word_without_an_end_makes_no_page_wider_than_the_window(
    house: tuple[Page, httpx.Client], records: dict[str, dict[str, str]], kind: str
) -> None:
    page, _ = house
    word, ids = WORDS[kind], records[kind]
    book, shelf = f"/o/book/{ids['book']}", f"/o/shelf/{ids['shelf']}"
    paths = [
        book, f"{book}/edit", f"{book}/days/worth", f"{book}/why/again", shelf, f"{shelf}/edit",
        f"/o/book?shelf={ids['shelf']}", f"/o/book?where={quote(repr(word))}+in+note",
        f"/search?q={quote(word[:60])}", f"/o/user/{ids['user']}",
        f"/o/book/new?name={quote(word)}",
    ]  # fmt: skip
    assert wide_on(page, paths) == []


@pytest.mark.usefixtures("records")
def test_words_without_an_end_make_no_list_of_records_wider_than_the_window(
    house: tuple[Page, httpx.Client],
) -> None:
    paths = [
        "/o/book", "/o/book/bin", "/o/shelf", "/boards/books", "/", "/o/user", "/notifications",
        "/o/book?columns=name,shelf.name,note,keeper,others,source,again,prose",
    ]  # fmt: skip
    assert wide_on(house[0], paths) == []


@pytest.mark.parametrize("kind", WORDS)
def test_a_word_without_an_end_makes_no_mail_wider_than_a_phone(
    house: tuple[Page, httpx.Client], kind: str
) -> None:
    page, _ = house
    sent = compose(
        sender="a@example.org", to="b@example.org", subject="x", html=as_html(WORDS[kind]),
        at=datetime(2026, 1, 1, tzinfo=UTC), message_id="<x@example.org>",
    )  # fmt: skip
    body = message_from_bytes(sent, policy=policy.default).get_body(("html",))
    assert body is not None
    page.set_viewport_size({"width": 375, "height": 900})
    page.goto("about:blank")  # where no policy of our pages takes the styles of a mail away
    page.set_content(body.get_content())
    assert page.evaluate(WIDE) == []
