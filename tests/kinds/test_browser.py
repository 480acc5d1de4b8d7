"""Inputs of every kind in a real browser: what scripts read of them, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served

OPTIONS = [{"name": "crime"}, {"name": "sea"}]
AUTHOR = {
    "kind": "object", "name": "author", "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}],
}  # fmt: skip
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "blurb", "kind": "long_text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "price", "kind": "money"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "lent", "kind": "boolean"},
        {"name": "due", "kind": "date"},
        {"name": "seen", "kind": "datetime"},
        {"name": "playing", "kind": "duration"},
        {"name": "genre", "kind": "choice", "options": OPTIONS},
        {"name": "tags", "kind": "multi_choice", "options": OPTIONS},
        {"name": "author", "kind": "lookup", "to": "author"},
        {"name": "others", "kind": "multi_lookup", "to": "author"},
        {"name": "about", "kind": "any_lookup", "to": ["book", "author"]},
        {"name": "keeper", "kind": "person"},
        {"name": "stars", "kind": "rating"},
        {"name": "why", "kind": "text"},
    ],
    "logic": [{"field": "why", "visible": "author.name == 'Ada' and pages > 1"}],
}


@pytest.fixture(scope="module")
def library(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("library"))


@pytest.fixture
def api(library: None, prepared: Prepared, tmp_path: Path) -> Iterator[httpx.Client]:
    address = prepared.copy(None, tmp_path)
    headers = prepared.headers(address)
    with (
        served(tmp_path, address, {"kinds": "tests.kinds.rating:Rating"}) as product,
        httpx.Client(base_url=product.url, headers=headers) as client,
    ):
        made = client.post("/api/meta/changes", json={"documents": [AUTHOR, BOOK]})
        assert made.status_code == 200, made.text
        yield client


@pytest.fixture
def desk(api: httpx.Client, browser: Browser) -> Iterator[Page]:
    url = str(api.base_url)
    with signed_in(browser, url, api.headers, timezone_id="Europe/Berlin") as page:
        yield page


def made(api: httpx.Client, object: str, **values: Any) -> dict[str, Any]:
    reply = api.post(f"/api/records/{object}", json=values)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def full(api: httpx.Client) -> dict[str, Any]:
    """A value of every kind that people write."""
    ada, user = made(api, "author", name="Ada"), api.get("/api/records/user").json()["data"][0]
    return {
        "name": "Emma", "blurb": "One.\nTwo.", "pages": "312",
        "price": {"amount": "12.50", "currency": "GBP"},
        "fee": {"amount": "3.00", "currency": "EUR"}, "lent": True, "due": "2026-06-15",
        "seen": "2026-06-15T08:30:00Z", "playing": 5400, "genre": "sea", "tags": ["crime", "sea"],
        "author": ada["id"], "others": [ada["id"]], "about": {"object": "author", "id": ada["id"]},
        "keeper": {"user": user["id"]}, "stars": "4",
    }  # fmt: skip


def test_what_is_typed_is_read_as_the_api_writes_it(api: httpx.Client, desk: Page) -> None:
    """A form asks the server with everything that stands in its inputs."""
    values = full(api)
    book = made(api, "book", **values)
    desk.goto(f"/o/book/new?copy={book['id']}", wait_until="networkidle")
    with desk.expect_request("**/api/forms/layout/book") as asked:
        desk.fill("#f-pages", "313")
    body = asked.value.post_data_json or {}
    assert body["values"] == {**values, "pages": "313", "why": None}


def test_many_records_get_a_value(api: httpx.Client, desk: Page) -> None:
    ids = [made(api, "book", name=name, lent=True)["id"] for name in ("Emma", "Persuasion")]
    for field, value, held in (
        ("lent", "false", False), ("stars", "2", "2"), ("due", "2026-06-15", "2026-06-15"),
        ("genre", "sea", "sea"), ("fee", "3", {"amount": "3.00", "currency": "EUR"}),
    ):  # fmt: skip
        desk.goto("/o/book?view=all", wait_until="networkidle")
        desk.check("[data-pick-all]")
        desk.click("[data-do=bulk-set]")
        desk.select_option("dialog select >> nth=0", field)
        slot = desk.locator(f"dialog [data-field={field}]").locator("input, select")
        if slot.evaluate("input => input.tagName") == "SELECT":
            slot.select_option(value)
        else:
            slot.fill(value)
        desk.click("dialog .btn.primary")
        desk.wait_for_selector("dialog [role=status]:has-text('was set on 2')")
        with desk.expect_navigation():
            desk.click("dialog .btn.primary")
        found = [api.get(f"/api/records/book/{id}").json()[field] for id in ids]
        assert found == [held, held], field


def test_filters_ask_with_the_input_of_the_kind(api: httpx.Client, desk: Page) -> None:
    made(api, "book", name="Emma", due="2026-06-15", pages=312)
    made(api, "book", name="Persuasion", due="2027-06-15", pages=10)
    for field, how, value, form in (
        ("due", "before", "2026-12-31", "date"), ("seen", "before", "2026-12-31", "date"),
        ("pages", "above", "100", "text"), ("stars", "above", "1", "number"),
    ):  # fmt: skip
        desk.goto("/o/book?view=all", wait_until="networkidle")
        desk.click(".term.add")
        desk.select_option(".termpop select >> nth=0", field)
        desk.select_option(".termpop select >> nth=1", how)
        assert desk.get_attribute(".termpop input", "type") == form
        desk.fill(".termpop input", value)
        desk.click(".termpop button[type=submit]")
        desk.wait_for_selector(f"#sentence:has-text('{how}')")
        assert desk.locator("#rows > tr[data-id]").count() == int(field in ("due", "pages"))


def test_a_word_of_the_picker_chooses_a_format(desk: Page) -> None:
    desk.goto("/studio/objects/book", wait_until="networkidle")
    for word, kind, format_ in (
        ("percent", "number", "percent"), ("e-mail", "text", "email"),
        ("telephone", "text", "phone"), ("te", "text", ""),
    ):  # fmt: skip
        desk.fill("[data-label]", "Anew")
        desk.click("[data-do=kinds]")
        desk.fill("[data-kinds] input", word)
        desk.keyboard.press("Enter")
        assert desk.input_value("[data-kind-value]") == kind
        assert desk.input_value("#option-format") == format_
