"""The hand that presses and types, and counts it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page


class Hand:
    """Presses and types as a person does, and counts it. What is waited for is the machine."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = self.keys = 0
        self.seconds = 0.0

    def click(self, target: Locator) -> None:
        self._timed(target.wait_for)
        self.clicks += 1
        self._timed(target.click)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def choose(self, button: Locator, file: Path) -> None:
        """A file, in the window of the operating system: one click for the button, one there."""
        self.clicks += 2
        button.set_input_files(file)

    def drag(self, what: Locator, to: Locator) -> None:
        """Counts as one press: the button goes down here and up there."""
        self.clicks += 1
        self._timed(lambda: self._dragged(what, to))

    def _dragged(self, what: Locator, to: Locator) -> None:
        what.wait_for()
        mouse, landed = self.page.mouse, to.locator(".tile")
        for point, steps in ((what, 1), (to, 10)):
            box = point.bounding_box()
            assert box is not None
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            mouse.move(x, y, steps=steps)
            if point is what:
                mouse.down()
        for at in range(40):
            if landed.count():
                break
            mouse.move(x + at % 2 * 4, y + at % 3 * 4)  # nobody holds a mouse still
            self.page.wait_for_timeout(30)
        mouse.up()

    def pick(self, select: Locator, label: str) -> None:
        """One of a list of choices: a press to open it, one for the choice."""
        self._timed(select.wait_for)
        self.clicks += 2
        self._timed(lambda: select.select_option(label=label))

    def tick(self, box: Locator) -> None:
        self._timed(box.wait_for)
        self.clicks += 1
        self._timed(box.check)

    def see(self, target: Locator) -> None:
        self._timed(lambda: target.first.wait_for(timeout=60_000))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True).first

    def _timed(self, work: Callable[[], Any]) -> None:
        started = time.perf_counter()
        work()
        self.seconds += time.perf_counter() - started
