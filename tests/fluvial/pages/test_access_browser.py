"""Roles as a grid, a spreadsheet as an app, and seeing as somebody, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.pages.test_spreadsheet_pages import LOANS, MEMBERS
from tests.fluvial.processes import Product, served
from tests.fluvial.transfer.test_files_of_others import workbook

ROLES = ("account_manager", "customer_contact", "employee", "service_manager", "technician")
OWN: dict[str, Any] = {
    "kind": "role",
    "name": "own_tickets",
    "label": "Own tickets",
    "grants": [
        {
            "object": "ticket",
            "can": ["read", "update"],
            "where": "assignee == me",
            "fields": {"internal_note": "none"},
        }
    ],
}


@pytest.fixture(scope="module")
def address(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Set up before there is a browser, whose event loop lets no other one run."""
    return prepared.copy(None, tmp_path_factory.mktemp("desk"), ("psa",))


@pytest.fixture(scope="module")
def product(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with served(tmp_path_factory.mktemp("served"), address) as product:
        yield product


@pytest.fixture(scope="module")
def api(product: Product, prepared: Prepared, address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=product.url, headers=prepared.headers(address)) as client:
        yield client


@pytest.fixture
def page(product: Product, prepared: Prepared, address: str, browser: Browser) -> Iterator[Page]:
    with signed_in(browser, product.url, prepared.headers(address)) as page:
        yield page


def grid(page: Page, name: str) -> None:
    page.goto(f"/studio/role/{name}")
    expect(page.locator(".rolegrid")).to_be_visible()


def accessible(page: Page) -> None:
    """In both themes, wide and narrow."""
    page.evaluate("scrollTo(0, 0)")
    assert access_faults(page) == []


def saved(page: Page, api: httpx.Client, name: str) -> Any:
    expect(page).to_have_url(f"{str(api.base_url).rstrip('/')}/studio/role/{name}")
    return api.get(f"/api/meta/role/{name}").json()


def test_roles_of_an_app_pass_through_the_grid_unchanged(page: Page) -> None:
    for name in ROLES:
        grid(page, name)
        save = page.locator("[data-save]")
        expect(save).to_have_attribute("aria-disabled", "true")
        ticked = page.locator(".rolegrid td.mark input:checked").first
        key = ticked.get_attribute("data-key")
        box = page.locator(f"[data-key='{key}']")
        other = page.locator(f"[data-key='{str(key).rpartition('.')[0]}.import']")
        other.check()
        expect(save).to_have_attribute("aria-disabled", "false")
        other.uncheck()
        expect(box).to_be_checked()
        expect(save).to_have_attribute("aria-disabled", "true")


def test_a_role_for_own_records_is_made_with_the_mouse(page: Page, api: httpx.Client) -> None:
    grid(page, "new")
    page.get_by_label("Name of the role").fill("Own tickets")
    page.click("[data-key='ticket.0.update']")  # seeing comes along
    page.select_option("[data-key='where.0']", "assignee == me")
    page.click("[data-key='fold.ticket.0']")
    page.get_by_label("Internal note").select_option("none")
    accessible(page)
    page.click("[data-save]")
    assert saved(page, api, "own_tickets") == OWN
    grid(page, "own_tickets")
    page.click("text=Copy this role")
    expect(page.get_by_label("Name of the role")).to_have_value("Copy of Own tickets")
    page.click("[data-key='inherits.employee']")
    expect(page.locator("tr[data-object=accounts] .given")).to_have_text("Comes with Employee")
    page.click("[data-save]")
    made = saved(page, api, "copy_of_own_tickets")
    assert made["inherits"] == ["employee"] and made["grants"] == OWN["grants"]


def test_a_role_is_made_by_keyboard_alone(page: Page, api: httpx.Client) -> None:
    grid(page, "new")
    page.get_by_label("Name of the role").focus()
    page.keyboard.type("By keys")
    page.locator("[data-key='account.0.read']").focus()
    for key in ("Space", "ArrowRight", "Space", "ArrowLeft"):
        page.keyboard.press(key)
    here, rows = "document.activeElement.dataset.key", 0
    while page.evaluate(here) != "asset.0.read":
        page.keyboard.press("ArrowDown")
        rows += 1
        assert rows < 10
    page.keyboard.press("Space")
    page.locator("[data-key='where.1']").focus()
    page.keyboard.press("End")  # those that …
    expect(page.locator("[data-below='1'] .xbox")).to_be_visible()
    page.locator("[data-below='1'] [data-way=text]").press("Enter")
    page.keyboard.type("account.manager == me")
    page.keyboard.press("Control+s")
    made = saved(page, api, "by_keys")
    assert made["grants"] == [
        {"object": "account", "can": ["read", "create"]},
        {"object": "asset", "can": ["read"], "where": "account.manager == me"},
    ]


def test_a_spreadsheet_becomes_an_app_in_three_presses(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "club.xlsx"
    file.write_bytes(workbook({"Members": MEMBERS, "Loans": LOANS}))
    page.goto("/studio/spreadsheet")
    page.set_input_files("#file", file)
    page.click("main button[type=submit]")
    expect(page.get_by_label("Kind of Level")).to_have_value("option")
    accessible(page)
    page.get_by_label("Kind of Web").select_option("words")
    page.click("button.primary[value=make]")
    page.click("text=Open members")
    expect(page.locator("#rows")).to_contain_text("Member 1")
    page.go_back()
    page.click("text=Undo all of it")
    page.wait_for_url("**/studio")
    expect(page.locator("main")).not_to_contain_text("40 records")


def test_an_administrator_sees_as_somebody_and_ends_it(page: Page, api: httpx.Client) -> None:
    body = {"email": "tess@example.com", "name": "Tess", "roles": ["employee"]}
    person = api.post("/api/records/user", json=body).json()["id"]
    api.post("/api/records/account", json={"name": "Acme"}).raise_for_status()
    page.goto(f"/studio/people/{person}/access")
    page.get_by_role("button", name="See as Tess").focus()
    page.keyboard.press("Enter")
    banner = page.locator(".seen-as")
    expect(banner).to_contain_text("You see Fluvial as Tess")
    page.goto("/o/account?view=all")
    expect(banner).to_be_in_viewport()
    expect(page.locator(".rail")).not_to_contain_text("Opportunities")
    accessible(page)
    banner.get_by_role("button", name="End").press("Enter")
    expect(banner).to_have_count(0)
    expect(page.locator("h1")).to_contain_text("Tess")


def test_pages_of_rights_and_words_are_accessible(page: Page, api: httpx.Client) -> None:
    person = api.get("/api/me").json()["id"]
    for path in (
        "/studio/people",
        "/studio/people/invite",
        f"/studio/people/{person}/access?object=ticket",
        "/studio/rights?object=ticket",
        "/studio/objects/ticket?tab=role",
        "/studio/translations?language=de&kind=board",
        "/studio/packages/new",
    ):
        page.goto(path)
        accessible(page)
