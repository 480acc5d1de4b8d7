"""Roles over HTTP: object, record and field permissions at every door."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.http.routes import ENDPOINT, Policy
from tests.app import Client, Documents
from tests.fluvial.library import CLERK, LIBRARY


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def world(client: Client) -> dict[str, Any]:
    """Two branches in two groups with a member and a book each, and a clerk of the first."""
    found: dict[str, Any] = {"admin": client}
    for name in ("north", "south"):
        group = client.made("group", name=name)
        branch = client.made("branch", name=name, group=group["id"])
        member = client.made("member", name=f"{name} member", branch=branch["id"], secret=name)
        book = client.made("book", name=f"{name} book", branch=branch["id"])
        found[name] = {"group": group, "branch": branch, "member": member, "book": book}
    found["clerk"] = client.person(
        "clerk@example.com", "clerk", groups=[found["north"]["group"]["id"]]
    )
    return found


def test_a_clerk_sees_the_records_of_their_groups(world: dict[str, Any]) -> None:
    clerk: Client = world["clerk"]
    assert [r["name"] for r in clerk.rows("/api/records/member")] == ["north member"]
    south = world["south"]["member"]["id"]
    assert clerk.get(f"/api/records/member/{south}").status == 404
    assert clerk.patch(f"/api/records/member/{south}", {"name": "x"}).status == 404
    assert clerk.get(f"/api/records/member/{south}/history").status == 404
    assert clerk.rows("/api/records/member/summary") == [{"count": 1}]
    loans = {"book": world["north"]["book"]["id"], "member": south}
    assert clerk.post("/api/records/loan", loans).json()["errors"][0]["code"] == "unknown_record"


def test_a_hidden_field_is_an_unknown_field(world: dict[str, Any]) -> None:
    clerk: Client = world["clerk"]
    one = world["north"]["member"]["id"]
    assert "secret" not in clerk.get(f"/api/records/member/{one}").json()
    unknown = clerk.get("/api/records/member?fields=nothing").json()["errors"][0]["code"]
    for query in (
        "fields=secret",
        "sort=secret",
        "where=secret%20%3D%3D%20'north'",
        "secret=north",
    ):
        reply = clerk.get(f"/api/records/member?{query}")
        assert reply.status == 400, query
    assert clerk.get("/api/records/member?fields=secret").json()["errors"][0]["code"] == unknown
    assert clerk.get("/api/records/member/summary?group=secret").status == 400
    assert clerk.get("/api/records/book?where=branch.members.secret").status == 400
    written = clerk.patch(f"/api/records/member/{one}", {"secret": "x"})
    assert written.json()["errors"][0]["code"] == "unknown_field"
    world["admin"].patch(f"/api/records/member/{one}", {"secret": "y"})
    changes = [e["changes"] for e in clerk.rows(f"/api/records/member/{one}/history")]
    assert all("secret" not in change for change in changes)


def test_a_field_may_be_read_only(world: dict[str, Any]) -> None:
    one = world["north"]["member"]["id"]
    reply = world["clerk"].patch(f"/api/records/member/{one}", {"email": "a@example.com"})
    assert reply.status == 422 and reply.json()["errors"][0]["code"] == "read_only"


def test_a_write_that_leaves_the_rights_is_undone(world: dict[str, Any]) -> None:
    clerk: Client = world["clerk"]
    reply = clerk.post(
        "/api/records/member", {"name": "x", "branch": world["south"]["branch"]["id"]}
    )
    assert reply.status == 403
    assert len(world["admin"].rows("/api/records/member")) == 2


def test_roles_and_groups_count_from_the_next_request(world: dict[str, Any]) -> None:
    clerk, admin = world["clerk"], world["admin"]
    user = clerk.get("/api/me").json()["id"]
    admin.patch(f"/api/records/user/{user}", {"groups": [world["south"]["group"]["id"]]})
    assert [r["name"] for r in clerk.rows("/api/records/member")] == ["south member"]
    admin.patch(f"/api/records/user/{user}", {"roles": []})
    assert clerk.get("/api/records/member").status == 404
    admin.patch(f"/api/records/user/{user}", {"active": False})
    assert clerk.get("/api/me").status == 401


def test_objects_without_a_grant_are_not_there(world: dict[str, Any]) -> None:
    clerk: Client = world["clerk"]
    assert clerk.get("/api/records/user").status == 404
    assert clerk.get("/api/records/nothing").status == 404
    assert clerk.delete(f"/api/records/book/{world['north']['book']['id']}").status == 403
    assert clerk.post("/api/records/branch", {"name": "x"}).status == 403
    assert clerk.put("/api/meta/object/branch", {"fields": []}).status == 403
    document = clerk.get("/api/openapi.json").json()
    assert "/api/records/user" not in document["paths"]
    assert "delete" not in document["paths"]["/api/records/book/{id}"]
    assert "secret" not in document["components"]["schemas"]["member_read"]["properties"]


def test_access_explains_itself(world: dict[str, Any]) -> None:
    user = world["clerk"].get("/api/me").json()["id"]
    south = world["south"]["member"]["id"]
    answer = world["admin"].get(f"/api/records/member/{south}/access", user=user).json()
    assert answer["actions"]["read"]["allowed"] is False
    assert "me.groups" in answer["actions"]["read"]["because"]
    seen = (
        world["admin"]
        .call("GET", "/api/records/member", headers={"Fluvial-View-As": user})
        .json()["data"]
    )
    assert [r["name"] for r in seen] == ["north member"]


def test_parts_are_read_and_written_as_their_owners_are(world: dict[str, Any]) -> None:
    """Through two levels, in SQL and in Python, with collections in the owner's condition."""
    said = {"name": "said", "kind": "text"}
    to_member = {"name": "on", "kind": "lookup", "to": "member", "owned": True}
    to_note = {"name": "of", "kind": "lookup", "to": "note", "owned": True}
    member = {
        "object": "member",
        "can": ["read"],
        "where": "exists(loans, returned == null and member == record and record.name != '')",
    }
    admin: Client = world["admin"]
    admin.define(
        {"kind": "object", "name": "note", "fields": [said, to_member]},
        {"kind": "object", "name": "line", "title": "{said}", "fields": [said, to_note]},
        {**CLERK, "grants": [
            *CLERK["grants"], member,
            {"object": "note", "can": ["*"], "where": "said != 'secret'"},
            {"object": "line", "can": ["*"]},
        ]},
    )  # fmt: skip
    clerk: Client = world["clerk"]
    lines = {}
    for name in ("north", "south"):
        note = admin.made("note", on=world[name]["member"]["id"], said=name)
        lines[name] = admin.made("line", of=note["id"], said=name)
    hidden = admin.made("note", on=world["north"]["member"]["id"], said="secret")
    admin.made("line", of=hidden["id"], said="secret")

    def seen(object: str) -> list[str]:
        return sorted(row["said"] for row in clerk.rows(f"/api/records/{object}"))

    assert (seen("note"), seen("line")) == (["north"], ["north"])
    assert "north" in clerk.get("/o/line").text and "south" not in clerk.get("/o/line").text
    north, south = (f"/api/records/line/{lines[name]['id']}" for name in ("north", "south"))
    assert clerk.get(south).status == clerk.patch(south, {"said": "x"}).status == 404
    assert clerk.patch(north, {"said": "north"}).status == 200
    # A loan lets members of the other branch be read, and so their parts, but not be written.
    admin.made("loan", book=world["south"]["book"]["id"], member=world["south"]["member"]["id"])
    assert (seen("note"), seen("line")) == (["north", "south"], ["north", "south"])
    assert clerk.patch(south, {"said": "x"}).status == clerk.delete(south).status == 403
    foreign = {"of": lines["south"]["of"], "said": "x"}
    assert clerk.post("/api/records/line", foreign).status == 403
    assert clerk.patch(north, foreign).status == 403
    clerk.made("line", of=lines["north"]["of"], said="more")
    user = clerk.get("/api/me").json()["id"]
    told = admin.get(f"{south}/access", user=user).json()["actions"]
    assert (told["read"]["allowed"], told["update"]["allowed"]) == (True, False)
    assert clerk.delete(north).status == 204
    # Who may not read the owners' object type reads no parts of it.
    admin.define({**CLERK, "grants": [{"object": "line", "can": ["*"]}]})
    assert clerk.get("/api/records/line").status == 404


def test_every_route_declares_who_may_call_it(client: Client, anybody: Client) -> None:
    """Nobody gets an answer from a route that is not public, whatever its parameters say."""
    endpoints = client.app.engine.brought(ENDPOINT)
    assert len(endpoints) > 30
    for endpoint in endpoints:
        if endpoint.policy is Policy.PUBLIC:
            continue
        path = endpoint.path.replace("{", "").replace("}", "")
        for address in (path, f"{path}?/api/login", f"{path}?x=/forms/a"):
            reply = anybody.call(endpoint.method, address)
            redirected = reply.status == 303 and "/signin" in reply.headers["location"]
            assert reply.status == 401 or (endpoint.page and redirected), address


def test_cookie_writes_need_the_token_of_the_session(client: Client) -> None:
    cookie = Client(client.app, {"cookie": client.headers["cookie"]})
    assert cookie.get("/api/me").status == 200
    assert cookie.post("/api/records/group", {"name": "x"}).status == 403
    wrong = Client(client.app, {**client.headers, "x-csrf-token": "no"})
    assert wrong.post("/api/records/group", {"name": "x"}).status == 403


def test_tokens_carry_scopes(client: Client) -> None:
    made = client.post("/api/tokens", {"name": "reader", "scopes": ["records:read"]}).json()
    reader = Client(client.app, {"authorization": f"Bearer {made['token']}"})
    assert reader.get("/api/records/group").status == 200
    assert reader.post("/api/records/group", {"name": "x"}).status == 403
    assert reader.get("/api/meta/object").status == 403
    assert reader.post("/api/tokens", {"name": "more"}).status in (403, 422)
    assert client.delete(f"/api/tokens/{made['id']}").status == 204
    assert reader.get("/api/records/group").status == 401


def test_roles_that_give_the_same_in_other_words_add_up(world: dict[str, Any]) -> None:
    admin: Client = world["admin"]
    ways = {
        "first": "name == 'north member' or joined == null",
        "second": "joined == null or name == 'north member'",
        "third": "name == 'north member'",
        "fourth": "name == 'south member'",
    }
    for name, where in ways.items():
        grant = {"object": "member", "can": ["read"], "where": where}
        admin.define({"kind": "role", "name": name, "label": name, "grants": [grant]})
    for roles, seen in (
        (("first", "second"), {"north member"}),
        (("third", "first", "second", "third"), {"north member"}),
        (("third", "fourth", "first"), {"north member", "south member"}),
        (("fourth",), {"south member"}),
    ):
        person = admin.person(f"{'-'.join(roles)}@example.com", *dict.fromkeys(roles))
        found = {row["name"] for row in person.rows("/api/records/member")}
        assert found == seen, roles
