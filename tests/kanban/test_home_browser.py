"""A list becomes a board and a pin, and the home page is arranged: by mouse, and by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import dragged, signed_in
from tests.fluvial.processes import served
from tests.kanban.library import DOCUMENTS

PINS: list[dict[str, Any]] = [
    {"kind": "pin", "name": name, "label": name.title(), "object": "loan", "order": at}
    for at, name in enumerate(("first", "second", "third"))
]
NEXT = {"kind": "pin", "name": "next", "label": "Next", "object": "loan", "show": "list"}
WATCH = """window.shifted = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({ type: 'layout-shift', buffered: true })"""


@pytest.fixture(scope="module")
def set_up(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("home"), documents=(*DOCUMENTS, *PINS, NEXT))


@pytest.fixture(scope="module")
def shop(
    set_up: None, prepared: Prepared, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("shop")
    address = prepared.copy(None, folder, documents=(*DOCUMENTS, *PINS, NEXT))
    headers = prepared.headers(address)
    with served(folder, address) as product:
        with httpx.Client(base_url=f"{product.url}/api/records/", headers=headers) as api:
            branch = api.post("branch", json={"name": "North"}).json()["id"]
            api.post("branch", json={"name": "South"}).raise_for_status()
            for at in range(60):
                body = {
                    "book": f"Book {at:02}",
                    "state": ("asked", "out")[at % 2],
                    "due": "2031-01-01",
                }
                api.post("loan", json={**body, "branch": branch}).raise_for_status()
        with signed_in(browser, product.url, headers) as page:
            yield page


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("html[data-ready]", state="attached")


def pins(page: Page) -> list[str | None]:
    return [each.get_attribute("data-pin") for each in page.locator("[data-pin]").all()]


def test_by_mouse(shop: Page) -> None:
    """A board and its first move are two presses; a pin is one; home is dragged into order."""
    page = shop
    opened(page, "/o/branch")
    opened(page, "/o/loan")
    page.get_by_role("link", name="Desk", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Desk")
    opened(page, "/o/loan?where=due == '2031-01-01'")
    page.get_by_role("button", name="Pin this").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("“Loans, filtered” is on your home page.")
    toast.get_by_role("link", name="Change").click()
    page.get_by_label("A bar for each option").check()
    expect(page.locator("#pin-preview .ladder")).to_contain_text("Asked")
    assert access_faults(page) == []
    page.get_by_label("Name", exact=True).fill("Due then")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/?arrange=true")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert pins(page) == ["first", "second", "third", "next", "my:loans_filtered"]
    third, first = page.locator("[data-pin=third]"), page.locator("[data-pin=first]")
    with page.expect_response("**/home/pins"):
        dragged(third.locator(".grip"), first, page.locator("[data-pin=third]:first-child"))
    expect(page.locator("[data-pin]").first).to_have_attribute("data-pin", "third")
    page.get_by_role("button", name="Make Due then wide").click()
    expect(page.locator(".pins > [data-pin='my:loans_filtered']")).to_be_visible()
    page.get_by_role("button", name="Hide Second").click()
    expect(page.get_by_role("button", name="Add Second")).to_be_visible()
    assert access_faults(page) == []
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".pins h2").first).to_have_text("Third")
    expect(page.locator("main")).not_to_contain_text("Second")


def test_by_keys_alone(shop: Page) -> None:
    page = shop
    opened(page, "/?arrange=true")
    page.get_by_role("button", name="As it was at first").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-pin=second]")).to_be_visible()
    page.locator("[data-pin=first]").focus()
    for key in ("Space", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.locator("[data-pin=first]")).to_be_focused()
    assert pins(page)[:3] == ["first", "second", "third"]
    with page.expect_response("**/home/pins"):
        for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
            page.keyboard.press(key)
    expect(page.locator("[data-pin=first]")).to_be_focused()
    assert pins(page)[:3] == ["second", "third", "first"]
    page.get_by_role("button", name="Make First wide").press("Enter")
    expect(page.locator("[data-pin=first].wide")).to_be_visible()
    page.get_by_role("button", name="Hide Third").press("Enter")
    expect(page.locator("#others-title")).to_be_focused()
    page.get_by_role("button", name="Add Third").press("Enter")
    expect(page.locator("[data-pin=third]")).to_be_focused()


def test_a_board_of_a_list_and_its_first_move(shop: Page) -> None:
    """Two presses: the button beside the list, and the card that is dragged."""
    page = shop
    opened(page, "/o/loan")
    page.get_by_label("More").or_(page.locator(".topbar summary")).first.click()
    page.get_by_role("button", name="Board by branch").click()
    expect(page.locator(".note")).to_contain_text("Its columns are by branch")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert access_faults(page) == []
    card = page.locator("[data-column] .tile").first
    title = card.locator("h3").inner_text()
    with page.expect_response(lambda answer: answer.url.endswith("/move")) as moved:
        south = page.locator("[data-label=South] [data-cell]")
        dragged(card, south, south.locator(".tile"))
    assert moved.value.status == 200
    expect(page.locator("[data-label=South]")).to_contain_text(title)


@pytest.mark.parametrize("board", ["desk", "shelf"])
def test_a_board_does_not_shift_while_it_loads(shop: Page, board: str) -> None:
    """On a slow line columns arrive one after the other; heads stay in sight when it scrolls."""
    page = shop.context.new_page()
    page.add_init_script(WATCH)
    line = shop.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {
        "offline": False,
        "latency": 100,
        "downloadThroughput": 60_000,
        "uploadThroughput": 60_000,
    }
    line.send("Network.emulateNetworkConditions", slow)
    opened(page, f"/boards/{board}")
    assert page.evaluate("window.shifted") < 0.001
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 600})
        tops = page.evaluate("""() => {
          const board = document.querySelector('#board');
          board.scrollTop = board.scrollHeight;
          return [...document.querySelectorAll('.bcol')].map((head) =>
            Math.abs(head.getBoundingClientRect().top - board.getBoundingClientRect().top));
        }""")
        assert max(tops) < 2, (width, tops)
    page.close()
