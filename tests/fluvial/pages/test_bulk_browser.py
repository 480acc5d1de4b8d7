"""Lists as people change them: one field of all records, and cells where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served

MANY = 60
PARCEL = {
    "kind": "object", "name": "parcel", "label": "Parcel", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "depot", "kind": "choice", "options": [{"name": "north"}, {"name": "south"}]},
        {"name": "weight", "kind": "number", "scale": 0},
        {"name": "keeper", "kind": "person"},
        {"name": "size", "kind": "calculated", "formula": "weight * 2", "result": "number"},
        {"name": "sealed", "kind": "boolean"},
    ],
    "checks": [{"name": "light", "expect": "weight == null or weight < 50 or depot != 'south'",
                "message": "The south takes nothing so heavy."}],
}  # fmt: skip


@pytest.fixture(scope="module")
def parcels(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("parcels"), documents=[PARCEL])


@pytest.fixture
def api(parcels: None, prepared: Prepared, tmp_path: Path) -> Iterator[httpx.Client]:
    address = prepared.copy(None, tmp_path, documents=[PARCEL])
    headers = prepared.headers(address)
    with (
        served(tmp_path, address) as product,
        httpx.Client(base_url=product.url, headers=headers) as client,
    ):
        rows = [{"name": f"Parcel {n}", "depot": "north", "weight": str(n)} for n in range(MANY)]
        client.post("/api/records/parcel", json=rows).raise_for_status()
        yield client


@pytest.fixture
def desk(api: httpx.Client, browser: Browser) -> Iterator[Page]:
    with signed_in(browser, str(api.base_url), api.headers) as page:
        yield page


def sound(desk: Page, name: str) -> None:
    """No finding of the accessibility check, in both themes and on a phone."""
    assert access_faults(desk, name) == []


def count(api: httpx.Client, where: str) -> int:
    query = {"where": where, "total": "exact", "limit": "1"}
    return int(api.get("/api/records/parcel", params=query).json()["total"])


def test_all_records_of_a_list_are_changed_and_undone(api: httpx.Client, desk: Page) -> None:
    desk.goto("/o/parcel?where=weight<55&sort=-weight", wait_until="networkidle")
    desk.check("[data-pick-all]")
    desk.click("[data-do=bulk-all]")
    expect(desk.locator("[data-picked]")).to_have_text("All 55 selected")
    expect(desk.locator("[data-do=bulk-delete]")).to_be_hidden()
    sound(desk, "all")
    expect(desk.locator("[data-picked]")).to_have_text("All 55 selected")
    desk.focus("[data-do=bulk-set]")
    desk.keyboard.press("Enter")
    desk.select_option("dialog select >> nth=0", "depot")
    desk.select_option("dialog [data-field=depot] select", "south")
    expect(desk.locator("dialog [data-work]")).to_contain_text("55 parcels would get new values")
    expect(desk.locator("dialog tbody tr").first).to_contain_text("North")
    sound(desk, "preview")
    assert count(api, "depot == 'south'") == 0
    desk.focus("dialog .foot .btn.primary")
    desk.keyboard.press("Enter")
    said = desk.locator("dialog [role=status]")
    expect(said).to_have_text("Depot was set on 50 parcels.")
    expect(desk.locator("dialog [data-work]")).to_contain_text("5 refused and stay as they were")
    expect(desk.locator("dialog li").first).to_contain_text("The south takes nothing so heavy.")
    sound(desk, "done")
    assert count(api, "depot == 'south'") == 50
    changed = api.get("/api/records/parcel", params={"where": "weight == 7"}).json()["data"][0]
    api.patch(f"/api/records/parcel/{changed['id']}", json={"depot": None}).raise_for_status()
    desk.click("dialog button:has-text('Undo')")
    expect(said).to_have_text("49 parcels have their old value back.")
    expect(desk.locator("dialog [data-work]")).to_contain_text("1 could not be restored")
    expect(desk.locator("dialog li").first).to_contain_text("Parcel 7: It was changed again")
    with desk.expect_navigation():
        desk.keyboard.press("Escape")
    assert count(api, "depot == 'north'") == MANY - 1
    desk.goto("/jobs")
    sound(desk, "jobs")
    expect(desk.locator("#jobs")).to_contain_text("Set Depot on parcels")


def test_several_fields_and_the_bin(api: httpx.Client, desk: Page) -> None:
    desk.goto("/o/parcel?where=weight<3&sort=weight", wait_until="networkidle")
    for box in desk.locator("[data-pick]").all():
        box.check()
    desk.click("[data-do=bulk-set]")
    desk.select_option("dialog select >> nth=0", "depot")
    desk.select_option("dialog [data-field=depot] select", "south")
    desk.click("dialog button:has-text('Another field')")
    lines = desk.locator("dialog .edit-line")
    expect(lines).to_have_count(2)
    lines.nth(1).locator("select").first.select_option("weight")
    desk.fill("dialog [data-field=weight] input", "2")
    desk.keyboard.press("Tab")
    expect(desk.locator("dialog tbody tr").first).to_contain_text("0 → 2")
    sound(desk, "several")
    desk.click("dialog .foot .btn.primary")
    said = desk.locator("dialog [role=status]")
    expect(said).to_have_text("Depot and Weight were set on 3 parcels.")
    with desk.expect_navigation():
        desk.keyboard.press("Escape")
    assert count(api, "depot == 'south' and weight == 2") == 3
    for box in desk.locator("[data-pick]").all():
        box.check()
    desk.click("[data-do=bulk-delete]")
    expect(desk.locator("dialog [data-work]")).to_contain_text("3 parcels would go to the bin")
    desk.click("dialog .foot .btn.primary")
    expect(said).to_have_text("3 parcels are in the bin.")
    assert count(api, "weight == 2") == 0
    desk.click("dialog button:has-text('Undo')")
    expect(said).to_have_text("3 parcels are back.")
    assert count(api, "weight == 2") == 3


def held(api: httpx.Client, name: str, field: str) -> object:
    query = {"where": f"name == '{name}'"}
    return api.get("/api/records/parcel", params=query).json()["data"][0][field]


def test_cells_are_edited_where_they_stand(api: httpx.Client, desk: Page) -> None:
    desk.goto("/o/parcel?where=weight>27 and weight<33&sort=-weight", wait_until="networkidle")
    row = desk.locator("#rows tr[data-id]:has-text('Parcel 30')")
    focused = desk.locator(":focus")
    # By mouse: a double press, then Enter saves, keeps the place and brings what is calculated.
    row.locator("td[data-col=weight]").dblclick()
    expect(row.locator("form input")).to_be_focused()
    desk.keyboard.type("31")
    desk.keyboard.press("Enter")
    expect(row.locator("td[data-col=weight]")).to_be_focused()
    expect(row).to_contain_text("62.00")
    assert held(api, "Parcel 30", "weight") == "31"
    # By keys: arrows, Enter, Esc; Tab saves and goes on.
    desk.keyboard.press("ArrowLeft")
    desk.keyboard.press("Enter")
    expect(row.locator("td[data-col=depot] form")).to_be_visible()
    desk.select_option("#rows form select", "south")
    desk.keyboard.press("Escape")
    expect(row.locator("td[data-col=depot]")).to_be_focused()
    assert held(api, "Parcel 30", "depot") == "north"
    desk.keyboard.press("Enter")
    desk.select_option("#rows form select", "south")
    desk.keyboard.press("Tab")
    expect(row.locator("td[data-col=weight] input")).to_be_focused()
    expect(row.locator("td[data-col=depot]")).to_have_text("South")
    assert held(api, "Parcel 30", "depot") == "south"
    # A refusal stands at the cell, and what is typed stays.
    desk.keyboard.type("77")
    desk.keyboard.press("Enter")
    expect(row.locator(".err")).to_have_text("The south takes nothing so heavy.")
    expect(row.locator("input[name=weight]")).to_have_value("77")
    # Somebody else was faster: theirs is said, nothing is lost, Enter saves mine.
    id = row.get_attribute("data-id")
    api.patch(f"/api/records/parcel/{id}", json={"weight": "12"}).raise_for_status()
    desk.fill("#rows form input[name=weight]", "13")
    desk.keyboard.press("Enter")
    expect(row.locator(".err")).to_contain_text("Somebody has made it 12 meanwhile.")
    sound(desk, "collided")
    desk.focus("#rows form input[name=weight]")
    desk.keyboard.press("Enter")
    expect(row.locator("td[data-col=weight]")).to_be_focused()
    assert held(api, "Parcel 30", "weight") == "13"
    desk.click(".toast:has-text('Weight is 13') button")
    expect(row.locator("td[data-col=weight]")).to_have_text("31")
    # What is calculated is no cell to edit, and a look-up saves once it has chosen.
    assert row.locator("td[data-col=size]").count() == 0
    row.locator("td[data-col=keeper]").dblclick(position={"x": 60, "y": 10})
    desk.wait_for_selector("#rows form .ts-wrapper")
    desk.keyboard.type("Admin")
    desk.wait_for_selector(".ts-dropdown .option.active:has-text('Administrator')")
    desk.keyboard.press("Enter")
    expect(row.locator("td[data-col=keeper] form")).to_have_count(0)
    expect(focused).to_have_attribute("data-col", "keeper")
    assert held(api, "Parcel 30", "keeper")
