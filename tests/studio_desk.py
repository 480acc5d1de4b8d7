"""A designer of the studio in a real browser: one server and one person signed in for a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served


@dataclass
class StudioDesk:
    page: Page
    api: httpx.Client

    def open(self, path: str) -> Page:
        self.page.goto(path)
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page

    def body(self, kind: str, name: str) -> dict[str, Any]:
        """The document in force, without its heads."""
        reply = self.api.get(f"/api/meta/{kind}/{name}")
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
        return found

    def unchanged(self) -> bool:
        """Whether the page of a document has nothing to save."""
        return self.page.locator("[data-save]").get_attribute("aria-disabled") == "true"

    def looks(self, path: str, ready: str) -> list[str]:
        """What the accessibility checker finds in both themes and sizes, and what sticks out."""
        self.open(path)
        self.page.wait_for_selector(ready)
        return access_faults(self.page)


@contextmanager
def studio_desk(
    prepared: Prepared,
    browser: Browser,
    folder: Path,
    *,
    apps: tuple[str, ...] = (),
    documents: Sequence[Mapping[str, Any]] = (),
    settings: Mapping[str, str] | None = None,
) -> Iterator[StudioDesk]:
    address = prepared.copy(None, folder, apps, documents)
    headers = prepared.headers(address)
    with (
        served(folder, address, settings) as product,
        httpx.Client(base_url=product.url, headers=headers) as api,
        signed_in(browser, product.url, headers) as page,
    ):
        yield StudioDesk(page, api)
