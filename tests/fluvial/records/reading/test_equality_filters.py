"""Searches find records by every word that is asked for, and by no field that is hidden."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents

PLANT = {
    "kind": "object",
    "name": "plant",
    "label": "Plant",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True, "dated": True},
        {"name": "place", "kind": "text", "searchable": True},
        {"name": "beside", "kind": "lookup", "to": "plant"},
    ],
}
GUEST = {
    "kind": "role",
    "name": "guest",
    "label": "Guest",
    "grants": [{"object": "plant", "can": ["read", "update"], "fields": {"place": "none"}}],
}


@pytest.fixture
def documents() -> Documents:
    return [PLANT, GUEST]


def names(client: Client, search: str, **more: str) -> list[str]:
    rows = client.rows("/api/records/plant", search=search, fields="name", sort="name", **more)
    return [row["name"] for row in rows]


def test_no_word_is_found_in_a_hidden_field(client: Client) -> None:
    client.made("plant", name="White rose", place="B7")
    client.made("plant", name="Wild rose by 7", place="C")
    guest = client.person("guest@example.com", "guest")
    assert names(client, "rose b7") == ["White rose"]
    assert names(guest, "rose b7") == names(guest, "b7") == []
    assert names(guest, "rose") == ["White rose", "Wild rose by 7"]
    assert names(guest, "rose b 7") == ["Wild rose by 7"]


def test_on_another_day_too_every_word_is_looked_for(client: Client) -> None:
    one = client.made("plant", name="White rose")
    client.patch(f"/api/records/plant/{one['id']}?as_of=2031-01-01", {"name": "Red rose of K"})
    assert names(client, "rose k", as_of="2031-06-01") == ["Red rose of K"]
    assert names(client, "rose x", as_of="2031-06-01") == []
    assert names(client, "--", as_of="2031-06-01") == names(client, "--") == []


def test_what_a_look_up_offers_has_every_word(client: Client) -> None:
    for name in ("White rose A", "White rose B"):
        client.made("plant", name=name)
    offered = client.get("/lookup/plant/beside", q="rose b", plain="true")
    assert offered.status == 200, offered.text
    assert [one["label"] for one in offered.json()["results"]] == ["White rose B"]
