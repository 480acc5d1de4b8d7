"""Cards in a real browser: lifted, moved and dropped by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.kanban.library import DOCUMENTS


@pytest.fixture(scope="module")
def library(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("library"), documents=DOCUMENTS)


@dataclass
class Desk:
    page: Page
    api: httpx.Client

    def states(self) -> dict[str, str]:
        rows: list[dict[str, Any]] = self.api.get("loan").json()["data"]
        return {row["book"]: row["state"] for row in rows}


@pytest.fixture
def desk(library: None, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    address = prepared.copy(None, tmp_path, documents=DOCUMENTS)
    headers = prepared.headers(address)
    with (
        served(tmp_path, address) as product,
        signed_in(browser, product.url, headers) as page,
        httpx.Client(base_url=f"{product.url}/api/records/", headers=headers) as api,
    ):
        for book in ("Emma", "Persuasion"):
            api.post("loan", json={"book": book}).raise_for_status()
        yield Desk(page, api)


def test_a_card_is_moved_by_keys(desk: Desk) -> None:
    page = desk.page
    page.goto("/boards/desk")
    page.wait_for_selector("html[data-ready]", state="attached")
    card = page.locator(".tile", has_text="Emma")
    card.focus()
    page.keyboard.press("Space")
    expect(page.locator(".tile.lifted")).to_contain_text("Emma")
    with page.expect_response(lambda answer: answer.url.endswith("/move")) as moved:
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
    assert moved.value.status == 200
    expect(page.locator("[data-column=out] .tile", has_text="Emma")).to_be_focused()
    assert desk.states() == {"Emma": "out", "Persuasion": "asked"}


def test_a_card_that_may_not_go_there_is_put_back(desk: Desk) -> None:
    """Escape puts it back unasked; a transition that is not there does so with its reason."""
    page = desk.page
    page.goto("/boards/desk")
    page.wait_for_selector("html[data-ready]", state="attached")
    card = page.locator(".tile", has_text="Persuasion")
    card.focus()
    for keys in (("Space", "ArrowRight", "Escape"), ("Space", "ArrowRight", "ArrowRight", "Space")):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("[data-column=asked] .tile", has_text="Persuasion")).to_be_focused()
    expect(page.locator(".toast")).to_contain_text("Not moved")
    assert desk.states() == {"Emma": "asked", "Persuasion": "asked"}
