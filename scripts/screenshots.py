"""Makes docs/images from the running product with its sample data, in a headless browser.

`.venv/bin/python scripts/screenshots.py` starts a product of its own in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
EMAIL, PASSWORD = "admin@example.com", "only for the pictures"
PATIENCE = 300.0  # seconds, for the sample data


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    shown: str  # what has to be there first
    press: str = ""  # a link to follow from there, and what is shown then
    then: str = ""


PICTURES = (
    Picture("board", "/boards/service_desk", "#board .tile"),
    Picture("list", "/o/ticket?view=open_tickets", "#rows tr"),
    Picture(
        "record",
        "/o/ticket?view=open_tickets",
        "#rows tr",
        "#rows tr >> nth=2 >> td.title a",
        "[data-record]",
    ),
    Picture("studio", "/studio/objects/ticket", "#field-rows tr"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/ready", timeout=5) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def product(*options: str) -> Iterator[str]:
    """The address of a product that is served with these options."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = {
            "FLUVIAL_DATA_DIR": folder,
            "FLUVIAL_PORT": str(port),
            "FLUVIAL_ADMIN_EMAIL": EMAIL,
            "FLUVIAL_ADMIN_PASSWORD": PASSWORD,
        }
        command = [sys.executable, "-m", "fluvial.cli", "serve", *options]
        process = subprocess.Popen(command, env={**os.environ, **settings})
        try:
            yield _ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait()


def _ready(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("Fluvial did not start; see its output above.")
        time.sleep(0.5)
    return url


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_selector(".rail")


def take(page: Page, url: str, picture: Picture) -> None:
    page.goto(url + picture.path)
    page.wait_for_selector(picture.shown)
    if picture.press:
        page.locator(picture.press).first.click()
        page.wait_for_selector(picture.then)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    target = IMAGES / f"{picture.name}.png"
    page.screenshot(path=target)
    print(f"{target.relative_to(IMAGES.parent.parent)}: {target.stat().st_size // 1024} KB")


def main() -> None:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed: sudo apt-get install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with product("--with", "psa", "--sample") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        sign_in(page, url)
        for picture in PICTURES:
            take(page, url, picture)
        browser.close()


if __name__ == "__main__":
    main()
