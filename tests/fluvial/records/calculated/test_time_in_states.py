"""Formulas about the state log: stored ones follow their log, others are of the moment."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.records.calculated import backfill_values
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents
from tests.fluvial.records.drafts.test_state_log import START, Still, clock, engine, meter
from tests.fluvial.records.reading.test_plan import Meter
from tests.forms.test_record_pages import text_of
from tests.waiting import worked_off

__all__ = ["clock", "engine", "meter"]

HOURS: dict[str, Any] = {
    "kind": "calendar",
    "name": "office",
    "default": True,
    "zone": "UTC",
    "hours": {"mon-tue": ["09:00-17:00"]},
}
CASE: dict[str, Any] = {
    "kind": "object",
    "name": "case",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "status", "kind": "choice", "default": "new",
         "options": [{"name": "new"}, {"name": "waiting"}, {"name": "done", "closed": True}]},
        {"name": "entered", "kind": "calculated", "result": "datetime", "formula": "since(status)"},
        {"name": "done_at", "kind": "calculated", "result": "datetime",
         "formula": "reached(status, 'done')"},
        {"name": "waits", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "times(status, 'waiting')"},
        {"name": "waited", "kind": "calculated", "result": "duration",
         "formula": "spent(status, 'waiting')"},
        {"name": "worked", "kind": "calculated", "result": "duration",
         "formula": "spent(status, 'new', 'office')"},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "wait", "from": ["new"], "to": "waiting"},
        {"name": "resume", "from": ["waiting"], "to": "new"},
        {"name": "finish", "from": ["new", "waiting"], "to": "done"},
    ]},
}  # fmt: skip
STEP: dict[str, Any] = {
    "kind": "object",
    "name": "step",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "case", "kind": "lookup", "to": "case", "inverse": "steps"},
        {"name": "case_waits", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "times(case.status, 'waiting')"},
    ],
    "checks": [
        {"name": "waited_enough", "message": "Wait for the case first.",
         "expect": "case == null or times(case.status, 'waiting') < 3"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (HOURS, CASE, STEP)


def _read(client: Client, record: str, *fields: str, object: str = "case", **query: str) -> Any:
    found = client.get(f"/api/records/{object}/{record}", **query).json()
    return [found[name] for name in fields]


def _act(client: Client, record: str, *names: str) -> None:
    for name in names:
        assert client.post(f"/api/records/case/{record}/actions/{name}").status == 200


def _at(minutes: int) -> str:
    return f"2026-06-01T{9 + minutes // 60:02}:{minutes % 60:02}:00Z"


def test_values_follow_the_states(client: Client, clock: Still) -> None:
    assert (START.isoweekday(), START.hour) == (1, 9)
    case = client.made("case", name="a")
    assert (case["entered"], case["waits"], case["done_at"]) == (_at(0), "0", None)
    step = client.made("step", case=case["id"])["id"]
    clock.later(30)
    _act(client, case["id"], "wait")
    clock.later(60)
    assert _read(client, case["id"], "entered", "waits", "waited", "worked") == [
        _at(30), "1", 3600, 1800,
    ]  # fmt: skip
    _act(client, case["id"], "resume", "wait", "finish")
    assert _read(client, step, "case_waits", object="step") == ["2"]
    clock.later(24 * 60)
    assert _read(client, case["id"], "entered", "waits", "waited", "done_at") == [
        _at(90), "2", 3600, _at(90),
    ]  # fmt: skip


def test_they_are_asked_in_lists_sorted_grouped_and_explained(client: Client, clock: Still) -> None:
    slow, quick = (client.made("case", name=name)["id"] for name in ("slow", "quick"))
    _act(client, slow, "wait")
    clock.later(120)
    _act(client, quick, "wait")
    clock.later(30)
    for where in (
        "waited > hours(2)",
        "spent(status, 'waiting') > hours(2)",
        "since(status) < now() - hours(1)",
        "entered < datetime('2026-06-01T09:10:00Z') and times(status, 'waiting') == 1",
    ):
        assert [r["name"] for r in client.rows("/api/records/case", where=where)] == ["slow"], where
    rows = client.rows("/api/records/case", sort="-waited")
    assert [(row["name"], row["waited"]) for row in rows] == [("slow", 9000), ("quick", 1800)]
    why = client.get(f"/api/records/case/{slow}/why", field="waits").json()
    assert (why["value"], why["agrees"]) == ("1", True)
    assert [one["path"] for one in why["inputs"]] == ["status"]
    (log,) = why["logs"]
    assert (log["path"], log["label"]) == ("status", "Status")
    assert [(one["state"], one["seconds"]) for one in log["spans"]] == [
        ("new", 0),
        ("waiting", 9000),
    ]
    page = text_of(client.get(f"/o/case/{slow}/why/waited").text)
    assert "Time in status Waiting from 1 Jun 2026, 09:00 2 h 30 min New from" in page
    assert client.get("/api/records/case", where="times(status, 'wait') > 0").status == 400
    assert client.get("/api/records/case", where="since(name) != null").status == 400


def test_values_of_another_moment_are_of_the_log_of_then(client: Client, clock: Still) -> None:
    case = client.made("case", name="a")["id"]
    clock.later(30)
    _act(client, case, "wait")
    clock.later(30)
    _act(client, case, "resume", "finish")
    names = ("entered", "waits", "waited", "done_at")
    assert _read(client, case, *names) == [_at(60), "1", 1800, _at(60)]
    asked = {"as_of": "2026-06-01T09:40:00Z"}
    assert _read(client, case, *names, **asked) == [_at(30), "1", 600, None]
    assert _read(client, case, *names, believed_on="2026-06-01T09:40:00Z") == [
        _at(30), "1", 600, None,
    ]  # fmt: skip
    assert _read(client, case, *names, as_of="2026-05-01") == [None, "0", 0, None]
    found = client.rows(
        "/api/records/case", where="spent(status, 'waiting') == minutes(10)", **asked
    )
    assert [one["name"] for one in found] == ["a"]


def test_a_record_that_is_saved_has_the_log_that_it_will_have(
    client: Client, clock: Still, meter: Meter
) -> None:
    check = {"name": "patience", "message": "Too often.",
             "expect": "times(status, 'waiting') < 3 and (since(status) <= now())"}  # fmt: skip
    client.define({**CASE, "checks": [check]})
    case = client.made("case", name="a")["id"]
    _act(client, case, "wait", "resume", "wait", "resume")
    reply = client.post(f"/api/records/case/{case}/actions/wait")
    assert (reply.status, "Too often." in reply.text) == (422, True)
    step = client.post("/api/records/step", {"case": case})
    assert step.status == 201  # twice is less than three times
    bodies = [{"name": f"{at}"} for at in range(40)]
    few = client.post("/api/records/case", bodies[:3]).json()["data"]
    many = client.post("/api/records/case", bodies).json()["data"]

    def wait(records: list[dict[str, Any]]) -> int:
        changes = [{"id": one["id"], "status": "waiting"} for one in records]
        return meter.cost(lambda: client.patch("/api/records/case", changes))[0]

    wait(few[:1])
    assert wait(many) <= wait(few[1:]) + 2
    rows = client.rows("/api/records/case", where="waits == 1", limit="100")
    assert len(rows) == 43


@pytest.mark.parametrize("portioned", [False, True])
def test_formulas_about_a_log_that_begins_with_them_see_what_was_before(
    client: Client, clock: Still, engine: Engine, monkeypatch: pytest.MonkeyPatch, portioned: bool
) -> None:
    if portioned:
        monkeypatch.setattr(backfill_values, "MOST_FILLED", 0)
    fields = [field for field in CASE["fields"] if field["kind"] != "calculated"]
    plain = {"kind": "object", "name": "plain", "title": "{name}", "fields": fields}
    client.define(plain)
    record = client.made("plain", name="a")["id"]
    for state in ("waiting", "new", "waiting"):
        clock.later(5)
        client.patch(f"/api/records/plain/{record}", {"status": state})
    logged = [f | ({"log": True} if f["name"] == "status" else {}) for f in fields]
    client.define(
        {**plain, "fields": [*logged, *(f for f in CASE["fields"] if f["name"] == "waits")]}
    )
    worked_off(engine)
    assert _read(client, record, "waits", object="plain") == ["2"]


def test_a_formula_without_a_log_is_refused_with_the_remedy(client: Client) -> None:
    fields = [f for f in CASE["fields"] if f["kind"] != "calculated"]
    odd = {"name": "odd", "kind": "calculated", "result": "duration"}
    plain = {"kind": "object", "name": "plain", "title": "{name}"}
    for formula, said in (
        ("spent(status, 'new')", "Write `log: true` in the field `status` of plain."),
        ("spent(nothing, 'new')", "nothing"),
    ):
        made = {**plain, "fields": [*fields, {**odd, "formula": formula}]}
        reply = client.post("/api/meta/changes", {"documents": [made]})
        assert (reply.status, said in reply.text) == (422, True), reply.text
    for formula, said in (
        ("spent(status, 'wating')", "Did you mean `waiting`?"),
        ("spent(status, 'new', 'ofice')", "There is no calendar `ofice`"),
    ):
        made = {**CASE, "fields": [*CASE["fields"], {**odd, "formula": formula}]}
        reply = client.post("/api/meta/changes", {"documents": [made]})
        assert (reply.status, said in reply.text) == (422, True), reply.text
        assert "/object/case/fields" in reply.json()["errors"][0]["pointer"]


def test_a_hidden_field_hides_what_its_log_would_tell(client: Client, clock: Still) -> None:
    role = {
        "kind": "role",
        "name": "clerk",
        "grants": [{"object": "case", "can": ["read"], "fields": {"status": "none"}},
                   {"object": "step", "can": ["read"]}],
    }  # fmt: skip
    client.define(role)
    case = client.made("case", name="a")["id"]
    client.made("step", case=case)
    clerk = client.person("c@example.com", "clerk")
    for path, where in (("case", "since(status) != null"), ("case", "times(status, 'new') > 0"),
                        ("step", "spent(case.status, 'new') > hours(1)")):  # fmt: skip
        reply = clerk.get(f"/api/records/{path}", where=where)
        assert (reply.status, "status" in reply.text) == (400, True), reply.text


def test_rights_may_ask_the_log(client: Client, clock: Still) -> None:
    role = {
        "kind": "role",
        "name": "clerk",
        "grants": [{"object": "case", "can": ["read", "update"],
                    "where": "times(status, 'waiting') < 2"}],
    }  # fmt: skip
    client.define(role)
    case = client.made("case", name="a")["id"]
    clerk = client.person("c@example.com", "clerk")
    _act(clerk, case, "wait", "resume")
    assert clerk.post(f"/api/records/case/{case}/actions/wait").status == 403
    _act(client, case, "wait")
    assert clerk.get(f"/api/records/case/{case}").status == 404
    assert clerk.rows("/api/records/case") == []
