"""Retyping dated fields: what they held, and what is planned, goes along and comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.metadata_changes import apply, backfill, cutover
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine

BRANCH = {
    "kind": "object",
    "name": "branch",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "room", "kind": "text", "dated": True},
        {"name": "place", "kind": "lookup", "to": "branch", "dated": True},
    ],
}
NUMBERS = SHELF | {
    "fields": [
        SHELF["fields"][0],
        {"name": "room", "kind": "number", "scale": 0, "dated": True},
        {"name": "place", "kind": "multi_lookup", "to": "branch", "dated": True},
    ]
}
PATH = "/api/meta/object/shelf"


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-10T09:00:00Z", zone="Europe/Berlin")


@pytest.fixture
def client(engine: Engine) -> Client:
    return Client(build_app(engine)).signed_in(EMAIL, PASSWORD)


def _later(engine: Engine, days: int) -> Client:
    engine.clock._shift += timedelta(days=days)
    while run_pending(engine):
        pass
    return Client(build_app(engine)).signed_in(EMAIL, PASSWORD)


def _on(client: Client, shelf: str, *days: str) -> list[Any]:
    path = f"/api/records/shelf/{shelf}"
    return [client.get(path, as_of=day).json()["room"] for day in days]


@pytest.mark.parametrize("small", [2_000, 0], ids=["at once", "in batches"])
def test_days_go_along(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(apply, "SMALL_ROWS", small)
    monkeypatch.setattr(backfill, "BATCH", 2)
    client.define(BRANCH, SHELF)
    north, south = (client.made("branch", name=name)["id"] for name in ("North", "South"))
    shelf = client.made("shelf", name="S", room="1", place=north)["id"]
    others = [client.made("shelf", name=f"O{n}", room=str(n))["id"] for n in range(4)]
    path = f"/api/records/shelf/{shelf}"
    for day, body in (
        ("2026-05-01", {"room": "some"}),
        ("2026-06-05", {"room": "3"}),
        ("2026-06-15", {"room": "4", "place": south}),
        ("2026-07-01", {"room": "many"}),
        ("2026-08-01", {"room": "6"}),
    ):
        assert client.call("PATCH", f"{path}?as_of={day}", body).status == 200
    days = ("2026-04-01", "2026-05-02", "2026-06-10", "2026-06-16", "2026-07-02", "2026-08-02")
    texts = ["1", "some", "3", "4", "many", "6"]
    assert _on(client, shelf, *days) == texts

    plan = client.call("PUT", f"{PATH}?plan=true", NUMBERS).json()["operations"]
    (room,) = [o for o in plan if o["target"] == "shelf.room"]
    assert (room["converts"], room["refuses"]) == (8, 2)
    assert {e.get("from"): e["value"] for e in room["examples"]} == {
        "2026-05-01": "some", "2026-07-01": "many",
    }  # fmt: skip

    def change(document: dict[str, Any]) -> None:
        begun = client.put(PATH, document)
        assert begun.status == (200 if small else 202), begun.text
        while cutover.run(engine):
            pass
        assert client.get(PATH).json()["fields"][1]["kind"] == document["fields"][1]["kind"]

    change(NUMBERS)
    assert _on(client, shelf, *days) == ["1", None, "3", "4", "4", "6"]
    assert client.get(path, as_of="2026-06-16").json()["place"] == [south]
    assert client.get(path, as_of="2026-06-14").json()["place"] == [north]
    plans = {p["from"]: (p["value"], p["error"]) for p in client.rows(f"{path}/planned")
             if p["field"] == "room"}  # fmt: skip
    assert plans["2026-06-15"] == ("4", None) and plans["2026-08-01"] == ("6", None)
    assert plans["2026-07-01"][0] is None and "another kind" in plans["2026-07-01"][1]
    assert _on(client, others[2], *days[2:4]) == ["2", "2"]

    # Its day comes with the new kind; another is planned; then all of it goes back.
    client = _later(engine, days=6)
    now = client.get(path).json()
    assert (now["room"], now["place"]) == ("4", [south])
    more = client.call("PATCH", f"{path}?as_of=2026-09-01", {"room": 9})
    assert more.status == 200
    change(SHELF)
    assert _on(client, shelf, *days, "2026-09-02") == ["1", "some", "3", "4", "4", "6", "9"]
    client = _later(engine, days=90)
    now = client.get(path).json()
    assert (now["room"], now["place"]) == ("9", south)
    assert [p for p in client.rows(f"{path}/planned") if not p["error"]] == []
