"""The state log: how long records are in each state, whatever writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from fluvial.kernel.clock import Clock
from fluvial.records.calculated import backfill_values
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents, OpenEngine
from tests.fluvial.records.reading.test_plan import Meter
from tests.forms.shapes import multipart
from tests.waiting import worked_off

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
OPTIONS = [{"name": name} for name in ("new", "waiting", "done")]
LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "status", "kind": "choice", "default": "new", "options": OPTIONS},
        {"name": "mood", "kind": "choice", "log": True, "options": OPTIONS},
        {"name": "colour", "kind": "choice", "options": OPTIONS},
    ],
    "states": {
        "field": "status",
        "transitions": [
            {"name": "wait", "from": ["new"], "to": "waiting"},
            {"name": "resume", "from": ["waiting"], "to": "new"},
            {"name": "finish", "from": ["new", "waiting"], "to": "done"},
        ],
    },
}
Told = list[tuple[str, str, int, int | None]]


class Still(Clock):
    """A clock that stands still until it is told to go on."""

    moment = START

    def now(self) -> datetime:
        return self.moment

    def later(self, minutes: float) -> None:
        self.moment += timedelta(minutes=minutes)


@pytest.fixture
def documents() -> Documents:
    return (LOAN,)


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """One thread, whose statements the meter counts."""
    return open_engine(threads="1")


@pytest.fixture
def meter(engine: Engine) -> Meter:
    return Meter(engine)


@pytest.fixture
def clock(engine: Engine) -> Still:
    engine.clock = Still("UTC")
    return engine.clock


def _spans(client: Client, record: str, field: str = "", **query: str) -> list[dict[str, Any]]:
    found = client.rows(f"/api/records/loan/{record}/states", **query)
    return [one for one in found if field in ("", one["field"])]


def _told(client: Client, record: str, field: str = "status", **query: str) -> Told:
    """Field, state, and the minutes from the start at which it began and ended."""

    def minutes(text: str | None) -> int | None:
        passed = None if text is None else datetime.fromisoformat(text) - START
        return None if passed is None else int(passed.total_seconds() // 60)

    return [
        (one["field"], one["state"], minutes(one["from"]) or 0, minutes(one["until"]))
        for one in _spans(client, record, field, **query)
    ]


def _act(client: Client, record: str, name: str) -> None:
    assert client.post(f"/api/records/loan/{record}/actions/{name}").status == 200


def test_creating_and_changing_leave_spans_of_the_states_that_were_left(
    client: Client, clock: Still
) -> None:
    loan = client.made("loan", name="a", mood="new")["id"]
    clock.later(5)
    _act(client, loan, "wait")
    client.patch(f"/api/records/loan/{loan}", {"name": "b", "colour": "done"})
    clock.later(7)
    client.patch(f"/api/records/loan/{loan}", {"mood": None})
    _act(client, loan, "resume")
    assert sorted(_told(client, loan, ""), key=lambda one: one[:3]) == [
        ("mood", "new", 0, 12),
        ("status", "new", 0, 5),
        ("status", "new", 12, None),
        ("status", "waiting", 5, 12),
    ]
    me = client.get("/api/me").json()["id"]
    assert {one["by"]["user"] for one in _spans(client, loan)} == {me}
    assert [one["seconds"] for one in _spans(client, loan, "status")] == [300, 420, 0]


def test_states_that_are_passed_while_the_clock_stands_still_are_kept_in_order(
    client: Client, clock: Still
) -> None:
    loan = client.made("loan", name="a")["id"]
    for name in ("wait", "resume", "finish"):
        _act(client, loan, name)
    assert [one["state"] for one in _spans(client, loan)] == ["new", "waiting", "new", "done"]
    assert _told(client, loan)[-1] == ("status", "done", 0, None)


def test_batches_write_the_log_in_as_many_statements_for_any_number_of_records(
    client: Client, clock: Still, meter: Meter
) -> None:
    path = "/api/records/loan"
    few = client.post(path, [{"name": f"{n}"} for n in range(3)]).json()["data"]
    many = client.post(path, [{"name": f"{n}"} for n in range(60)]).json()["data"]
    clock.later(3)

    def finish(records: list[dict[str, Any]]) -> int:
        bodies = [{"id": one["id"], "status": "done", "mood": "new"} for one in records]
        return meter.cost(lambda: client.patch(path, bodies))[0]

    finish(few[:2])
    assert finish(many) <= finish(few[2:] + few[:1]) + 2
    for one in (few[0], many[0], many[-1]):
        assert _told(client, one["id"]) == [("status", "new", 0, 3), ("status", "done", 3, None)]
        assert _told(client, one["id"], "mood") == [("mood", "new", 3, None)]


def test_the_bin_keeps_the_log_and_a_restored_record_goes_on(client: Client, clock: Still) -> None:
    loan = client.made("loan", name="a")["id"]
    path = f"/api/records/loan/{loan}"
    clock.later(2)
    assert client.delete(path).status == 204
    assert client.get(f"{path}/states").status == 404
    clock.later(2)
    assert client.post(f"{path}/restore").status == 200
    _act(client, loan, "finish")
    assert _told(client, loan) == [("status", "new", 0, 4), ("status", "done", 4, None)]


def test_imports_and_their_undoing_are_logged(client: Client, clock: Still) -> None:
    loan = client.made("loan", name="a")["id"]
    clock.later(5)
    options = {"map": {"name": "name", "status": "status"}, "key": ["name"]}
    body, headers = multipart(
        ("options", orjson.dumps(options).decode()),
        ("file", "loans.csv", "text/csv", b"name,status\na,waiting\nb,done\n"),
    )
    done = client.call("POST", "/api/records/loan/import", body=body, headers=headers)
    assert (done.json()["created"], done.json()["updated"]) == (1, 1), done.text
    (other,) = client.rows("/api/records/loan", where="name == 'b'")
    assert _told(client, loan) == [("status", "new", 0, 5), ("status", "waiting", 5, None)]
    assert _told(client, other["id"]) == [("status", "done", 5, None)]
    clock.later(5)
    assert client.post(f"/api/imports/{done.json()['batch']}/undo", {}).status == 200
    assert [one["state"] for one in _spans(client, loan)] == ["new", "waiting", "new"]


def test_the_log_of_another_moment_is_as_it_was(client: Client, clock: Still) -> None:
    loan = client.made("loan", name="a")["id"]
    clock.later(10)
    _act(client, loan, "wait")
    clock.later(60 * 24)
    _act(client, loan, "finish")
    clock.later(60 * 24)
    assert _told(client, loan, as_of="2026-06-01T09:04:00Z") == [("status", "new", 0, None)]
    assert _told(client, loan, as_of="2026-06-02") == [
        ("status", "new", 0, 10), ("status", "waiting", 10, None)
    ]  # fmt: skip


def test_a_hidden_field_hides_its_log(client: Client, clock: Still) -> None:
    role = {
        "kind": "role",
        "name": "clerk",
        "grants": [{"object": "loan", "can": ["read"], "fields": {"status": "none"}}],
    }
    client.define(role)
    loan = client.made("loan", name="a", mood="new")["id"]
    clerk = client.person("c@example.com", "clerk")
    assert [one["field"] for one in _spans(clerk, loan)] == ["mood"]
    assert client.person("n@example.com").get(f"/api/records/loan/{loan}/states").status == 404


def _logging(**more: Any) -> dict[str, Any]:
    """The object whose colours are logged from now on."""
    fields = [f | ({"log": True} if f["name"] == "colour" else {}) for f in LOAN["fields"]]
    return {**LOAN, "fields": fields, **more}


@pytest.mark.parametrize("portioned", [False, True])
def test_a_log_that_begins_later_is_filled_from_the_history(
    client: Client, clock: Still, engine: Engine, monkeypatch: pytest.MonkeyPatch, portioned: bool
) -> None:
    if portioned:
        monkeypatch.setattr(backfill_values, "MOST_FILLED", 0)
    first = client.made("loan", name="a", colour="new")["id"]
    second = client.made("loan", name="b")["id"]
    clock.later(4)
    client.patch(f"/api/records/loan/{first}", {"colour": "done"})
    clock.later(4)
    client.patch(f"/api/records/loan/{first}", {"colour": None})
    client.patch(f"/api/records/loan/{second}", {"colour": "waiting"})
    clock.later(4)
    answer = client.define(_logging())
    assert [o["target"] for o in answer["operations"] if o["op"] == "fill_log"] == ["loan.colour"]
    clock.later(4)
    client.patch(f"/api/records/loan/{second}", {"colour": "new"})
    worked_off(engine)
    assert _told(client, first, "colour") == [("colour", "new", 0, 4), ("colour", "done", 4, 8)]
    assert _told(client, second, "colour") == [
        ("colour", "waiting", 8, 16), ("colour", "new", 16, None)
    ]  # fmt: skip
    # Kept no longer, and kept again: nothing is missing.
    client.define(LOAN)
    assert _told(client, first, "colour") == []
    clock.later(4)
    client.patch(f"/api/records/loan/{second}", {"colour": "done"})
    client.define(_logging())
    worked_off(engine)
    assert [one["state"] for one in _spans(client, second, "colour")] == ["waiting", "new", "done"]


def test_states_follow_options_that_take_other_names(client: Client, clock: Still) -> None:
    loan = client.made("loan", name="a", mood="waiting", colour="new")["id"]
    clock.later(3)
    client.patch(f"/api/records/loan/{loan}", {"mood": "new", "colour": "waiting"})
    renamed = [{"name": "paused", "was": "waiting"}, {"name": "new"}, {"name": "done"}]
    fields = [
        {**f, "options": renamed} if f["name"] in ("mood", "colour") else f for f in LOAN["fields"]
    ]
    client.define({**LOAN, "fields": fields})
    assert _told(client, loan, "mood") == [("mood", "paused", 0, 3), ("mood", "new", 3, None)]
    # Filled from a history that tells the old names.
    fields[3] = {**fields[3], "log": True}
    client.define({**LOAN, "fields": fields})
    assert _told(client, loan, "colour") == [("colour", "new", 0, 3), ("colour", "paused", 3, None)]


def test_states_of_a_field_that_is_purged_are_gone(
    client: Client, clock: Still, engine: Engine
) -> None:
    loan = client.made("loan", name="a", mood="waiting")["id"]
    client.define({**LOAN, "fields": [f for f in LOAN["fields"] if f["name"] != "mood"]})
    clock.later(5)
    assert client.post("/api/meta/retired/loan/mood/purge", {"confirm": "loan.mood"}).status == 200
    found = engine.database.call(
        lambda: engine.database.connection().query("SELECT field FROM fluvial_state_span")
    )
    assert [tuple(row) for row in found] == [("status",)], loan


def test_logs_that_an_earlier_release_did_not_keep_are_filled(
    client: Client, clock: Still, engine: Engine
) -> None:
    loan = client.made("loan", name="a")["id"]
    clock.later(4)
    _act(client, loan, "finish")

    def as_before() -> None:
        connection = engine.database.connection()
        connection.script("DELETE FROM fluvial_state_span")
        connection.script("UPDATE fluvial_catalog SET logs = NULL")
        with connection.transaction():
            backfill_values.adopt(Session.begin(engine))

    engine.database.call(as_before)
    worked_off(engine)
    assert _told(client, loan) == [("status", "new", 0, 4), ("status", "done", 4, None)]
