"""Numbers at issue: given when their condition first holds, in series, without holes."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fluvial.events import apply_planned
from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents, OpenEngine, Reply
from tests.fluvial.tables import imported

Json = dict[str, Any]

NUMBER: Json = {
    "name": "number", "kind": "sequence", "pattern": "I-{YYYY}-{000}", "reset": "yearly",
    "gap_free": True, "at": "status == 'issued'", "per": ["firm"], "day": "issued_on",
}  # fmt: skip
FIRM: Json = {"kind": "object", "name": "firm", "fields": [{"name": "name", "kind": "text"}]}
BILL: Json = {
    "kind": "object",
    "name": "bill",
    "title": "{number} {subject}",
    "fields": [
        NUMBER,
        {"name": "subject", "kind": "text", "unique": True, "searchable": True},
        {"name": "firm", "kind": "lookup", "to": "firm"},
        {"name": "issued_on", "kind": "date"},
        {"name": "status", "kind": "choice", "default": "draft",
         "options": [{"name": "draft"}, {"name": "issued"}, {"name": "void"}]},
        {"name": "label", "kind": "calculated", "result": "text",
         "formula": "'Bill ' & number"},
    ],
}  # fmt: skip
ISSUE: Json = {"status": "issued", "issued_on": "2026-03-01"}
BILLS = "/api/records/bill"


@pytest.fixture
def documents() -> Documents:
    return [FIRM, BILL]


@pytest.fixture
def firms(client: Client) -> list[str]:
    return [client.made("firm", name=name)["id"] for name in ("North", "South")]


def issued(client: Client, bill: Json, **values: Any) -> Any:
    reply = client.patch(f"{BILLS}/{bill['id']}", ISSUE | values)
    assert reply.status == 200, reply.text
    return reply.json()["number"]


def faults(reply: Reply) -> list[tuple[str, str]]:
    assert reply.status == 422, reply.text
    return [(one["pointer"], one["code"]) for one in reply.json()["errors"]]


def test_a_number_is_given_when_the_condition_first_holds(client: Client, firms: list[str]) -> None:
    first, second = (client.made("bill", subject=name, firm=firms[0]) for name in "ab")
    assert (first["number"], first["title"]) == (None, "a")
    assert issued(client, second) == "I-2026-001"
    assert issued(client, first) == "I-2026-002"
    now = client.get(f"{BILLS}/{first['id']}").json()
    assert (now["title"], now["label"]) == ("I-2026-002 a", "Bill I-2026-002")
    assert [one["title"] for one in client.rows(BILLS, search="I-2026-001")] == ["I-2026-001 b"]
    history = client.rows(f"{BILLS}/{first['id']}/history")
    assert history[0]["changes"]["number"] == [None, "I-2026-002"]


def test_a_record_that_is_made_issued_is_numbered_at_once(client: Client, firms: list[str]) -> None:
    assert client.made("bill", subject="a", firm=firms[0], **ISSUE)["number"] == "I-2026-001"


def test_it_stays_when_the_condition_ends_and_when_it_holds_again(
    client: Client, firms: list[str]
) -> None:
    bill = client.made("bill", subject="a", firm=firms[0])
    for status in ("issued", "void", "issued", "draft"):
        assert issued(client, bill, status=status) == "I-2026-001"
    client.delete(f"{BILLS}/{bill['id']}")
    restored = client.post(f"{BILLS}/{bill['id']}/restore").json()
    assert restored["number"] == "I-2026-001"
    assert client.made("bill", subject="b", firm=firms[0], **ISSUE)["number"] == "I-2026-002"


def test_each_series_and_each_year_counts_on_its_own(client: Client, firms: list[str]) -> None:
    north, south = firms
    wanted = [(north, "2026-05-01"), (south, "2026-05-01"), (north, "2027-01-01"),
              (north, "2026-12-31"), (south, "2027-06-01")]  # fmt: skip
    bills = [
        {"subject": str(at), "firm": firm, "issued_on": day, "status": "issued"}
        for at, (firm, day) in enumerate(wanted)
    ]
    made = client.post(BILLS, bills).json()["data"]
    numbers = ["I-2026-001", "I-2026-001", "I-2027-001", "I-2026-002", "I-2027-001"]
    assert [one["number"] for one in made] == numbers


def test_what_a_number_is_made_of_has_to_be_there_and_stays(
    client: Client, firms: list[str]
) -> None:
    bill = client.made("bill", subject="a")
    refused = client.patch(f"{BILLS}/{bill['id']}", {"status": "issued"})
    assert faults(refused) == [("/firm", "needed"), ("/issued_on", "needed")]
    assert "Number needs this: fill in Firm." in refused.text
    assert issued(client, bill, firm=firms[0]) == "I-2026-001"
    moved = client.patch(f"{BILLS}/{bill['id']}", {"firm": firms[1]})
    assert faults(moved) == [("/firm", "numbered")]


def test_nothing_that_is_refused_leaves_a_hole(client: Client, firms: list[str]) -> None:
    client.made("bill", subject="a", firm=firms[0], **ISSUE)
    issue = {"firm": firms[0], **ISSUE}
    taken = client.post(BILLS, {"subject": "a", **issue})
    assert faults(taken) == [("/subject", "not_unique")]
    batch = client.post(BILLS, [{"subject": "b", **issue}, {"subject": "a", **issue}])
    assert faults(batch) == [("/1/subject", "not_unique")]
    drafts = [client.made("bill", subject=name, firm=firms[0]) for name in "cd"]
    changes = [{"id": one["id"], **ISSUE} for one in drafts]
    changes[1]["subject"] = "a"
    assert client.patch(BILLS, changes).status == 422
    del changes[1]["subject"]
    answer = client.patch(BILLS, changes).json()["data"]
    assert [one["number"] for one in answer] == ["I-2026-002", "I-2026-003"]


def test_an_import_that_skips_rows_leaves_no_hole(client: Client, firms: list[str]) -> None:
    client.made("bill", subject="taken", firm=firms[0])
    rows = ["a,issued", "taken,issued", "b,draft", "c,issued", "c,issued", "d,issued"]
    table = "subject,status\n" + "\n".join(rows) + "\n"
    fixed = {"firm": firms[0], "issued_on": "2026-02-02"}
    imported(client, "bill", table, skip_faults=True, fixed=fixed)
    found = {one["subject"]: one["number"] for one in client.rows(BILLS)}
    assert found == {"taken": None, "a": "I-2026-001", "b": None, "c": "I-2026-002",
                     "d": "I-2026-003"}  # fmt: skip


def test_an_import_brings_numbers_and_the_series_goes_on_behind_them(
    client: Client, firms: list[str]
) -> None:
    table = (
        "number,subject,status,firm.name,issued_on\n"
        ",a,issued,North,2026-01-01\nI-2026-007,b,issued,North,2026-01-01\n"
        "I-2026-003,c,void,South,2026-01-01\n,d,issued,South,2026-01-01\n"
    )
    reply = imported(client, "bill", table, skip_faults=True)
    found = {one["subject"]: one["number"] for one in client.rows(BILLS)}
    assert found == {"a": "I-2026-008", "b": "I-2026-007", "d": "I-2026-001"}, reply
    assert "Number is given later" in str(reply)


def test_undoing_an_import_keeps_numbers_that_it_gave(client: Client, firms: list[str]) -> None:
    client.made("bill", subject="a", firm=firms[0], issued_on="2026-01-01")
    done = imported(client, "bill", "subject,status\na,issued\n", key=["subject"])
    assert client.post(f"/api/imports/{done['batch']}/undo").status == 200
    (bill,) = client.rows(BILLS)
    assert (bill["status"], bill["number"]) == ("draft", "I-2026-001")


def test_two_writers_wait_for_each_other(
    open_engine: OpenEngine, client: Client, firms: list[str]
) -> None:
    """The second one gets the number that the first, which gives up, has held."""
    first = Session.begin(open_engine())
    second = Session.begin(open_engine())
    issue = {"firm": firms[0], **ISSUE}

    numbers: list[str] = []
    done = threading.Event()

    def write() -> None:
        numbers.append(create(second, "bill", {"subject": "b", **issue})["number"])
        done.set()

    thread = threading.Thread(target=write)
    with pytest.raises(LookupError), first.connection.transaction():
        assert create(first, "bill", {"subject": "a", **issue})["number"] == "I-2026-001"
        thread.start()
        assert not done.wait(0.2)
        raise LookupError
    thread.join(timeout=20)
    assert numbers == ["I-2026-001"]


def test_rules_give_numbers_too_and_theirs_are_undone_with_them(
    client: Client, firms: list[str]
) -> None:
    rule: Json = {
        "kind": "rule", "name": "issue_all", "on": {"object": "firm", "button": "Issue"},
        "do": [{"update": {"each": "bills", "set": {"status": "'issued'"}}}],
    }  # fmt: skip
    fields = [*BILL["fields"]]
    fields[2] = fields[2] | {"inverse": "bills"}
    client.define(BILL | {"fields": fields}, rule)
    for name in "ab":
        client.made("bill", subject=name, firm=firms[0], issued_on="2026-01-01")
    lacks = client.made("bill", subject="c", firm=firms[0])
    press = f"/api/records/firm/{firms[0]}/actions/issue_all"
    assert client.post(press).status == 409
    assert [one["number"] for one in client.rows(BILLS)] == [None, None, None]
    client.patch(f"{BILLS}/{lacks['id']}", {"issued_on": "2026-01-01"})
    assert client.post(press).status == 200
    found = sorted(one["number"] for one in client.rows(BILLS))
    assert found == ["I-2026-001", "I-2026-002", "I-2026-003"]


@pytest.mark.parametrize("gap_free", [True, False])
def test_another_pattern_or_series_goes_on_behind_what_is_there(
    client: Client, firms: list[str], gap_free: bool
) -> None:
    plain = {"name": "number", "kind": "sequence", "pattern": "I-{YYYY}-{000}",
             "gap_free": gap_free}  # fmt: skip
    fields = BILL["fields"][1:]
    client.define(BILL | {"fields": [plain, *fields]})
    year = str(client.app.engine.clock.now().year)
    for name in "abc":
        client.made("bill", subject=name, firm=firms[0])
    client.define(BILL | {"fields": [plain | {"reset": "yearly"}, *fields]})
    assert client.made("bill", subject="d", firm=firms[0])["number"] == f"I-{year}-004"
    client.define(BILL | {"fields": [plain | {"per": ["firm"]}, *fields]})
    assert client.made("bill", subject="e", firm=firms[0])["number"] == f"I-{year}-005"
    assert client.made("bill", subject="f", firm=firms[1])["number"] == f"I-{year}-001"
    client.define(BILL | {"fields": [plain | {"per": ["firm"], "pattern": "X{00}"}, *fields]})
    assert client.made("bill", subject="g", firm=firms[1])["number"] == "X02"


WRONG: list[tuple[Json, str, str]] = [
    ({"at": "firm.name == 'North'"}, "at", "it reads other records"),
    ({"at": "issued_on < today()"}, "at", "it depends on the time"),
    ({"at": "owner == me"}, "at", "it depends on who asks"),
    ({"at": "number != null"}, "at", "`number` is set by the system"),
    ({"at": "label == 'x'"}, "at", "`label` is set by the system"),
    ({"at": "true"}, "at", "it reads no field of the record"),
    ({"at": "status"}, "at", "a yes/no is expected"),
    ({"at": "state == 'issued'"}, "at", "state"),
    ({"per": ["entity"]}, "per/0", "no field `entity`"),
    ({"per": ["firm", "label"]}, "per/1", "for each value of `label`"),
    ({"per": ["number"]}, "per/0", "for each value of `number`"),
    ({"per": ["created_by"]}, "per/0", "for each value of `created_by`"),
    ({"day": "issued"}, "day", "no field `issued`"),
    ({"day": "subject"}, "day", "`subject` is not a date"),
    ({"day": "created_at"}, "day", "`created_at` is not a date that people fill in"),
]


def test_what_cannot_be_counted_is_said_when_it_is_saved(client: Client) -> None:
    for options, place, said in WRONG:
        document = BILL | {"fields": [NUMBER | options, *BILL["fields"][1:]]}
        reply = client.post("/api/meta/changes", {"documents": [document]})
        places = [one["pointer"] for one in reply.json()["errors"]]
        assert places == [f"/object/bill/fields/0/{place}"], (options, reply.text)
        assert said in reply.text, options


def test_a_series_of_what_is_not_there_is_a_fault(client: Client) -> None:
    fields = [*BILL["fields"]]
    fields[2] = fields[2] | {"to": "company"}
    reply = client.post("/api/meta/changes", {"documents": [BILL | {"fields": fields}]})
    assert [one["pointer"] for one in reply.json()["errors"]] == ["/object/bill/fields/2/to"]


def test_the_example_of_the_guide(client: Client) -> None:
    page = (Path(__file__).parents[4] / "docs" / "kinds.md").read_text(encoding="utf-8")
    block = page.partition("# objects/invoice.yaml\n")[2].partition("```")[0]
    client.define(yaml.safe_load(block))
    issue = {"status": "issued", "issued_on": "2026-12-31", "company": "north"}
    draft = client.made("invoice", subject="a", **issue | {"status": "draft"})
    assert draft["number"] is None
    assert client.made("invoice", subject="b", **issue)["number"] == "INV-2026-0001"
    south = client.made("invoice", subject="c", **issue | {"company": "south"})
    assert south["number"] == "INV-2026-0001"
    now = client.patch(f"/api/records/invoice/{draft['id']}", {"status": "issued"})
    assert now.json()["number"] == "INV-2026-0002"


def test_a_number_is_given_by_the_next_save_of_records_that_were_there(
    client: Client, firms: list[str], engine: Engine
) -> None:
    bare = [one for one in BILL["fields"] if one["name"] not in ("number", "label")]
    client.define({**BILL, "title": "{subject}", "fields": bare})
    bill = client.made("bill", subject="a", firm=firms[0], **ISSUE)
    client.define(BILL)
    assert client.get(f"{BILLS}/{bill['id']}").json()["number"] is None
    assert issued(client, bill, subject="b") == "I-2026-001"


def test_a_value_whose_day_comes_gives_the_number(client: Client, engine: Engine) -> None:
    number = {"name": "number", "kind": "sequence", "pattern": "N{00}", "gap_free": True,
              "at": "live"}  # fmt: skip
    fields = [number, {"name": "live", "kind": "boolean", "dated": True},
              {"name": "name", "kind": "text"}]  # fmt: skip
    client.define({"kind": "object", "name": "line", "title": "{number} {name}", "fields": fields})
    lines = [client.made("line", name=name) for name in "ab"]
    days = [str(engine.clock.today() + timedelta(days=by)) for by in (1, 2)]
    for line, day in zip(lines, reversed(days), strict=True):
        path = f"/api/records/line/{line['id']}?as_of={day}"
        assert client.call("PATCH", path, {"live": True}).status == 200
    assert [one["number"] for one in client.rows("/api/records/line")] == [None, None]
    engine.clock._shift += timedelta(days=3)
    while apply_planned.run(engine):
        continue
    found = {one["name"]: one["title"] for one in client.rows("/api/records/line")}
    assert found == {"b": "N01 b", "a": "N02 a"}
