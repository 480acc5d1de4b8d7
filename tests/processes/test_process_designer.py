"""A process is drawn on its map, by mouse and by keys alone, then run by three people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.access import access_faults
from tests.app import PASSWORD, Prepared
from tests.browser import signed_in
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


SECOND = b"""<bpmn:process id="p2" name="Bank"><bpmn:startEvent id="s2"/><bpmn:task id="count"/>
<bpmn:sequenceFlow id="f2" sourceRef="s2" targetRef="count"/></bpmn:process></bpmn:definitions>"""


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


def test_five_stages_are_drawn_and_run(desk: StudioDesk, browser: Browser) -> None:
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
    run_by_three(desk, browser)
    expect(page.locator("table[class~=still] tbody tr").first).to_contain_text("100.0 %")
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
    two = text.replace(b"</bpmn:definitions>", SECOND)
    assert two != text
    page.get_by_label("BPMN file", exact=True).set_input_files({**sent, "buffer": two})  # type: ignore[arg-type]
    page.get_by_role("button", name="Bank", exact=True).click()
    expect(page.get_by_text("1 stages were read from sale.bpmn.")).to_be_visible()
    expect(stage(page, "count")).to_be_visible()


def run_by_three(desk: StudioDesk, browser: Browser) -> None:
    """One starts it, one sends the mail without which it does not go on, one agrees."""
    api = desk.api
    deal = api.post("/api/records/deal", json={"name": "Crane"}).json()["id"]
    with ExitStack() as open_pages:

        def person(name: str, role: str) -> Page:
            mail = f"{name}@example.com"
            body: Json = {"email": mail, "name": name, "roles": [role], "password": PASSWORD}
            api.post("/api/records/user", json=body).raise_for_status()
            with httpx.Client(base_url=api.base_url, timeout=60) as client:
                client.post("/api/login", json={"email": mail, "password": PASSWORD})
                cookies = "; ".join(f"{one}={value}" for one, value in client.cookies.items())
            opened = signed_in(browser, str(api.base_url), {"cookie": cookies})
            return open_pages.enter_context(opened)

        seller, specialist = person("sel", "seller"), person("spe", "specialist")
        seller.goto(f"/records/deal/{deal}")
        token = seller.locator("meta[name=csrf]").get_attribute("content") or ""
        begun = seller.request.post(
            "/api/processes/dealer_sale/runs", data={"subject": deal},
            headers={"x-csrf-token": token},
        )  # fmt: skip
        assert begun.status == 201, begun.text()
        complete(seller, "First stage")
        assert reached(desk) == ["1", "1", "0", "0", "0"]
        task(specialist, "Technical solution")
        specialist.get_by_role("button", name="Complete the task").click()
        refused = specialist.get_by_role("alert").first
        expect(refused).to_contain_text("Send the e-mail from this task.")
        letter = specialist.locator("section[aria-labelledby=task-action]")
        letter.get_by_label("To", exact=True).fill("ada@example.com")
        letter.get_by_label("Subject", exact=True).fill("Crane")
        letter.get_by_label("Text", exact=True).fill("Here it is.")
        letter.get_by_role("button", name="Send", exact=True).click()
        expect(specialist.get_by_text("Needed to complete the task")).to_have_count(0)
        done(specialist)
        assert reached(desk) == ["1", "1", "1", "0", "0"]
        asked = {"where": "stage == 'agree'"}
        (found,) = api.get("/api/records/process_task", params=asked).json()["data"]
        desk.page.goto(f"/processes/tasks/{found['id']}")  # for an administrator who helps
        done(desk.page, "Yes")
        complete(seller, "Deliver")
    assert reached(desk) == ["1", "1", "1", "0", "1"]
    (run,) = api.get("/api/processes/dealer_sale/runs").json()["data"]
    assert run["status"] == "done"


def task(page: Page, name: str) -> None:
    """Open the task of a stage from one's work."""
    page.goto("/work")
    page.get_by_role("link", name=f"{name}: Crane").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def complete(page: Page, name: str) -> None:
    task(page, name)
    done(page)


def done(page: Page, outcome: str = "") -> None:
    """Complete the task that is shown."""
    button = page.get_by_role("button", name="Complete the task")
    if outcome:
        page.get_by_label("Outcome").select_option(outcome)
    button.click()
    expect(button).to_have_count(0)


def reached(desk: StudioDesk) -> list[str]:
    """How many runs came to each stage, as the page of the analysis shows it."""
    desk.page.goto("/processes/analysis?process=dealer_sale")
    cells = desk.page.locator("table[class~=still] tbody tr").first.locator("td.num")
    expect(cells).to_have_count(5)
    return [text.split()[0] for text in cells.all_inner_texts()]
