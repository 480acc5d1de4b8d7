"""The form of every kind of document makes what is written by hand; opening it changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from fluvial.kernel.features import load_features
from metamodel.document_files import parse_documents
from metamodel.schemas.loading import complete_schema
from tests.access import access_faults
from tests.app import Documents, Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served

APP = Path(__file__).parents[3] / "apps" / "psa"
DRIVER = (Path(__file__).parent / "form_driver.js").read_text(encoding="utf-8")
EXAMPLES = [dict(kind.example) for kind in load_features().kinds.values()]
SHIPPED = ("rules/warranty_renewal", "webforms/report_a_problem", "boards/service_desk",
           "roles/technician", "forms/asset_main", "pins/overdue")  # fmt: skip
CALENDAR = next(one for one in EXAMPLES if one["kind"] == "calendar")


def written(name: str) -> dict[str, Any]:
    (body,) = parse_documents((APP / f"{name}.yaml").read_text(encoding="utf-8"))
    return body


@pytest.fixture(scope="module")
def made(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("forms")
    return prepared.copy(None, folder, apps=("psa",), documents=DOCUMENTS), folder


LOAN: dict[str, Any] = {
    "kind": "object", "name": "loan", "label": "Loan", "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "L-{00000}"},
        {"name": "due", "kind": "date", "required": True},
        {"name": "returned", "kind": "date"},
        {"name": "state", "kind": "choice", "options": [{"name": "open"}, {"name": "overdue"}]},
        {"name": "device", "kind": "text"}, {"name": "name", "kind": "text"},
        {"name": "branch", "kind": "text"}, {"name": "lent_on", "kind": "date"},
        {"name": "read_for", "kind": "duration"},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "loans"},
    ],
}  # fmt: skip
MEMBER: dict[str, Any] = {
    "kind": "object", "name": "member",
    "fields": [{"name": "name", "kind": "text"},
               {"name": "email", "kind": "text", "format": "email"}],
}  # fmt: skip
MEMBERSHIP: dict[str, Any] = {
    "kind": "object", "name": "membership",
    "fields": [
        {"name": "member", "kind": "lookup", "to": "member"}, {"name": "starts", "kind": "date"},
        {"name": "ends", "kind": "date"}, {"name": "fee", "kind": "money", "currency": "GBP"},
    ],
}  # fmt: skip
MEMBERSHIP_FEE: dict[str, Any] = {
    "kind": "object", "name": "membership_fee",
    "fields": [
        {"name": "member", "kind": "lookup", "to": "member"}, {"name": "day", "kind": "date"},
        {"name": "amount", "kind": "money", "currency": "GBP"},
    ],
}  # fmt: skip
LOANS_BY_BRANCH: dict[str, Any] = {
    "kind": "report", "name": "loans_by_branch", "object": "loan",
    "group": ["branch"], "measures": ["count()"],
}  # fmt: skip
TERM: dict[str, Any] = {
    "kind": "object", "name": "loan_term",
    "fields": [{"name": "branch", "kind": "text"}, {"name": "group", "kind": "text"}],
}  # fmt: skip
DOCUMENTS: Documents = [MEMBER, LOAN, TERM, MEMBERSHIP, MEMBERSHIP_FEE, LOANS_BY_BRANCH]


@pytest.fixture(scope="module")
def desk(made: tuple[str, Path], prepared: Prepared, browser: Browser) -> Iterator[Page]:
    address, folder = made
    headers = prepared.headers(address)
    with (
        served(folder, address) as product,
        signed_in(browser, product.url, headers) as page,
    ):
        page.add_init_script("localStorage.clear()")  # which faces were shown last
        yield page


def body_of(desk: Page) -> Any:
    return desk.evaluate("document.querySelector('[data-document]').model.body")


def opened(desk: Page, address: str) -> None:
    desk.goto(address)
    desk.wait_for_selector("html[data-ready]", state="attached")
    if desk.get_attribute("[data-face=form]", "aria-pressed") != "true":
        desk.click("[data-face=form]")  # of a kind that has a designer, which is shown first


@pytest.mark.parametrize(
    "wanted", [*EXAMPLES, *map(written, SHIPPED)], ids=lambda body: f"{body['kind']}-{body['name']}"
)
def test_a_document_made_with_its_form_is_the_one_written_by_hand(
    desk: Page, wanted: dict[str, Any]
) -> None:
    opened(desk, f"/studio/{wanted['kind']}/new")
    events = wanted.get("on", {}).get("event")
    if isinstance(events, str):  # one word is a list of one
        wanted = {**wanted, "on": {**wanted["on"], "event": [events]}}
    assert desk.evaluate(DRIVER, wanted) == wanted


# Of a kind that nobody has made a form for: every shape that JSON Schema has for documents.
GADGET: dict[str, Any] = {
    "properties": {
        "label": {"$ref": "#/$defs/label"},
        "size": {"type": "integer", "minimum": 1},
        "mood": {"enum": ["calm", "loud"]},
        "open": {"type": "boolean"},
        "when": {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/expression"}]},
        "words": {"type": "array", "items": {"type": "string"}},
        "tones": {"type": "array", "items": {"enum": ["low", "high"]}},
        "box": {"type": "object", "properties": {"inner": {"type": "object", "properties": {
            "depth": {"type": "number"}}}}},
        "prices": {"type": "object", "additionalProperties": {"type": "number"}},
        "parts": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
            "name": {"$ref": "#/$defs/name"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "of": {"type": ["string", "array"], "items": {"type": "string"}}}}},
        "anything": {},
    },
}  # fmt: skip
FILLED: dict[str, Any] = {
    "kind": "view", "name": "gadget", "label": {"en": "Gadget", "de": "Apparat"}, "size": 3,
    "mood": "loud", "open": False, "when": "size > 2", "words": ["one", "two"], "tones": ["high"],
    "box": {"inner": {"depth": 1.5}}, "prices": {"rent": 2.5, "sale": 3}, "anything": "x",
    "parts": [{"name": "first", "tags": ["a"], "of": "b"}, {"name": "second", "of": ["c", "d"]}],
}  # fmt: skip


def test_a_kind_that_comes_later_has_a_form(desk: Page) -> None:
    def answer(route: Route) -> None:
        response = route.fetch()
        head, start, rest = response.text().partition('id="document">')
        data, end, tail = rest.partition("</script>")
        told = {**json.loads(data), "body": {}}
        told["schema"] = complete_schema("view", "Gadget", GADGET)
        route.fulfill(response=response, body=head + start + json.dumps(told) + end + tail)

    desk.route("**/studio/view/new", answer)
    opened(desk, "/studio/view/new")
    assert desk.evaluate(DRIVER, FILLED) == {m: v for m, v in FILLED.items() if m != "kind"}
    desk.unroute("**/studio/view/new")


def test_opening_and_unfolding_changes_nothing(desk: Page) -> None:
    """Of every kind that the app has, the largest document."""
    files = sorted(APP.glob("*/*.yaml"), key=lambda path: -path.stat().st_size)
    largest: dict[str, dict[str, Any]] = {}
    for path in files:
        if path.parent.name not in ("tests", "sample", "translations"):
            largest.setdefault(path.parent.name, written(f"{path.parent.name}/{path.stem}"))
    for body in largest.values():
        opened(desk, f"/studio/{body['kind']}/{body['name']}")
        before = body_of(desk)
        for _ in range(3):
            desk.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        assert body_of(desk) == before
        assert desk.evaluate("document.querySelector('[data-document]').model.dirty") is False


def test_form_and_yaml_follow_each_other_by_keyboard(desk: Page) -> None:
    opened(desk, "/studio/view/new?object=ticket")
    desk.focus("[data-face-of=form] [data-at='/label']")
    desk.keyboard.press("Control+A")
    desk.keyboard.type("Waiting for us")
    desk.wait_for_selector(
        "[data-face-of=form] [data-add='/columns'] option[value=subject]", state="attached"
    )
    desk.focus("[data-face-of=form] [data-add='/columns']")
    desk.keyboard.type("Subj")
    desk.wait_for_selector("[data-face-of=form] [data-thing='/columns/1']")
    desk.focus("[data-face-of=form] [data-thing='/columns/1'] .grip")
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("ArrowUp")
    assert body_of(desk)["columns"] == ["subject", "title"]
    assert (
        desk.evaluate("document.activeElement.closest('[data-thing]').dataset.thing")
        == "/columns/0"
    )
    desk.press("[data-face=yaml]", "Enter")
    expect(desk.locator("#yaml")).to_have_value(re.compile("Waiting for us"))
    text = desk.input_value("#yaml")
    desk.fill(
        "#yaml",
        text.replace("Waiting for us", "Waits for nobody").replace("-created_at", "nothing"),
    )
    desk.wait_for_selector("[data-faults] >> text=nothing")
    assert desk.input_value("[data-face-of=form] [data-at='/label']") == "Waits for nobody"
    assert desk.get_attribute("[data-face-of=form] [data-thing='/sort/0']", "data-thing")
    _followed_in_every_face(desk)
    desk.focus("[data-face-of=form] [data-thing='/sort/0'] .grip")
    desk.press("[data-face-of=form] [data-thing='/sort/0'] > button:last-child", "Enter")
    desk.wait_for_selector("[data-faults]:empty", state="attached")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/studio/view/waiting_for_us")
    desk.wait_for_selector("h1:has-text('Waits for nobody')")


def _followed_in_every_face(desk: Page) -> None:
    """A fault leads to its place in the face that is shown; the YAML alone selects its line."""
    fault = desk.locator("[data-faults] button", has_text="nothing")
    button = fault.element_handle()
    desk.locator("[data-document]").evaluate("({ model }) => model.tell(model.faults, null)")
    assert button.evaluate("shown => shown.isConnected"), "told again, the faults are left alone"
    desk.press("[data-face=form]", "Enter")
    expect(desk.locator("[data-face][aria-pressed=true]")).to_have_text(["YAML"])
    fault.press("Enter")
    expect(desk.locator("#yaml")).to_be_focused()
    picked = "yaml => yaml.value.slice(yaml.selectionStart, yaml.selectionEnd)"
    assert desk.eval_on_selector("#yaml", picked).strip() == "sort: [nothing]"
    if desk.locator("[data-face=designer]").count():
        desk.press("[data-face=designer]", "Enter")
        fault.press("Enter")
        expect(desk.locator("[data-face-of]:not([hidden]) :focus")).to_have_count(1)
    desk.press("[data-face=form]", "Enter")
    fault.press("Enter")
    expect(desk.locator("[data-face-of=form] :focus")).to_have_count(1)
    ways = desk.locator("[data-face-of=form] .xfaces").first.locator("[data-way]")
    expect(ways.and_(desk.locator("[aria-pressed=true]"))).to_have_text(["Sentence"])


def test_only_the_difference_to_the_package_is_saved_and_nothing_is_lost(desk: Page) -> None:
    opened(desk, "/studio/view/open_tickets")
    desk.fill("[data-face-of=form] [data-at='/label']", "Still open")
    desk.keyboard.press("Control+Z")
    assert desk.input_value("[data-face-of=form] [data-at='/label']") == "Open"
    desk.keyboard.press("Control+Shift+Z")
    desk.keyboard.press("Control+S")
    desk.wait_for_selector(".toast:has-text('Saved')")
    expect(desk.locator("#yaml")).to_have_value(  # the package has it in German, too
        "kind: view\nname: open_tickets\nlabel: {en: Still open}\n"
    )


def test_lists_of_a_package_are_reordered_and_go_back_to_its_order(desk: Page) -> None:
    opened(desk, "/studio/form/asset_main")
    names = [section["name"] for section in body_of(desk)["sections"]]
    desk.focus("[data-face-of=form] [data-thing='/sections/0'] > .grip")
    desk.keyboard.press("ArrowDown")
    turned = [names[1], names[0], *names[2:]]
    desk.keyboard.press("Control+S")
    desk.wait_for_selector(".toast:has-text('Saved')")
    opened(desk, "/studio/form/asset_main")
    assert [section["name"] for section in body_of(desk)["sections"]] == turned
    desk.click("[data-face-of=form] [data-member=sections] > .changed-here")
    desk.click("[data-save]")
    desk.wait_for_selector(".toast:has-text('Saved')")
    opened(desk, "/studio/form/asset_main")
    assert [section["name"] for section in body_of(desk)["sections"]] == names
    expect(desk.locator("#yaml")).to_have_value(re.compile("provides the rest"))


@pytest.mark.parametrize(
    "address", ["rule/warranty_renewal", "object/asset", "role/technician", "board/service_desk"]
)
def test_the_editor_has_no_fault_of_access(desk: Page, address: str) -> None:
    opened(desk, f"/studio/{address}")
    desk.evaluate(
        "[...document.querySelectorAll('[data-face-of=form] details')]"
        ".slice(0, 6).forEach(fold => fold.open = true)"
    )
    assert access_faults(desk) == []
