"""A designer of the studio in a real browser: one server and one person signed in for a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from tests.app import Prepared
from tests.browser import AXE, limited
from tests.fluvial.processes import Product

THEMES = ("light", "dark")
SIZES = ((1440, 900), (390, 844))
CHECK = """async () => (await axe.run(document, {iframes: false})).violations
  .map(one => `${one.id}: ${one.nodes.map(node => node.target).join(' ')}`)"""


@dataclass
class StudioDesk:
    page: Page
    api: httpx.Client
    faults: list[str] = field(default_factory=list)

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
        found = []
        for theme in THEMES:
            self.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            for width, height in SIZES:
                self.page.set_viewport_size({"width": width, "height": height})
                self.open(path)
                self.page.wait_for_selector(ready)
                self.page.evaluate(AXE.read_text("utf-8") + ";0")
                found += [f"{theme} {width}: {one}" for one in self.page.evaluate(CHECK)]
                over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                found += [f"{theme} {width}: {over} px too wide"] if over > 0 else []
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1440, "height": 900})
        return found


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
    product = Product(folder, address, settings or {})
    product.serve()
    headers = prepared.headers(address)
    context = browser.new_context(base_url=product.url)
    name, _, value = headers["cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": product.url}])
    with httpx.Client(base_url=product.url, headers=headers) as api:
        desk = StudioDesk(limited(context.new_page()), api)
        desk.page.set_viewport_size({"width": 1440, "height": 900})
        desk.page.on("pageerror", lambda error: desk.faults.append(str(error)))
        try:
            yield desk
        finally:
            context.close()
            product.end()
