"""Measures what everyday tasks cost a person: clicks, keys, and the seconds that the machine takes.

`.venv/bin/python -m scripts.stopwatch` starts a product of its own in a temporary folder, does the
tasks in a headless browser, and writes the table of docs/stopwatch.md.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from scripts.screenshots import PROGRAMS, product, sign_in
from scripts.stopwatch_hand import Hand
from scripts.stopwatch_tasks import TASKS, WORLD

DOCS = Path(__file__).resolve().parent.parent / "docs" / "stopwatch.md"
PLACE = re.compile(r"(<!-- stopwatch -->\n).*?(\n<!-- /stopwatch -->)", re.DOTALL)


def define(page: Page, url: str) -> None:
    token = page.locator("meta[name=csrf]").get_attribute("content") or ""
    headers = {"x-csrf-token": token}
    for path, body in WORLD:
        reply = page.request.post(f"{url}{path}", data=body, headers=headers)
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
