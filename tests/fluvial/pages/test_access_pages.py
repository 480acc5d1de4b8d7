"""What somebody may do here, and why, in sentences; and several people invited at once."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.app import Client, Documents, Reply
from tests.fluvial.library import LIBRARY
from tests.fluvial.pages.posting import posted

ROLES: Documents = [
    {"kind": "role", "name": "reader", "label": "Reader", "grants": [
        {"object": "member", "can": ["read"], "fields": {"secret": "none", "email": "read"}}]},
    {"kind": "role", "name": "desk", "label": "Front desk", "inherits": ["reader"],
     "meta": ["read"], "grants": [
        {"object": "member", "can": ["read", "update"], "where": "name == 'Ann'",
         "fields": {"secret": "none"}},
        {"object": "user", "can": ["read"]}]},
]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, *ROLES]


def words(reply: Reply) -> str:
    assert reply.status == 200, reply.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", reply.text)).split())


@pytest.fixture
def lou(client: Client) -> str:
    client.person("lou@example.com", "desk")
    return str(client.rows("/api/records/user", email="lou@example.com")[0]["id"])


def test_each_right_has_its_reasons(client: Client, lou: str) -> None:
    said = words(client.get(f"/studio/people/{lou}/access", object="member"))
    assert "See All records" in said
    assert "Front desk grants it for records where name is Ann." in said
    assert "Reader grants it for all records (inherited by Front desk)." in said
    assert "Delete No No role of theirs grants it." in said
    assert "Secret Hidden" in said and "Email Read only" not in said


def test_of_a_record_it_says_which_condition_it_meets(client: Client, lou: str) -> None:
    for name, may in (("Ann", "Yes"), ("Bo", "No")):
        record = client.made("member", name=name)["id"]
        said = words(client.get(f"/studio/people/{lou}/access", object="member", record=record))
        assert f"Change {may} Front desk grants it for records where name is Ann." in said
        assert f"This record is {'one' if may == 'Yes' else 'not one'} of them." in said


def test_all_objects_are_told_at_once(client: Client, lou: str) -> None:
    said = words(client.get(f"/studio/people/{lou}/access"))
    assert "Members all no some no no no no" in said
    assert "Reader inherited by Front desk" in said
    assert "See the studio" in said


def test_an_administrator_may_do_everything(client: Client) -> None:
    own = client.get("/api/me").json()["id"]
    said = words(client.get(f"/studio/people/{own}/access", object="member"))
    assert "Administrators may do everything." in said and "See as" not in said


def test_who_reads_no_metadata_is_told_nothing(client: Client, lou: str) -> None:
    other = client.person("other@example.com", "reader")
    assert other.get(f"/studio/people/{lou}/access").status == 403


def test_several_people_are_invited_by_their_addresses(client: Client) -> None:
    pasted = "ann.lee@example.com\nZoë Ünal <zoe@example.com>; bad\n"
    pasted += "ann.lee@example.com, Bo <bo@example.com>"
    done = posted(client, "/studio/people/invite", {"addresses": pasted, "roles": ["desk"]})
    said = words(done)
    assert "Ann Lee was added. Hand over this link:" in said and "Zoë Ünal was added" in said
    people = {row["email"]: row for row in client.rows("/api/records/user")}
    assert {"ann.lee@example.com", "zoe@example.com", "bo@example.com"} <= set(people)
    assert people["zoe@example.com"]["name"] == "Zoë Ünal"
    assert people["zoe@example.com"]["roles"] == ["desk"]
    assert "bad" not in people and re.search(r"bad [A-Z]\w+ an e-mail address", said)
    assert len(re.findall(r"/signin/link/", done.text)) == 3


def test_nobody_invites_people_to_more_than_they_have(client: Client) -> None:
    client.define({"kind": "role", "name": "host", "meta": ["read"], "grants": [
        {"object": "user", "can": ["read", "create", "update"]}]})  # fmt: skip
    host = client.person("host@example.com", "host")
    shown = host.get("/studio/people/invite").text
    assert 'value="host"' in shown and 'value="administrator"' not in shown
    body = {"addresses": "eve@example.com", "roles": ["administrator"]}
    assert "You can only give roles that you have" in words(
        posted(host, "/studio/people/invite", body)
    )
    assert not client.rows("/api/records/user", email="eve@example.com")


def test_people_are_deactivated_and_come_back(client: Client, lou: str) -> None:
    own = client.signed_in("lou@example.com", "correct horse battery")
    done = posted(client, f"/studio/people/{lou}/active", {"active": "false"})
    assert "not active any more" in words(done)
    assert own.get("/api/me").status == 401
    assert "is active again" in words(
        posted(client, f"/studio/people/{lou}/active", {"active": "true"})
    )
    assert "Last signed in" in client.get("/studio/people").text


def test_of_a_record_everybody_is_told(client: Client, lou: str) -> None:
    for name, change in (("Ann", "yes"), ("Bo", "no")):
        record = client.made("member", name=name)["id"]
        said = words(client.get("/studio/rights", object="member", record=record))
        assert f"Lou Front desk yes no {change} no no no no" in said
        assert "Administrator Administrator yes yes yes yes yes yes yes" in said
        menu = client.get(f"/o/member/{record}").text
        assert f"/studio/rights?object=member&amp;record={record}" in menu
    assert "Lou Front desk all no some no no no no" in words(
        client.get("/studio/rights", object="member")
    )
    assert f"/studio/people/{lou}/access" in client.get(f"/o/user/{lou}").text
