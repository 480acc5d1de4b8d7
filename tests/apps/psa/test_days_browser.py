"""A technician's morning and a manager's Friday, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.access import access_faults
from tests.app import PASSWORD, Prepared
from tests.browser import signed_in
from tests.fluvial.processes import Product, served

MOST_TABS = 250


@pytest.fixture(scope="module")
def firm(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("firm"), apps=("psa",))


@pytest.fixture
def product(firm: None, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[Product]:
    address = prepared.copy(None, tmp_path, apps=("psa",))
    with served(tmp_path, address) as product:
        yield product


def made(api: httpx.Client, object_name: str, **values: Any) -> str:
    reply = api.post(f"/api/records/{object_name}", json=values)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def prepare(product: Product) -> str:
    """Tom with a ticket and the sheet of this week, and Mia who approves it."""
    api = product.client()
    group = made(api, "group", name="London")
    people = {
        name: made(api, "user", name=name, email=f"{name.lower()}@example.com", roles=[role],
                   password=PASSWORD, groups=[group])
        for name, role in (("Tom", "technician"), ("Mia", "service_manager"))
    }  # fmt: skip
    made(api, "resource", user={"user": people["Mia"]})
    tom = made(api, "resource", user={"user": people["Tom"]}, manager={"user": people["Mia"]})
    made(api, "timesheet", resource=tom)
    account = made(api, "account", name="Harrow Legal", types=["customer"], group=group)
    return made(api, "ticket", subject="Printer jams", account=account,
                assignee={"user": people["Tom"]})  # fmt: skip


def cookie(product: Product, email: str) -> dict[str, str]:
    answer = httpx.post(f"{product.url}/api/login", json={"email": email, "password": PASSWORD})
    answer.raise_for_status()
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("html[data-ready]", state="attached")


def press(page: Page, target: Locator) -> None:
    """Reach something with the Tab key, and press Enter on it."""
    reach(page, target)
    page.keyboard.press("Enter")


def reach(page: Page, target: Locator) -> None:
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"The Tab key does not lead to {target}.")


def test_time_is_taken_entered_and_approved_by_keyboard(product: Product, browser: Browser) -> None:
    ticket = prepare(product)
    with signed_in(browser, product.url, cookie(product, "tom@example.com")) as page:
        opened(page, f"/o/ticket/{ticket}")
        press(page, page.get_by_role("button", name="Start stopwatch"))
        watch = page.locator("[data-stopwatch]")
        expect(watch).to_contain_text("Printer jams")
        opened(page, "/work")  # it runs on every page
        press(page, watch.get_by_role("link", name="Stop"))
        worked = page.get_by_role("dialog").get_by_label("Worked")
        expect(worked).to_be_focused()
        page.keyboard.press("Control+A")
        page.keyboard.type("1h 30")
        page.keyboard.press("Control+Enter")
        expect(watch).to_have_count(0)
        expect(page.locator("#toasts")).to_contain_text("Printer jams")

        opened(page, "/weeks/my_week")
        row = page.locator("tr[data-row]", has_text="Printer jams")
        expect(row.locator("[data-total]")).to_have_text("1:30")
        days = row.locator("input")
        reach(page, days.first)
        values = days.evaluate_all("all => all.map((one) => one.value)")
        free, other = [day for day, value in enumerate(values) if value == ""][:2]
        for _ in range(free):  # the first day without time, whatever day it is
            page.keyboard.press("ArrowRight")
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        expect(page.locator("[data-total-all]")).to_have_text("3:30")
        reach(page, days.nth(other))
        page.keyboard.type("soon")
        page.keyboard.press("Tab")
        expect(page.locator("input[aria-invalid]")).to_have_count(1)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Escape")
        assert access_faults(page) == []
        press(page, page.get_by_role("button", name="Submit"))
        expect(page.locator("[data-week-state]")).to_contain_text("Submitted")

    with signed_in(browser, product.url, cookie(product, "mia@example.com")) as page:
        opened(page, "/work")
        press(page, page.get_by_role("main").get_by_role("link", name="Tom").first)
        expect(page.get_by_role("link", name="My week").last).to_be_visible()
        press(page, page.locator("header").get_by_role("link", name="My week"))
        expect(page.locator("[data-total-all]")).to_have_text("3:30")
        press(page, page.get_by_role("button", name="Approve"))
        expect(page.locator("[data-week-state]")).to_contain_text("Approved")
        expect(page.locator(".week input")).to_have_count(0)
        opened(page, "/workloads/team_workload")
        expect(page.get_by_role("row", name="Tom")).to_be_visible()
        assert access_faults(page) == []
