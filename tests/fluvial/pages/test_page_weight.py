"""What a page costs on the line: at the first visit, and when nothing is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.library import LIBRARY
from tests.fluvial.processes import served

FIRST = 120_000  # bytes, heads included


class Line:
    """What a page loads over the network, by address, as the browser counts it."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes: dict[str, int] = {}
        self._paths: dict[str, str] = {}
        self._kept: set[str] = set()
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.requestServedFromCache", lambda e: self._kept.add(e["requestId"]))
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: Any) -> None:
        self._paths[event["requestId"]] = event["request"]["url"]

    def _received(self, event: Any) -> None:
        if event["response"].get("fromDiskCache") or event["response"].get("fromPrefetchCache"):
            self._kept.add(event["requestId"])

    def _finished(self, event: Any) -> None:
        if event["requestId"] not in self._kept:
            self.bytes[self._paths.get(event["requestId"], "?")] = int(event["encodedDataLength"])

    def loaded(self, page: Page, path: str) -> dict[str, int]:
        self.bytes.clear()
        page.goto(path, wait_until="networkidle")
        page.wait_for_selector("html[data-ready]", state="attached")
        page.evaluate("document.fonts.ready.then(() => null)")
        return dict(self.bytes)


@pytest.fixture(scope="module")
def address(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Set up before there is a browser, whose event loop lets no other one run."""
    return prepared.copy(None, tmp_path_factory.mktemp("library"), documents=LIBRARY)


@pytest.fixture
def desk(address: str, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    headers = prepared.headers(address)
    with served(tmp_path, address) as product:
        with httpx.Client(base_url=f"{product.url}/api/records/", headers=headers) as api:
            for number in range(40):
                api.post("book", json={"name": f"Book {number}"}).raise_for_status()
        with signed_in(browser, product.url, headers) as page:
            yield page


def test_the_first_visit_is_light_and_the_second_loads_the_page_alone(desk: Page) -> None:
    line = Line(desk.context.new_cdp_session(desk))
    first = line.loaded(desk, "/o/book")
    assert any("/static/" in path for path in first)
    assert sum(first.values()) <= FIRST, first
    second = line.loaded(desk, "/o/book")
    assert [path for path in second if "/static/" in path] == []
    form = line.loaded(desk, "/o/book/new")  # what only forms need comes once, too
    assert sum(form.values()) + sum(first.values()) <= 2 * FIRST
    assert [path for path in line.loaded(desk, "/o/book/new") if "/static/" in path] == []
