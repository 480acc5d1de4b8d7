"""Which row of a decision wins, and why the others lost: for records and for free inputs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.calculated.test_decisions import ALL, Town


@pytest.fixture
def documents() -> Documents:
    return ALL


def _asked(client: Client, **query: str) -> dict[str, Any]:
    reply = client.get("/api/decisions/price", **query)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def _told(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["title"], [lost["code"] for lost in one["lost"]]) for one in found["candidates"]]


def test_candidates_come_in_order_with_the_reasons_why_they_lost(client: Client) -> None:
    town = Town(client)
    booking = town.book(day="2026-06-30", club="Choir", use="concert")
    found = _asked(client, **{"for": "booking", "id": booking})
    assert found["won"] == {"id": town.ids["choir concerts"], "title": "choir concerts"}
    assert found["day"] == "2026-06-30"
    assert [(one["name"], one.get("title")) for one in found["inputs"]] == [
        ("club", "Choir"), ("hall", "Old"), ("use", None),
    ]  # fmt: skip
    assert _told(found) == [
        ("choir concerts", []),
        ("choir", ["less_specific"]),
        ("concerts", ["less_specific"]),
        ("any", ["less_specific"]),
        ("new hall", ["other_value"]),
    ]
    assert "use" in found["candidates"][1]["lost"][0]["message"]
    then = _asked(client, **{"for": "booking", "id": booking, "as_of": "2026-02-01"})
    assert then["won"]["title"] == "choir"
    assert _told(then)[-2:] == [("choir concerts", ["begins_later"]), ("new hall", ["other_value"])]
    later = _asked(client, **{"for": "booking", "id": booking, "as_of": "2026-08-01"})
    assert ("choir", ["ended"]) in _told(later)
    why = client.get(f"/api/records/booking/{booking}/why", field="tariff").json()
    (decision,) = why["decisions"]
    assert decision["won"]["title"] == "choir concerts"
    assert why["value"] == town.ids["choir concerts"]


def test_free_inputs_are_asked_without_a_record(client: Client) -> None:
    town = Town(client)
    for query, won in (
        ({"as_of": "2026-02-01"}, "any"),
        ({"as_of": "2026-02-01", "use": "concert"}, "concerts"),
        ({"as_of": "2026-02-01", "use": "concert", "hall": town.ids["New"]}, "new hall"),
        ({"as_of": "2026-03-01", "use": "concert", "club": town.ids["Choir"]}, "choir concerts"),
    ):
        assert _asked(client, **query)["won"]["title"] == won
    assert _asked(client, as_of="2020-01-01")["won"] is None


def test_questions_that_make_no_sense_are_refused(client: Client) -> None:
    town = Town(client)
    booking = town.book(day="2026-06-30")
    for path, status, words in (
        ("/api/decisions/prices", 404, "no decision"),
        ("/api/decisions/price?for=booking", 400, "Name both"),
        (f"/api/decisions/price?id={booking}", 400, "Name both"),
        (f"/api/decisions/price?for=hall&id={booking}", 422, "not made for hall"),
        (f"/api/decisions/price?for=nothing&id={booking}", 404, ""),
        ("/api/decisions/price?for=booking&id=12", 404, ""),
        ("/api/decisions/price?hall=12", 400, "hall"),
        ("/api/decisions/price?use=party", 400, "use"),
        ("/api/decisions/price?fee=3", 400, "fee"),
        ("/api/decisions/price?as_of=soon", 400, "as_of"),
    ):
        reply = client.call("GET", path)
        assert reply.status == status and words in reply.text, (path, reply.text)


def test_nobody_is_told_what_they_may_not_read(client: Client) -> None:
    town = Town(client)
    client.define(
        {"kind": "role", "name": "porter", "label": "Porter", "grants": [
            {"object": "booking", "can": ["read"]},
            {"object": "club", "can": ["read"]},
            {"object": "hall", "can": ["read"]},
            {"object": "tariff", "can": ["read"], "where": "club == null"},
        ]},
        {"kind": "role", "name": "blind", "label": "Blind", "grants": [
            {"object": "booking", "can": ["read"], "fields": {"club": "none"}},
            {"object": "tariff", "can": ["read"]},
        ]},
        {"kind": "role", "name": "stranger", "label": "Stranger", "grants": [
            {"object": "booking", "can": ["read"]},
        ]},
    )  # fmt: skip
    booking = town.book(day="2026-06-30", club="Choir", use="concert")
    porter = client.person("porter@example.com", "porter")
    found = _asked(porter, **{"for": "booking", "id": booking})
    assert found["won"] == {"id": town.ids["choir concerts"], "title": None}
    assert _told(found) == [
        ("concerts", ["outweighed"]), ("any", ["outweighed"]), ("new hall", ["other_value"]),
    ]  # fmt: skip
    blind = client.person("blind@example.com", "blind")
    reply = blind.get("/api/decisions/price", **{"for": "booking", "id": booking})
    assert reply.status == 403, reply.text
    why = blind.get(f"/api/records/booking/{booking}/why", field="tariff")
    assert why.json()["decisions"] == [{"decision": "price", "withheld": True}]
    stranger = client.person("stranger@example.com", "stranger")
    assert stranger.get("/api/decisions/price").status == 404
    assert stranger.get("/api/records/booking", where="decide(price).fee > 1").status == 400
    client.define({"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "booking", "can": ["read"]}, {"object": "club", "can": ["read"]},
        {"object": "hall", "can": ["read"]},
    ]})  # fmt: skip
    clerk = client.person("clerk@example.com", "clerk")
    assert clerk.get("/api/records/booking", where="decide(price) == null").status == 400
