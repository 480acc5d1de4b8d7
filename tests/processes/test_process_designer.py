"""A process is drawn on its map, by mouse and by keys alone, then run by three people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.access import access_faults
from tests.app import PASSWORD, Prepared
from tests.processes.desk import DOCUMENTS, Json
from tests.studio_desk import StudioDesk, studio_desk


@pytest.fixture(scope="module")
def set_up(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("before"), documents=DOCUMENTS)


@pytest.fixture(scope="module")
def desk(
    set_up: None, prepared: Prepared, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StudioDesk]:
    folder = tmp_path_factory.mktemp("drawn")
    with studio_desk(prepared, browser, folder, documents=DOCUMENTS) as found:
        yield found


def stage(page: Page, name: str) -> Locator:
    return page.locator(f".rmap [data-stage='{name}']")


def drawn(page: Page, source: Locator, x: float, y: float) -> None:
    """Draw from the middle of a stage to a point."""
    box = source.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x - 10, y - 10, steps=3)
    page.mouse.move(x, y)
    page.mouse.up()


def middle(of: Locator) -> tuple[float, float]:
    box = of.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def saved(page: Page) -> None:
    with page.expect_response("**/save") as answer:
        page.keyboard.press("Control+s")
    assert answer.value.status == 200, answer.value.text()


def side(page: Page) -> Locator:
    return page.locator(".rmap-side")


def test_five_stages_are_drawn_and_run(desk: StudioDesk) -> None:
    page = desk.open("/studio/process/new?object=deal")
    expect(stage(page, "first")).to_be_visible()
    page.get_by_label("Label", exact=True).first.fill("Dealer sale")
    # By keys: three more stages, each after the one before.
    stage(page, "first").focus()
    for label in ("Technical solution", "Agree", "Deliver"):
        page.keyboard.press("n")
        page.keyboard.type(label)
        page.keyboard.press("Enter")
        name = label.lower().replace(" ", "_")
        expect(stage(page, name)).to_be_focused()
    # By mouse: a stage is drawn out of one where nothing is, and a route from one to another.
    x, y = middle(stage(page, "deliver"))
    drawn(page, stage(page, "agree"), x + 150, y - 60)
    expect(page.get_by_label("Name of the new stage")).to_be_focused()
    page.keyboard.type("Ask again")
    page.keyboard.press("Enter")
    expect(stage(page, "ask_again")).to_be_focused()
    drawn(page, stage(page, "ask_again"), *middle(stage(page, "technical_solution")))
    expect(page.locator("[data-from=ask_again][data-to=technical_solution]")).to_be_focused()
    # The form beside the map.
    stage(page, "technical_solution").click()
    expect(side(page).get_by_role("heading", name="Technical solution")).to_be_visible()
    page.keyboard.press("Enter")
    side(page).locator("[data-member=duration] input").fill("1d")
    side(page).locator("[data-member=remind_before] input").fill("1h")
    action = side(page).locator("[data-member=main_action]")
    action.get_by_label("What", exact=True).select_option("Send an e-mail")
    action.get_by_role("checkbox", name="Cannot be completed without it").check(force=True)
    side(page).get_by_role("button", name="a performer").click()
    side(page).get_by_label("Everybody with the role").select_option("specialist")
    for label, to in (("Yes", "deliver"), ("No", "ask_again")):
        page.locator(f".rmap [data-from=agree][data-to={to}]").press("Enter")
        side(page).locator("[data-member=outcome] input").fill(label)
    page.keyboard.press("Escape")
    expect(page.locator(".rmap [data-from=agree][data-to=ask_again]")).to_be_focused()
    saved(page)
    page.wait_for_url("**/studio/process/dealer_sale")
    body = desk.body("process", "dealer_sale")
    assert [one["name"] for one in body["stages"]] == [
        "first", "technical_solution", "agree", "ask_again", "deliver",
    ]  # fmt: skip
    assert body["stages"][1] == {
        "name": "technical_solution", "label": "Technical solution", "duration": "1d",
        "remind_before": "1h", "performers": [{"role": "specialist"}],
        "main_action": {"mail": {}, "must": True},
    }  # fmt: skip
    assert body["routes"] == [
        {"from": "start", "to": "first"},
        {"from": "first", "to": "technical_solution"},
        {"from": "technical_solution", "to": "agree"},
        {"from": "agree", "to": "deliver", "outcome": "Yes"},
        {"from": "agree", "to": "ask_again", "outcome": "No"},
        {"from": "ask_again", "to": "technical_solution"},
        {"from": "deliver", "to": "end"},
    ]
    assert access_faults(page) == []
    # Tried on paper with a made-up record, where nothing is stored.
    page.get_by_text("Try it with a made-up record").click()
    steps = page.locator("details", has_text="Try it with a made-up record")
    for label, button in (("First stage", "Complete"), ("Technical solution", "Complete"),
                          ("Agree", "No"), ("Ask again", "Complete"),
                          ("Technical solution", "Complete"), ("Agree", "Yes"),
                          ("Deliver", "Complete")):  # fmt: skip
        box = steps.get_by_role("group", name=label, exact=True)
        box.get_by_role("button", name=button, exact=True).click()
    expect(steps.get_by_text("The run is done.")).to_be_visible()
    assert desk.api.get("/api/records/process_run").json()["data"] == []
    run_by_three(desk)
    page.goto("/processes/analysis?process=dealer_sale")
    row = page.locator("table[class~=still] tbody tr").first
    expect(row).to_contain_text("100.0 %")
    # What is drawn can be taken back: a stage deleted by key, brought back by another.
    desk.open("/studio/process/dealer_sale")
    stage(page, "ask_again").press("Delete")
    expect(stage(page, "ask_again")).to_have_count(0)
    expect(page.locator("[data-from=agree][data-to=technical_solution]")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(stage(page, "ask_again")).to_have_count(1)
    assert desk.unchanged()
    stage(page, "deliver").press("Alt+ArrowUp")
    stage(page, "deliver").press("c")
    page.keyboard.press("Escape")
    page.locator(".rmap [data-from=deliver][data-to=end]").press("Delete")
    saved(page)
    body = desk.body("process", "dealer_sale")
    assert [one["name"] for one in body["stages"]][3] == "deliver"
    assert {"from": "deliver", "to": "end"} not in body["routes"]
    # It goes into a file that other tools read, and comes back from it.
    text = desk.api.get("/api/processes/dealer_sale/bpmn").content
    desk.open("/studio/process/new?object=deal")
    expect(stage(page, "first")).to_be_visible()
    page.get_by_text("BPMN files").click()
    sent = {"name": "sale.bpmn", "mimeType": "application/xml", "buffer": text}
    page.get_by_label("BPMN file", exact=True).set_input_files(sent)  # type: ignore[arg-type]
    expect(page.get_by_text("5 stages were read from sale.bpmn.")).to_be_visible()
    expect(stage(page, "ask_again")).to_be_visible()


def run_by_three(desk: StudioDesk) -> None:
    """One starts it, one sends the mail without which it does not go on, one agrees."""

    def person(name: str, role: str) -> httpx.Client:
        mail = f"{name}@example.com"
        body: Json = {"email": mail, "name": name, "roles": [role], "password": PASSWORD}
        desk.api.post("/api/records/user", json=body).raise_for_status()
        client = httpx.Client(base_url=desk.api.base_url, timeout=60)
        told = client.post("/api/login", json={"email": mail, "password": PASSWORD}).json()
        client.headers["x-csrf-token"] = told["csrf"]
        return client

    seller, specialist = person("sel", "seller"), person("spe", "specialist")
    deal = desk.api.post("/api/records/deal", json={"name": "Crane"}).json()["id"]
    run = seller.post("/api/processes/dealer_sale/runs", json={"subject": deal}).json()

    def step(by: httpx.Client, name: str, verb: str, **body: Any) -> httpx.Response:
        tasks = desk.api.get(f"/api/processes/runs/{run['id']}").json()["tasks"]
        task = next(one["id"] for one in tasks if one["stage"] == name)
        return by.post(f"/api/processes/tasks/{task}/{verb}", json=body)

    assert step(seller, "first", "complete").status_code == 200
    refused = step(specialist, "technical_solution", "complete")
    assert refused.status_code == 422 and "Send the e-mail" in refused.text
    mail = {"to": "a@example.com", "subject": "Crane", "text": "Here it is."}
    assert step(specialist, "technical_solution", "action", **mail).status_code == 201
    assert step(specialist, "technical_solution", "complete").status_code == 200
    assert step(desk.api, "agree", "complete", outcome="Yes").status_code == 200
    assert step(seller, "deliver", "complete").status_code == 200
    done = desk.api.get(f"/api/processes/runs/{run['id']}").json()
    assert done["status"] == "done"
    (found,) = desk.api.get("/api/processes/dealer_sale/funnel").json()["data"]
    assert [one["runs"] for one in found["steps"]] == [1, 1, 1, 0, 1]
    seller.close()
    specialist.close()
