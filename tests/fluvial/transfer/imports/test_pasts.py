"""Records that were kept elsewhere come with their past: log, history and clocks tell it."""

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.tables import sent

OFFICE = {"kind": "calendar", "name": "office", "hours": {"mon-fri": ["09:00-17:00"]}}
REPAIR: dict[str, Any] = {
    "kind": "object",
    "name": "repair",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "unique": True},
        {"name": "asked_at", "kind": "datetime", "default": "now()"},
        {"name": "asked_on", "kind": "date", "default": "today()"},
        {"name": "status", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "waiting"}, {"name": "ready", "closed": True}]},
        {"name": "mood", "kind": "choice", "log": True,
         "options": [{"name": "calm"}, {"name": "angry"}]},
        {"name": "waited", "kind": "calculated", "result": "duration",
         "formula": "spent(status, 'waiting')"},
        {"name": "ready_at", "kind": "calculated", "result": "datetime",
         "formula": "reached(status, 'ready')"},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "wait", "from": ["open"], "to": "waiting"},
        {"name": "go_on", "from": ["waiting", "ready"], "to": "open"},
        {"name": "finish", "from": ["open", "waiting"], "to": "ready"}]},
    "timers": [{"name": "finish", "starts": "asked_at", "target": "hours(8)",
                "calendar": "'office'", "stops": {"states": ["ready"]},
                "pauses": {"states": ["waiting"]}}],
}  # fmt: skip
IMPORTER = {"kind": "role", "name": "importer", "grants": [
    {"object": "repair", "can": ["read", "create", "update", "import"]}]}  # fmt: skip
KIM = "kim@example.com"
STEPS = "2026-03-02T10:00Z {kim} open; 2026-03-02T12:00Z waiting; 2026-03-03T09:00Z open mood=angry"
LAMP = f"{STEPS}; {{end}} admin@example.com ready".replace("{kim}", KIM)


@pytest.fixture
def documents() -> Documents:
    return [OFFICE, REPAIR, IMPORTER]


def told(client: Client, past: str, name: str = "Lamp", **options: Any) -> Any:
    table = f"name,history\n{name},{past}\n"
    return sent(client, "repair", table, past="history", rules=False, **options)


def test_log_history_and_clocks_tell_the_past(client: Client) -> None:
    kim = client.person(KIM, "importer")
    assert told(client, LAMP.format(end="2026-03-03T14:00Z")).json()["created"] == 1
    assert told(client, LAMP.format(end="2026-03-04T12:00Z"), "Late").json()["created"] == 1
    lamp, late = client.rows("/api/records/repair", sort="asked_at,name")
    assert lamp["created_at"] == lamp["asked_at"] == "2026-03-02T10:00:00Z"
    assert (lamp["asked_on"], lamp["updated_at"]) == ("2026-03-02", "2026-03-03T14:00:00Z")
    assert (lamp["status"], lamp["mood"], lamp["rev"]) == ("ready", "angry", 4)
    assert (lamp["waited"], lamp["ready_at"]) == (75600, "2026-03-03T14:00:00Z")
    # 2 h on Monday, and 5 h or 11 h from Tuesday on: the time of waiting does not count.
    assert (lamp["finish_state"], lamp["finish_met"]) == ("met", "2026-03-03T14:00:00Z")
    assert (late["finish_state"], late["finish_due"]) == ("missed", "2026-03-03T15:00:00Z")
    path = f"/api/records/repair/{lamp['id']}"
    spans = [(s["state"], s["from"], s["until"], s["rev"]) for s in client.rows(f"{path}/states")]
    assert spans[:2] == [
        ("open", "2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z", 1),
        ("waiting", "2026-03-02T12:00:00Z", "2026-03-03T09:00:00Z", 2),
    ]
    assert ("angry", "2026-03-03T09:00:00Z", None, 3) in spans
    entries = sorted(client.rows(f"{path}/history"), key=lambda entry: entry["rev"])
    assert [(e["event"], e["at"]) for e in entries] == [
        ("created", "2026-03-02T10:00:00Z"),
        ("updated", "2026-03-02T12:00:00Z"),
        ("updated", "2026-03-03T09:00:00Z"),
        ("updated", "2026-03-03T14:00:00Z"),
    ]
    assert entries[0]["changes"]["status"] == [None, "open"]
    assert entries[2]["changes"] == {"status": ["waiting", "open"], "mood": [None, "angry"]}
    assert [kim.get("/api/me").json()["id"]] * 3 == [e["by"]["user"] for e in entries[:3]]

    client.post(f"{path}/actions/go_on", {})  # what follows goes on behind it
    again = client.get(path).json()
    assert (again["rev"], again["finish_state"]) == (5, "running")  # an hour is left


def test_an_import_with_a_past_is_undone(client: Client) -> None:
    past = "2026-03-02T10:00Z open; 2026-03-02T12:00Z waiting"
    batch = told(client, past).json()["batch"]
    assert client.post(f"/api/imports/{batch}/undo", {}).status == 200
    assert client.rows("/api/records/repair") == []


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_what_cannot_have_been_is_refused_at_its_column(client: Client) -> None:
    faults = {
        "yesterday": "not_a_moment",
        "2999-01-01T10:00Z open": "not_past",
        "2026-03-02T10:00Z open; 2026-03-02T09:00Z ready": "not_in_order",
        "2026-03-02T10:00Z opened": "unknown_option",
        "2026-03-02T10:00Z name=Lamp": "no_log",
        "2026-03-02T10:00Z nobody@example.com open": "unknown_person",
    }
    for past, code in faults.items():
        refused = told(client, past)
        assert refused.status == 422, past
        (error,) = refused.json()["errors"]
        assert (error["column"], error["code"]) == ("history", code)
    table = "name,status,history\nLamp,waiting,2026-03-02T10:00Z open\n"
    refused = sent(client, "repair", table, past="history", rules=False)
    assert refused.json()["errors"][0]["code"] == "two_values"
    assert told(client, "").json()["created"] == 1  # nothing is told of it
    refused = told(client, "2026-03-02T10:00Z open", key=["name"])
    assert refused.json()["errors"][0]["code"] == "known_record"


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_only_administrators_tell_the_past_and_no_rule_runs(client: Client) -> None:
    kim = client.person(KIM, "importer")
    assert told(kim, "2026-03-02T10:00Z open").status == 403
    refused = sent(client, "repair", "name,history\nLamp,\n", past="history")
    assert refused.status == 422 and "rules: false" in refused.text
    refused = sent(client, "repair", "name\nLamp\n", past="history", rules=False)
    assert refused.status == 422 and "no column `history`" in refused.text
