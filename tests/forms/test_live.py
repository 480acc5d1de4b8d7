"""Forms that follow what is typed: what the page carries, and what the server makes of a post."""

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted
from tests.forms.following import COPY, DESK, FORM, REPORT, SHELF


@pytest.fixture
def documents() -> Documents:
    return [DESK, SHELF, COPY, FORM, REPORT]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def logic_of(html: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="logic">(.*?)</script>', html)
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def hidden(html: str) -> set[str]:
    return set(re.findall(r'data-field="(\w+)" data-holds="\w*" hidden', html))


def test_a_form_carries_its_conditions_and_nothing_else(library: Client) -> None:
    page = library.get("/o/copy/new").text
    logic = logic_of(page)
    assert set(logic["fields"]) == {"borrower", "lent_on", "fine", "key_holder"}
    assert set(logic["sections"]) == {"loan"}
    assert logic["fields"]["borrower"]["if"]["visible"] == ["==", ["get", "state", "t"], "lent"]
    assert logic["fields"]["key_holder"]["if"]["visible"] == ["ask"]
    assert logic["fields"]["fine"]["if"]["visible"][1] == [
        ">",
        ["get", "nights", "n"],
        ["n", "20.5"],
    ]
    assert hidden(page) == {"borrower", "lent_on", "fine", "key_holder"}
    assert "<noscript>" in page
    assert logic["defaults"] == {
        "code": ["join", "C-", ["upper", ["get", "name", "t"]]],
        "deposit": ["fix", ["amounts", "multiply", True, ["get", "price", "m"], ["n", "2"]], 2],
        "due": ["shift_date", ["get", "lent_on", "d"], ["s", "1814400"]],
        "room": ["ask"],
        "ready": [
            "add_working_time",
            ["start_of_day", ["get", "lent_on", "d"], "UTC"],
            ["s", "14400"],
            ["cal", "desk"],
        ],
    }
    assert logic["calendars"]["desk"]["week"][0] == [[32400, 61200]]
    chosen = logic_of(library.get("/o/copy/new", code="mine", due="2026-06-15").text)
    assert set(chosen["defaults"]) == {"deposit", "room", "ready"}

    shelf = library.made("shelf", name="A", locked=True)["id"]
    copy = library.made("copy", name="Emma", state="lost", shelf=shelf, key_holder="Ann")
    told = library.post("/api/forms/layout/copy", {"values": {"name": "Em", "shelf": shelf}})
    defaults = told.json()["defaults"]
    assert len(defaults.pop("made")["value"]) == 10
    assert defaults == {
        "code": {"value": "C-EM"},
        "due": {"value": ""},
        "ready": {"value": ""},
        "deposit": {"value": "", "currency": "EUR"},
        "room": {"value": shelf, "selected": [{"value": shelf, "label": "A"}]},
    }
    page = library.get(f"/o/copy/{copy['id']}/edit").text
    assert logic_of(page)["defaults"] == {}  # a record that is there has its values
    assert logic_of(page)["fields"]["price"]["is"]["read_only"] is True
    assert "key_holder" not in hidden(page)
    assert re.search(r'data-section="loan" hidden', page)


def test_the_server_judges_what_is_posted(library: Client) -> None:
    refused = posted(library, "/o/copy/new", {"name": "Emma", "state": "lent"})
    assert refused.status == 422 and "Borrower is required here." in refused.text
    assert "borrower" not in hidden(refused.text)
    taken = posted(library, "/o/copy/new",
                   {"name": "Emma", "state": "here", "borrower": "Ann", "nights": "1"})  # fmt: skip
    assert taken.status == 303
    id = taken.headers["location"].rpartition("/")[2]
    record = library.get(f"/api/records/copy/{id}").json()
    assert (record["borrower"], record["nights"]) == (None, "1.0")
    # Without scripts: the same page again, for the answers so far; nothing is saved.
    shown = posted(library, f"/o/copy/{id}/edit",
                   {"name": "Emma", "state": "lent", "press": "follow"})  # fmt: skip
    assert shown.status == 200 and "borrower" not in hidden(shown.text)
    assert library.get(f"/api/records/copy/{id}").json()["rev"] == record["rev"]
    # What cannot be read of a field that is not there is no fault.
    lost = {"name": "Emma", "state": "lost", "lent_on": "soon", "reason": "burnt"}
    kept = posted(library, f"/o/copy/{id}/edit", lost)
    assert kept.status == 303
    wrong = posted(library, f"/o/copy/{id}/edit", {"state": "here", "reason": "burnt"})
    assert wrong.status == 422


def test_what_a_role_may_not_read_is_not_told(library: Client) -> None:
    grants = [
        {"object": "copy", "can": ["read", "create", "update"], "fields": {"purchase": "none"}}
    ]
    logic = [{"field": "borrower", "visible": "purchase > 1000 or nights > 3"}]
    library.define({**COPY, "logic": logic}, {"kind": "role", "name": "guest", "grants": grants})
    copy = library.made("copy", name="Emma", purchase="2000")["id"]
    guest = library.person("guest@example.com", "guest")
    reply = guest.get(f"/o/copy/{copy}/edit")
    page = reply.text
    assert "purchase" not in page and "1000" not in reply.told
    rule = logic_of(page)["fields"]["borrower"]
    assert rule["if"]["visible"] == ["or", ["ask"], [">", ["get", "nights", "n"], ["n", "3"]]]
    assert rule["is"]["visible"] is True
    settled = logic_of(library.get(f"/o/copy/{copy}/edit").text)  # 2000 > 1000, whatever is typed
    assert "borrower" not in settled["fields"]


def test_a_web_form_follows_its_answers(library: Client) -> None:
    page = library.get("/forms/report-a-loss").text
    logic = logic_of(page)
    assert set(logic["fields"]) == {"borrower", "lent_on", "nights"}
    assert logic["ask"] == ""
    assert hidden(page) == {"borrower", "lent_on", "nights"}
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    answers = {"token": token, "name": "Emma", "state": "lent", "borrower": "Ann", "nights": "9"}
    again = posted(library, "/forms/report-a-loss", answers)
    assert again.status == 422 and "Lent on is required." in again.text
    followed = posted(library, "/forms/report-a-loss", {**answers, "press": "follow"})
    assert followed.status == 200 and hidden(followed.text) == {"nights"}
    done = posted(library, "/forms/report-a-loss", {**answers, "lent_on": "2026-02-01"})
    assert done.status == 200 and "Thank you" in done.text
    (record,) = library.get("/api/records/copy").json()["data"]
    assert (record["borrower"], record["lent_on"], record["nights"]) == ("Ann", "2026-02-01", None)


@pytest.mark.parametrize("name", ["visible", "required"])
def test_conditions_of_questions_are_checked(library: Client, name: str) -> None:
    step = {"name": "all", "fields": [{"field": "name", name: "nam == 'x'"}]}
    reply = library.put("/api/meta/webform/report_a_loss", {**REPORT, "steps": [step]})
    assert reply.status == 422
    (fault,) = reply.json()["errors"]
    assert fault["pointer"] == f"/webform/report_a_loss/steps/0/fields/0/{name}"
    assert "Did you mean `name`" in fault["message"]
