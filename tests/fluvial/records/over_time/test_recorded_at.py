"""What was recorded at a moment, put together again from the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine

ROOM: dict[str, Any] = {
    "kind": "object",
    "name": "room",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "rent", "kind": "money", "currency": "EUR", "dated": True},
        {"name": "height", "kind": "number", "scale": 1},
        {"name": "room", "kind": "lookup", "to": "room", "inverse": "shelves"},
        {"name": "others", "kind": "multi_lookup", "to": "room"},
        {"name": "secret", "kind": "text"},
        {"name": "double", "kind": "calculated", "result": "number", "scale": 1,
         "formula": "height * 2"},
        {"name": "where_it_is", "kind": "calculated", "result": "text", "formula": "room.name"},
        {"name": "neighbours", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "count(room.shelves)"},
    ],
}  # fmt: skip
SHELVES = "/api/records/shelf"


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-05T10:00:00Z")


@pytest.fixture
def client(engine: Engine) -> Client:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(ROOM, SHELF)
    return client


def wait(client: Client, **by: float) -> None:
    """Some time passes, and what is due is done."""
    engine = client.app.engine
    engine.clock._shift += timedelta(**by)
    while run_pending(engine):
        pass
    client.headers = client.signed_in(EMAIL, PASSWORD).headers  # sessions end by the clock too


def test_both_axes_of_time(client: Client) -> None:
    def rent(amount: str) -> dict[str, Any]:
        return {"rent": {"amount": amount, "currency": "EUR"}}

    shelf = client.made("shelf", name="A", **rent("50.00"))["id"]
    path = f"{SHELVES}/{shelf}"
    wait(client, days=1)  # 6 June: a rise from 16 June is planned
    assert client.call("PATCH", f"{path}?as_of=2026-06-16", rent("60.00")).status == 200
    wait(client, days=15)  # 21 June: it holds
    assert client.get(path).json()["rent"]["amount"] == "60.00"
    # It was wrong from the beginning: from 10 June on it was 55.
    assert client.call("PATCH", f"{path}?as_of=2026-06-10", rent("55.00")).status == 200
    wait(client, days=1)

    def said(on: str | None, day: str | None) -> str:
        query = {"believed_on": on, "as_of": day}
        reply = client.get(path, **{name: text for name, text in query.items() if text})
        assert reply.status == 200, reply.text
        return str(reply.json()["rent"]["amount"])

    asked = {
        ("2026-06-05T12:00:00Z", "2026-06-20"): "50.00",  # nobody knew of a rise
        ("2026-06-07T12:00:00Z", "2026-06-20"): "60.00",  # it was planned
        ("2026-06-07T12:00:00Z", "2026-06-12"): "50.00",
        ("2026-06-20T12:00:00Z", "2026-06-12"): "50.00",
        ("2026-06-22T08:00:00Z", "2026-06-12"): "55.00",  # it was corrected
        ("2026-06-22T08:00:00Z", "2026-06-20"): "60.00",
        ("2026-06-07", None): "50.00",  # of its own day
        ("2026-06-17", None): "60.00",
        (None, "2026-06-12"): "55.00",
    }
    assert {key: said(*key) for key in asked} == asked


def test_records_as_they_were(client: Client) -> None:
    hall = client.made("room", name="Hall")["id"]
    attic = client.made("room", name="Attic")["id"]
    shelf = client.made("shelf", name="A", height=1.5, room=hall, others=[hall], secret="x")["id"]
    gone = client.made("shelf", name="Gone", height=3)["id"]
    path = f"{SHELVES}/{shelf}"
    before = client.get(path).json()
    wait(client, hours=1)
    body = {"name": "B", "height": 2, "room": attic, "others": [attic, hall], "secret": None}
    assert client.patch(path, body).status == 200
    assert client.patch(f"/api/records/room/{hall}", {"name": "Great hall"}).status == 200
    assert client.delete(f"{SHELVES}/{gone}").status == 204
    client.made("shelf", name="New")
    then = {"believed_on": "2026-06-05T10:30:00Z"}
    reply = client.get(path, **then)
    assert reply.headers["fluvial-unknown"] == "neighbours"
    assert reply.json() == {name: v for name, v in before.items() if name != "neighbours"}
    listed = client.get(SHELVES, **then).json()
    assert [r["name"] for r in listed["data"]] == ["A", "Gone"]
    assert listed["unknown"] == ["neighbours"]

    def names(where: str) -> list[str]:
        return [r["name"] for r in client.rows(SHELVES, where=where, **then)]

    assert names("room.name == 'Hall' and double == 3") == ["A"]
    assert names("height > 2") == ["Gone"] and names("name == 'B'") == []
    few = client.get(SHELVES, ids=f"{gone},{hall}", fields="name", **then).json()
    assert few["data"] == [{"id": gone, "rev": 1, "name": "Gone"}]
    # What was in the bin was not there; before that it was.
    assert client.get(f"{SHELVES}/{gone}", **then).status == 200
    wait(client, hours=1)
    late = {"believed_on": "2026-06-05T11:59:00Z"}
    assert client.get(f"{SHELVES}/{gone}", **late).status == 404
    assert client.get(path, believed_on="2026-06-05T09:00:00Z").status == 404
    for bad in (
        {"believed_on": "2027-01-01"}, {"believed_on": "soon"}, {**then, "sort": "name"},
        {**then, "ids": "1,2"}, {**then, "where": "neighbours > 1"},
        {**then, "fields": "room.name"}, {**then, "where": "nothing == 1"},
    ):  # fmt: skip
        assert client.get(SHELVES, **bad).status == 400, bad
    grants: list[dict[str, Any]]
    grants = [{"object": "shelf", "can": ["read"], "where": "name == 'B'",
               "fields": {"secret": "none"}}, {"object": "room", "can": ["read"]}]  # fmt: skip
    client.define({"kind": "role", "name": "reader", "grants": grants})
    reader = client.person("reader@example.com", "reader")
    assert [r["name"] for r in reader.rows(SHELVES, **then)] == ["A"]  # by what is seen today
    assert "secret" not in reader.get(path, **then).json()
    # A room that they may not see is none in what they ask, and stays one in formulas.
    attic = {**grants[1], "where": "name == 'Attic'"}
    client.define({"kind": "role", "name": "reader", "grants": [grants[0], attic]})
    assert reader.rows(SHELVES, where="room.name == 'Hall'", **then) == []
    assert len(reader.rows(SHELVES, where="where_it_is == 'Hall'", **then)) == 1
    assert len(reader.rows(SHELVES, where="updated_by == me or height == 1.5", **then)) == 1
    assert reader.get(SHELVES, believed_on="9999-12-31").status == 400
