"""The designer of rules in a browser: by mouse, by keys, and equal to what is written by hand."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Locator, Page, expect

from fluvial.database.database import sqlite_path
from metamodel.document_files import parse_documents
from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.house.test_tree import ROOT
from tests.waiting import until

Json = dict[str, Any]


def parts_of(value: Any, place: str = "") -> Iterator[str]:
    """The places of a document at which something stands, whatever it is called."""
    if isinstance(value, dict):
        named = place.endswith(("/set", "/fields"))
        for name, one in value.items():
            yield from parts_of(one, f"{place}/{'*' if named else name}")
    elif isinstance(value, list):
        for one in value:
            yield from parts_of(one, f"{place}/-")
    else:
        yield place


def telling(paths: Sequence[Path]) -> list[Path]:
    """As few rules as have all places at which rules say something."""
    # The base loader leaves `on` the word that it is.
    parts = {p: {*parts_of(yaml.load(p.read_text("utf-8"), yaml.BaseLoader))} for p in paths}
    left, chosen = set().union(*parts.values()), []
    while left:
        chosen.append(max(paths, key=lambda path: len(parts[path] & left)))
        left -= parts[chosen[-1]]
    return chosen


RULES = telling(sorted((ROOT / "apps" / "psa" / "rules").glob("*.yaml")))
SAVED = re.compile(r"/studio/rule/(?!new)")


WRITTEN = """
kind: rule
label: Tell who made it
on: {object: asset, event: deleted}
do:
  - notify: {to: [created_by], by: [in_app], subject: "'Gone'"}
"""


@pytest.fixture(scope="module")
def desks(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Set up before there is a browser, whose event loop lets no other one run."""
    return prepared.copy(None, tmp_path_factory.mktemp("desks"), apps=("psa",))


@dataclass
class Desk:
    page: Page
    api: httpx.Client
    file: str
    presses: int = 0

    def press(self, target: Locator) -> None:
        self.presses += 1
        target.click()

    def choose(self, label: str, option: str) -> None:
        """Two clicks of a person: the list opens, and one of it is taken."""
        self.presses += 2
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def add(self, key: str, option: str) -> None:
        self.press(self.key(key))
        self.press(self.page.locator(".foundlist").get_by_role("option", name=option, exact=True))

    def key(self, name: str) -> Locator:
        return self.page.locator(f'[data-face-of="designer"] [data-key="{name}"]')

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]", state="attached")
        expect(self.page.locator(".says-line")).not_to_have_text("")

    def saved(self) -> str:
        """Presses Save. The page of a rule that was there says nothing new where it is saved."""
        with self.page.expect_response("**/save") as answer:
            self.press(self.page.locator("[data-save]"))
        assert answer.value.status == 200, answer.value.text()
        return self.named()

    def named(self) -> str:
        """The name that a new rule got: its page is shown then."""
        self.page.wait_for_url(SAVED)
        return self.page.url.rpartition("/")[2]

    def document(self, name: str) -> Json:
        answer = self.api.get(f"meta/rule/{name}")
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    @property
    def says(self) -> Locator:
        return self.page.locator(".says-line")


@pytest.fixture(scope="module")
def desk(
    desks: str, prepared: Prepared, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    headers = prepared.headers(desks)
    with (
        served(tmp_path_factory.mktemp("product"), desks) as product,
        signed_in(browser, product.url, headers) as page,
        httpx.Client(base_url=f"{product.url}/api/", headers=headers) as api,
    ):
        page.on("dialog", lambda dialog: dialog.accept())  # leaving with changes asks
        yield Desk(page, api, str(sqlite_path(desks)))


def same(name: str, found: Json, wanted: Json) -> None:
    heads = {"kind": "rule", "name": name}
    kept = {one: value for one, value in found.items() if one in {*wanted, *heads, "do", "on"}}
    assert kept == {**heads, **wanted}


def test_a_rule_with_mail_and_webhook_takes_eight_clicks_and_reads_as_a_sentence(
    desk: Desk,
) -> None:
    page = desk.page
    page.goto("/studio/objects/ticket?tab=rule")
    desk.presses = 0
    desk.press(page.get_by_role("link", name="New rule"))
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(desk.says).to_have_text("When a ticket is created, then …")
    desk.press(desk.key("event/updated"))
    desk.press(desk.key("add/notify"))
    expect(desk.says).to_contain_text("mail and notify Assignee")
    desk.press(desk.key("add/webhook"))
    expect(desk.says).to_have_text(
        "When a ticket is created or changed, then mail and notify Assignee, then post to Renewals."
    )
    expect(page.locator("#plan")).to_contain_text("Mail is not set up")
    name = desk.saved()
    assert desk.presses <= 8, desk.presses
    body = desk.document(name)
    assert body["on"] == {"object": "ticket", "event": ["created", "updated"]}
    assert [list(action) for action in body["do"]] == [["notify"], ["webhook"]]


def test_a_designed_rule_equals_one_written_by_hand(desk: Desk) -> None:
    """Four ways of giving a value, recipients of each kind, moved and removed by mouse."""
    page = desk.page
    desk.open("/studio/rule/new?object=ticket")
    desk.key("label").fill("Urgent tickets")
    desk.press(desk.key("event/updated"))
    desk.press(desk.key("event/created"))
    desk.add("fields/add", "Priority")
    page.locator(".xbox").get_by_role("button", name="Expression").first.click()
    page.locator(".xbox .xarea").first.fill("priority == 'high'")
    desk.press(desk.key("add/create"))
    desk.choose("Object of the new record", "Opportunity")
    desk.add("/do/0/set/add", "Name")
    desk.key("/do/0/set/name/way").select_option(label="Text")
    desk.key("/do/0/set/name/value").fill("Look after {Title} now")
    desk.add("/do/0/set/add", "Stage")
    desk.key("/do/0/set/stage/value").select_option(label="New")
    desk.add("/do/0/set/add", "Account")
    desk.press(desk.key("add/notify"))
    desk.add("/do/1/notify/to/add", "An e-mail address …")
    page.get_by_role("textbox", name="E-mail address").fill("desk@example.org")
    page.keyboard.press("Enter")
    expect(desk.says).to_contain_text("desk@example.org")
    desk.press(desk.key("/do/1/notify/by/in_app"))
    desk.press(desk.key("add/delete"))
    desk.press(desk.key("do/2/remove"))
    expect(desk.says).to_have_text(
        "When a ticket is changed and Priority changes and priority is High, then create an "
        "opportunity, then mail Assignee and desk@example.org."
    )
    desk.saved()
    body = desk.document("urgent_tickets")
    assert body["do"][1]["notify"].pop("template", None) or body["do"][1]["notify"]["subject"]
    same(
        "urgent_tickets",
        body,
        {
            "label": "Urgent tickets",
            "on": {"object": "ticket", "event": ["updated"], "fields": ["priority"]},
            "when": "priority == 'high'",
            "do": [
                {
                    "create": "opportunity",
                    "set": {
                        "name": "'Look after ' & title & ' now'",
                        "stage": "'new'",
                        "account": "account",
                    },
                },
                {"notify": {"to": ["assignee", "'desk@example.org'"], "by": ["email"]}},
            ],
        },
    )
    assert "@" in str(body)


def test_a_rule_is_made_and_moved_by_keys_alone(desk: Desk) -> None:
    page, keys = desk.page, desk.page.keyboard
    desk.open("/studio/rule/new?object=asset")
    desk.key("trigger").focus()
    keys.type("somebody")
    expect(desk.key("button")).to_be_visible()
    expect(desk.key("trigger")).to_be_focused()
    desk.key("button").focus()
    keys.press("Control+A")
    keys.type("Retire it")
    desk.key("add/update").focus()
    keys.press("Enter")
    expect(page.locator('[data-action="0"] :focus')).to_be_attached()  # it goes there by itself
    desk.key("add/notify").focus()
    keys.press("Enter")
    expect(page.locator('[data-action="1"] :focus')).to_be_attached()
    grip = desk.key("do/1/grip")
    grip.focus()
    keys.press("Alt+ArrowUp")
    expect(desk.key("do/0/grip")).to_be_focused()
    expect(desk.says).to_contain_text("then mail and notify")
    desk.key("/do/0/notify/to/add").focus()
    keys.press("Enter")
    keys.type("created by")
    keys.press("Enter")
    expect(desk.says).to_contain_text("Created by")
    expect(desk.key("/do/0/notify/to/add")).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".xpop")).to_be_visible()
    keys.press("Escape")
    expect(page.locator(".xpop")).to_have_count(0)
    expect(desk.key("/do/0/notify/to/add")).to_be_focused()
    keys.press("Control+s")
    body = desk.document(desk.named())
    assert body["on"] == {"object": "asset", "button": "Retire it"}
    assert [list(action) for action in body["do"]] == [["notify"], ["update"]]


def test_each_trigger_is_written_as_by_hand(desk: Desk) -> None:
    page = desk.page
    desk.open("/studio/rule/new?object=asset")
    yaml_box = page.locator("#yaml")

    def on() -> Any:
        found = yaml.safe_load(yaml_box.input_value()) or {}
        return found.get(True, found.get("on"))  # YAML 1.1 reads `on` as yes

    def becomes(**wanted: Any) -> None:
        try:
            until(lambda: on() == wanted, 20)
        except AssertionError:
            assert on() == wanted

    desk.key("trigger").select_option(label="a time comes")
    becomes(schedule="0 7 * * 1-5", object="asset")
    expect(page.get_by_text("Next: ")).to_be_visible()
    desk.key("rhythm").select_option(label="every week")
    desk.key("day").select_option(label="Friday")
    desk.key("at").fill("16:30")
    becomes(schedule="30 16 * * 5", object="asset")
    expect(desk.says).to_contain_text("Every Friday at 16:30, for every asset")
    desk.key("object").select_option(label="no record, once")
    becomes(schedule="30 16 * * 5")
    desk.key("rhythm").select_option(label="by a cron expression")
    desk.key("cron").fill("0 0 1 1 *")
    becomes(schedule="0 0 1 1 *")
    desk.key("trigger").select_option(label="a date of a record comes")
    desk.key("date").select_option(label="Warranty to")
    desk.key("offset").fill("2")
    desk.key("unit").select_option(label="weeks")
    desk.key("side").select_option(label="after")
    expect(desk.says).to_contain_text("2 weeks after the Warranty to of ")
    becomes(object="asset", date="warranty_to", offset="+2w", at="08:00")
    desk.key("trigger").select_option(label="a web form is sent")
    becomes(webform="how_did_we_do")
    expect(desk.says).to_contain_text("When the web form How did we do? is sent")
    desk.press(page.locator("[data-face=yaml]"))
    yaml_box.fill(WRITTEN)
    expect(desk.says).to_have_text("When an asset is deleted, then notify Created by.")
    expect(desk.key("label")).to_have_value("Tell who made it")
    assert "Tell who made it" in yaml_box.input_value()


def test_actions_are_dragged_and_faults_lead_to_their_place(desk: Desk) -> None:
    page = desk.page
    desk.open("/studio/rule/new?object=ticket")
    for verb in ("notify", "update", "webhook"):
        desk.press(desk.key(f"add/{verb}"))
    expect(page.locator("[data-action]")).to_have_count(3)
    first = page.locator('[data-action="0"]')
    desk.key("do/2/grip").drag_to(first, target_position={"x": 9, "y": 3})
    expect(desk.says).to_contain_text("then post to Renewals, then mail and notify Assignee")
    desk.key("phase").select_option(label="before it is saved, as part of it")
    expect(page.locator('[data-action="0"] [data-fault]').first).to_be_visible()
    desk.press(page.locator(".docfaults button").first)
    expect(first).to_be_focused()
    desk.key("phase").select_option(label="after it is saved")
    expect(page.locator('[data-action="0"] [data-fault]')).to_have_count(0)
    desk.saved()


def test_all_that_failed_is_sent_again_with_progress(desk: Desk) -> None:
    """Mails wait, as there is no server: some of them are made to have failed."""
    page = desk.page
    account = desk.api.post("records/account", json={"name": "Redfern"}).raise_for_status().json()
    users = desk.api.get("records/user").json()["data"]
    ticket = {"subject": "Printer", "account": account["id"], "assignee": {"user": users[0]["id"]}}
    desk.api.post("records/ticket", json=ticket).raise_for_status()
    waiting: list[Json] = []

    def sent() -> bool:
        waiting[:] = desk.api.get("deliveries?kind=email").json()["data"]
        return bool(waiting)

    until(sent)
    with sqlite3.connect(desk.file) as database:
        database.execute("UPDATE fluvial_effect SET state = 'failed' WHERE kind = 'email'")
    page.goto("/studio/deliveries?state=failed")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.get_by_role("button", name="that failed again").click()
    expect(page.locator(".toast")).to_contain_text("sent again")
    expect(page.get_by_text("No deliveries")).to_be_visible()
    page.locator("select[name=state]").select_option(label="Waiting")
    expect(page).to_have_url(re.compile("state=pending"))
    expect(page.get_by_role("link", name="E-mail to").first).to_be_visible()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_an_opened_rule_stays_as_it_is(desk: Desk, path: Any) -> None:
    """The designer changes nothing that nobody has changed, and says each rule in words."""
    name = path.stem
    before = desk.document(name)
    desk.open(f"/studio/rule/{name}")
    expect(desk.page.locator("#plan")).to_contain_text("Nothing")
    on = desk.key("active")
    desk.press(on)
    expect(on).to_have_attribute("aria-checked", "false")
    desk.press(on)
    expect(on).to_have_attribute("aria-checked", "true")
    text = desk.page.locator('script[id="document"]').text_content()
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert text and desk.document(name) == before
    assert desk.page.evaluate("() => document.querySelector('#yaml').value") is not None
    assert written["do"] == before["do"]
    assert "undefined" not in (desk.says.text_content() or "")


def test_a_rule_is_tried_and_replayed_beside_its_sentence(desk: Desk) -> None:
    page = desk.page
    account = desk.api.post("records/account", json={"name": "Harrow"}).raise_for_status().json()
    printer = {"name": "Printer", "account": account["id"]}
    desk.api.post("records/asset", json=printer).raise_for_status()
    desk.open("/studio/rule/warranty_renewal")
    trial = page.get_by_role("region", name="Try it")
    trial.get_by_role("button", name="Try it").click()
    expect(trial.get_by_role("status")).to_contain_text("ondition")
    desk.open("/studio/rule/ticket_assigned")
    trial = page.get_by_role("region", name="Try it")
    trial.get_by_role("button", name="Replay 30 days").click()
    expect(trial.get_by_role("status")).to_contain_text("would have set it off")


def test_an_endpoint_is_made_from_within_the_action(desk: Desk) -> None:
    page = desk.page
    desk.open("/studio/rule/new?object=ticket")
    desk.press(desk.key("add/webhook"))
    desk.key("/do/0/webhook/to").select_option(label="A new endpoint …")
    page.locator("#endpoint-label").fill("Chat room")
    page.locator("#endpoint-url").fill("https://chat.example.com/in")
    expect(page.get_by_label("Environment variable")).to_have_value("CHAT_ROOM_SECRET")
    page.get_by_role("button", name="Generate a secret").click()
    expect(page.get_by_label("The line for the environment")).to_have_value(
        re.compile("^CHAT_ROOM_SECRET=whsec_")
    )
    page.get_by_role("button", name="Make it").click()
    expect(desk.says).to_contain_text("post to Chat room")
    endpoint = desk.api.get("meta/endpoint/chat_room").json()
    assert endpoint["secret"] == {"env": "CHAT_ROOM_SECRET"}


def test_nothing_of_the_designer_is_out_of_reach(desk: Desk) -> None:
    page = desk.page
    for path in ("/studio/rule/warranty_renewal", "/studio/runs", "/studio/deliveries"):
        page.goto(path)
        assert access_faults(page) == []


GATHERS = """
kind: rule
label: Tickets for covers
on: {object: account, every: month, at: "06:00", lead: 5d}
once: "text(period.from)"
do:
  - create: ticket
    as: made
    each: {of: assets, where: "status == 'deployed'", group: [type]}
    set: {subject: "'Check ' & text(count(rows))", account: record}
"""


def test_a_rule_that_gathers_stays_whole_and_can_be_changed_beside(desk: Desk) -> None:
    (body,) = parse_documents(GATHERS)
    answer = desk.api.put("meta/rule/gathers", json={**body, "name": "gathers"})
    assert answer.status_code in (200, 201), answer.text
    before = desk.document("gathers")
    desk.open("/studio/rule/gathers")
    expect(desk.says).to_contain_text("5d before every month of an account")
    expect(desk.says).to_contain_text("create a ticket for each group of Assets")
    expect(desk.key("lead")).to_have_value("5d")
    expect(desk.page.get_by_text("It is checked with the whole rule").first).to_be_visible()
    desk.key("lead").fill("1w")
    desk.saved()
    expect(desk.page.locator("#plan")).to_contain_text("Nothing")
    after = desk.document("gathers")
    assert after["on"] == {**before["on"], "lead": "1w"}
    assert (after["do"], after["once"]) == (before["do"], before["once"])
