"""The headless browser of the tests: Debian's Chromium, driven by Playwright."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# The accessibility checker, for `page.add_script_tag(path=AXE)`; `npm ci` brings it.
AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
# The sandbox does not work for root; the others keep it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# A page whose scripts are still on their way: what is pressed now is lost.
UNREADY = "html:has(script[src*='/vendor/app.js']):not([data-ready])"


expect.set_options(timeout=30_000)  # as everything else that waits in a browser


def limited(page: Page) -> Page:
    """Lets the page wait for its scripts before it presses anything."""
    page.add_locator_handler(
        page.locator(UNREADY),
        lambda: page.wait_for_selector("html[data-ready]", state="attached"),
        no_wait_after=True,
    )
    return page


class Chromium:
    """The one browser of this process: starting it takes as long as a browser test.

    While Playwright waits to be called, asyncio takes its event loop for running in this thread,
    and no other one could run. So it is hidden between the modules that use the browser.
    """

    def __init__(self, program: str) -> None:
        self._playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        self._program = program
        self._browser: Browser | None = None

    @contextmanager
    def used(self) -> Iterator[Browser]:
        asyncio._set_running_loop(self._loop)
        try:
            if self._browser is None or not self._browser.is_connected():
                launch = self._playwright.chromium.launch
                self._browser = launch(executable_path=self._program, args=ARGUMENTS)
            yield self._browser
        finally:
            asyncio._set_running_loop(None)

    def close(self) -> None:
        asyncio._set_running_loop(self._loop)
        if self._browser is not None:
            self._browser.close()
        self._playwright.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    one = Chromium(program)
    yield one
    one.close()


# Of a module, whose other tests cannot call the application in this thread meanwhile.
@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    with chromium.used() as one:
        yield one


@contextmanager
def signed_in(
    browser: Browser, url: str, headers: Mapping[str, str], **options: Any
) -> Iterator[Page]:
    """A page of the person who has these headers; no script may fail on it.

    `options` are those of a browser context, such as its language or zone.
    """
    chosen = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
    context = browser.new_context(base_url=url, **chosen)
    name, _, value = headers["cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page = limited(context.new_page())
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
        assert faults == []
    finally:
        context.close()


def dragged(source: Locator, target: Locator, landed: Locator) -> None:
    """Drags with the mouse, and drops once what is dragged lies at its new place.

    What lies there is looked at some times in a second, so that a fast hand drops it too early.
    """
    mouse = source.page.mouse
    source.scroll_into_view_if_needed()
    for point, steps in ((source, 1), (target, 10)):
        box = point.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y, steps=steps)
        if point is source:
            mouse.down()
    for at in range(20):
        if landed.count():
            break
        mouse.move(x + at % 2 * 4, y + at % 3 * 4)  # nobody holds a mouse still
        source.page.wait_for_timeout(60)
    expect(landed).to_be_attached()
    mouse.up()
