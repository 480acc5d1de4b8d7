"""Paths through look-ups that may lead to records of several object types."""

from typing import Any

import pytest

from tests.app import Client, Documents

GROVE: dict[str, Any] = {
    "kind": "object", "name": "grove", "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}, {"name": "area", "kind": "number"}],
}  # fmt: skip
TREE: dict[str, Any] = {
    "kind": "object", "name": "tree", "title": "{species} {height}",
    "fields": [{"name": "species", "kind": "text"}, {"name": "height", "kind": "number"}],
}  # fmt: skip
VISIT: dict[str, Any] = {
    "kind": "object",
    "name": "visit",
    "title": "{note}",
    "fields": [
        {"name": "note", "kind": "text"},
        {"name": "source", "kind": "any_lookup", "to": ["grove", "tree"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team", "group"]},
        {"name": "after", "kind": "lookup", "to": "visit"},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [GROVE, TREE, VISIT]


def link(object_name: str, record: dict[str, Any]) -> dict[str, Any]:
    return {"object": object_name, "id": record["id"]}


@pytest.mark.parametrize("fields", ["source,source.title", "source.title", "source.title,source"])
def test_a_link_to_any_object_is_never_lost_beside_its_title(client: Client, fields: str) -> None:
    grove, tree = client.made("grove", name="Old"), client.made("tree", species="Oak", height="9")
    for note, source in (("a", link("grove", grove)), ("b", link("tree", tree)), ("c", None)):
        client.made("visit", note=note, source=source)
    rows = client.rows("/api/records/visit", fields=fields, sort="note")
    assert [row["source"] for row in rows] == [
        {**link("grove", grove), "title": "Old"},
        {**link("tree", tree), "title": "Oak 9.00"},
        None,
    ]


def test_fields_of_the_first_object_are_empty_for_records_of_another(client: Client) -> None:
    grove, tree = client.made("grove", name="Old", area="5"), client.made("tree", species="Oak")
    client.made("visit", note="a", source=link("grove", grove))
    client.made("visit", note="b", source=link("tree", tree))
    rows = client.rows("/api/records/visit", fields="source,source.area", sort="note")
    assert [row["source"] for row in rows] == [
        {**link("grove", grove), "area": "5.00"},
        {**link("tree", tree), "area": None},
    ]


def test_a_link_is_kept_behind_another_look_up_and_where_its_record_is_gone(
    client: Client,
) -> None:
    tree = client.made("tree", species="Oak")
    first = client.made("visit", note="a", source=link("tree", tree))
    client.made("visit", note="b", after=first["id"])
    row = client.rows("/api/records/visit", fields="after.source.title", where="note == 'b'")[0]
    assert row["after"]["source"] == {**link("tree", tree), "title": "Oak"}


def test_a_team_is_kept_where_fields_of_people_are_asked_for(client: Client) -> None:
    team = client.made("team", name="Rangers")
    me = client.get("/api/me").json()
    client.made("visit", note="a", keeper={"team": team["id"]})
    client.made("visit", note="b", keeper={"user": me["id"]})
    client.made("visit", note="c")
    rows = client.rows("/api/records/visit", fields="keeper,keeper.title,keeper.email", sort="note")
    assert [row["keeper"] for row in rows] == [
        {"team": team["id"], "id": team["id"], "title": "Rangers", "email": None},
        {"user": me["id"], "id": me["id"], "title": me["name"], "email": me["email"]},
        None,
    ]


def test_a_title_that_the_reader_may_not_read_is_left_out(client: Client) -> None:
    tree = client.made("tree", species="Oak")
    client.made("visit", note="a", source=link("tree", tree))
    grants = [{"object": "visit", "can": ["read"]}, {"object": "grove", "can": ["read"]}]
    client.define({"kind": "role", "name": "guest", "grants": grants})
    guest = client.person("guest@example.com", "guest")
    row = guest.rows("/api/records/visit", fields="source,source.title")[0]
    assert row["source"] == {**link("tree", tree), "title": None}
