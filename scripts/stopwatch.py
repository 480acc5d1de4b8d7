"""Measures what everyday tasks cost a person: clicks, keys, and the seconds that the machine takes.

`.venv/bin/python -m scripts.stopwatch` starts a product of its own in a temporary folder, does the
tasks in a headless browser, and writes the table of docs/stopwatch.md.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

from scripts.screenshots import PROGRAMS, product, sign_in

DOCS = Path(__file__).resolve().parent.parent / "docs" / "stopwatch.md"
PLACE = re.compile(r"(<!-- stopwatch -->\n).*?(\n<!-- /stopwatch -->)", re.DOTALL)
ROWS = 10_000
AUTHOR: dict[str, Any] = {
    "kind": "object",
    "name": "author",
    "label": "Author",
    "plural": "Authors",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "code", "kind": "text", "unique": True},
    ],
}


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

    def see(self, target: Locator) -> None:
        self._timed(lambda: target.first.wait_for(timeout=120_000))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True).first

    def _timed(self, work: Callable[[], Any]) -> None:
        started = time.perf_counter()
        work()
        self.seconds += time.perf_counter() - started


@dataclass(frozen=True)
class Task:
    """`peer` and `aim` are clicks, keys and seconds, as far as they are known."""

    name: str
    do: Callable[[Hand, Path], None]
    peer: str
    aim: str


def add_record(hand: Hand, _: Path) -> None:
    hand.click(hand.link("Authors"))
    hand.click(hand.link("New author"))
    hand.see(hand.page.locator("form [name=name]"))
    hand.type("Jane Austen")
    hand.click(hand.button("Add the author"))
    hand.see(hand.page.locator("h1", has_text="Jane Austen"))


def add_field(hand: Hand, _: Path) -> None:
    hand.page.goto("/o/author")
    hand.click(hand.page.locator(".topbar summary[aria-label='More for this page']"))
    hand.click(hand.link("Open in the studio"))
    hand.click(hand.page.locator("#add-field [name=label]"))
    hand.type("Born")
    hand.press("Enter")
    hand.see(hand.page.locator("#field-rows tr", has_text="Born"))
    hand.click(hand.link("Authors"))
    hand.see(hand.page.locator("th", has_text="Born"))


def add_rule(hand: Hand, _: Path) -> None:
    """Also the endpoint of the webhook is made on the way."""
    hand.page.goto("/o/author")
    hand.click(hand.page.locator(".topbar summary[aria-label='More for this page']"))
    hand.click(hand.link("Open in the studio"))
    hand.click(hand.page.locator(".tabs a", has_text="Rules"))
    hand.click(hand.link("New rule"))
    hand.click(hand.button("Tell people"))
    hand.click(hand.button("Post to another system"))
    hand.see(hand.page.locator("#endpoint-label"))
    hand.type("Desk")
    hand.press("Tab")
    hand.type("https://hooks.example.com/desk")
    hand.click(hand.button("Make it"))
    hand.see(hand.page.locator(".says-line", has_text="post to Desk"))
    hand.click(hand.button("Save"))
    hand.page.wait_for_url(re.compile(r"/studio/rule/(?!new)"))


def import_rows(hand: Hand, folder: Path) -> None:
    lines = [f"Writer {number},W{number}" for number in range(ROWS)]
    file = folder / "writers.csv"
    file.write_text("\n".join(["name,code", *lines]), encoding="utf-8")
    hand.page.goto("/o/author")
    hand.click(hand.page.locator(".topbar summary[aria-label='More for this page']"))
    hand.click(hand.link("Import"))
    hand.choose(hand.page.locator("input[type=file]"), file)
    hand.click(hand.button("Continue"))
    hand.click(hand.button("Preview"))
    hand.click(hand.button("Import"))
    hand.see(hand.page.get_by_text(re.compile(r"10,?000 added|Created: 10,000")))
    hand.press("Control+k")
    hand.type("Writer 9876")
    hand.see(hand.page.get_by_text("Writer 9876"))


TASKS = (
    Task("a record by form", add_record, "17 / 72 / 5.8", "4 clicks"),
    Task("add a field and see it in the list", add_field, "8 / 4 / 3.9", "3 clicks"),
    Task("a rule with a mail and a webhook", add_rule, "23 / 129 / 10.8", "8 clicks"),
    Task("import of 10,000 rows and one found", import_rows, "5 / 0 / 28", "5 s"),
)


def define(page: Page, url: str) -> None:
    token = page.locator("meta[name=csrf]").get_attribute("content") or ""
    reply = page.request.post(
        f"{url}/api/meta/changes", data={"documents": [AUTHOR]}, headers={"x-csrf-token": token}
    )
    assert reply.ok, reply.text()


def measured(page: Page, folder: Path) -> list[str]:
    lines = [
        "| task | Directus 11.3 (clicks / keys / seconds) | aim | Fluvial |",
        "|---|---|---|---|",
    ]
    for task in TASKS:
        page.goto("/")
        hand = Hand(page)
        task.do(hand, folder)
        ours = f"{hand.clicks} / {hand.keys} / {hand.seconds:.1f}"
        lines.append(f"| {task.name} | {task.peer} | {task.aim} | {ours} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed: sudo apt-get install chromium")
    with product() as url, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        sign_in(page, url)
        define(page, url)
        table = "\n".join(measured(page, Path(folder)))
        browser.close()
    text = DOCS.read_text(encoding="utf-8")
    DOCS.write_text(PLACE.sub(lambda found: found[1] + table + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
