"""Expressions while they are written: faults, kinds, sentences and values, as far as rights go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

SHELVER = {
    "kind": "role",
    "name": "shelver",
    "label": "Shelver",
    "grants": [
        {"object": "book", "can": ["read", "update"]},
        {"object": "member", "can": ["read"], "fields": {"secret": "none"}},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, SHELVER]


@pytest.fixture
def emma(client: Client) -> dict[str, Any]:
    branch = client.made("branch", name="Harbour")
    ann = client.made("member", name="Ann", branch=branch["id"], secret="sesame")
    book = client.made("book", name="Emma", pages=320, branch=branch["id"])
    client.made("loan", book=book["id"], member=ann["id"])
    return {"book": book["id"], "member": ann["id"], "branch": branch["id"]}


def told(client: Client, object_name: str, text: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/studio/expressions", {"object": object_name, "text": text, **more})
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_condition_through_look_ups_and_its_value(client: Client, emma: dict[str, Any]) -> None:
    answer = told(client, "member", "branch.name == 'Harbour'", record=emma["member"])
    assert (answer["faults"], answer["kind"], answer["value"]) == ([], "yes/no", "Yes")
    (term,) = answer["sentence"]["terms"]
    assert (term["field"], term["label"]) == ("branch.name", "branch")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pages * 2", "640"),
        ("name & '!'", "Emma!"),
        ("count(loans)", "1"),
        ("first(loans, member.branch.name)", "Harbour"),
        ("status", "In the house"),
        ("'2026-06-15'", "2026-06-15"),
        ("date('2026-06-15') + days(3)", "18 Jun 2026"),
        ("days(3)", "3 days"),
        ("months(1)", "1 month"),
        ("hours(2)", "2:00 h"),
        ("weight", "empty"),
        ("money(3, 'EUR')", "€3.00"),
        ("pages > 1 and not lendable", "No"),
    ],
)
def test_values_are_said_in_words(
    client: Client, emma: dict[str, Any], text: str, value: str
) -> None:
    answer = told(client, "book", text, record=emma["book"])
    assert (answer["faults"], answer["value"]) == ([], value)


def test_a_fault_stands_at_its_place_with_its_remedy(client: Client, emma: dict[str, Any]) -> None:
    (fault,) = told(client, "book", "pages > 1 and nmae == 'x'")["faults"]
    assert (fault["from"], fault["to"], fault["at"]) == (14, 18, "nmae")
    assert fault["message"] == "`nmae` is not a field of book. Did you mean `name` or `me`?"
    (fault,) = told(client, "book", "pages", expects="condition")["faults"]
    assert "number" in fault["message"]


def test_nobody_learns_what_they_may_not_read(client: Client, emma: dict[str, Any]) -> None:
    clerk = client.person("shelver@example.com", "shelver")
    (fault,) = told(clerk, "member", "secret == 'sesame'", record=emma["member"])["faults"]
    assert "is not a field" in fault["message"]
    assert clerk.post("/studio/expressions", {"object": "branch", "text": "name"}).status == 404
    members = clerk.get("/studio/model/member").json()["members"]
    assert "secret" not in [one["name"] for one in members]
    assert next(one for one in members if one["name"] == "branch")["to"] == ""


def test_names_around_an_expression_are_no_way_to_other_objects(
    client: Client, emma: dict[str, Any]
) -> None:
    """What they look up is there, and their author may know of it."""
    clerk = client.person("shelver@example.com", "shelver")
    made: list[Any] = [
        {"object": "branch"}, {"object": "nothing"}, {"kind": "lookup"},
        {"kind": "lookup", "to": "branch"}, {"kind": "any_lookup", "to": ["book", "branch"]},
        {"kind": "any_lookup", "to": 3}, {"kind": "person", "accepts": ["nobody"]},
        {"kind": "person", "accepts": [3]},
    ]  # fmt: skip
    for one in made:
        for text in ("x.name", "mine(x)", "x == x"):
            asked = {"object": "book", "text": text, "names": {"x": one}}
            assert 400 <= clerk.post("/studio/expressions", asked).status < 500, asked
    for field in ("secret", "nothing"):
        asked = {"object": "member", "text": "1", "expects": {"field": field}}
        assert clerk.post("/studio/expressions", asked).status == 400
    everybody = {"kind": "person", "accepts": ["user", "team", "group", "role"]}
    assert told(client, "book", "mine(x)", names={"x": everybody})["faults"] == []
    assert told(client, "book", "x.name", names={"x": {"object": "branch"}})["faults"] == []


def test_a_level_of_the_model_with_a_sample(client: Client, emma: dict[str, Any]) -> None:
    answer = client.get("/studio/model/member").json()
    members = {one["name"]: one for one in answer["members"]}
    assert answer["record"]["title"] == "Ann"
    assert members["branch"]["sample"] == "Harbour"
    assert (members["branch"]["to"], members["branch"]["sample_record"]) == (
        "branch",
        emma["branch"],
    )
    assert (members["loans"]["collection"], members["loans"]["sample"]) == (True, "1")
    inner = client.get("/studio/model/loan", holder=f"member:{emma['member']}").json()
    assert {one["name"]: one["sample"] for one in inner["members"]}["book"].endswith("Emma")


def test_a_search_goes_through_look_ups(client: Client, emma: dict[str, Any]) -> None:
    found = client.get("/studio/model/loan", q="branch name").json()["found"]
    assert "member.branch.name" in [one["path"] for one in found]


def test_functions_come_with_an_example(client: Client) -> None:
    groups = client.get("/studio/functions").json()["groups"]
    assert {"name": "lower", "usage": "lower(text)", "about": "In lower case.",
            "example": "lower(title) == 'emma'"} in groups[0]["functions"]  # fmt: skip


WRITTEN = (
    "name == 'x'", "branch.name == 'Harbour'", "pages > 'x'", "pages", "count(loans) > 1",
    "exists(loans, due < today())", "status == 'nothing'", "keeper in me.teams", "was(pages) > 1",
    "pages >", "margin > 1", "first(loans, note)", "branch.books", "record.pages > 1", "nothing",
    "1 < pages < 9", "'a' in genres", "me.name == name", "in_force", "a = 1", "reviewers",
)  # fmt: skip


def test_what_the_box_takes_is_what_is_saved(client: Client) -> None:
    """As a check of the object; the words of the fault are the same too."""
    for text in WRITTEN:
        found = told(client, "book", text, expects="condition")["faults"]
        check = {"name": "c", "expect": text, "message": "No."}
        reply = client.call("PATCH", "/api/meta/object/book?plan=true", {"checks": [check]})
        assert (reply.status == 200) == (not found), text
        if found:
            first = found[0]["message"].removesuffix(found[0]["remedy"]).strip()
            assert first in reply.json()["errors"][0]["message"], text


def test_a_token_sees_no_further_with_the_eyes_of_another_person(client: Client) -> None:
    client.define({"kind": "role", "name": "author", "meta": ["read"]})
    person = client.person("author@example.com", "author")
    path = "/studio/model/branch?purpose=document"
    assert person.call("GET", path).status == 200  # those who write documents know all objects
    author = client.rows("/api/records/user", where="email == 'author@example.com'")[0]["id"]
    for scopes, status in ((["records:read", "meta:read"], 200), (["records:read"], 404)):
        token = client.post("/api/tokens", {"name": "x", "scopes": scopes}).json()["token"]
        headers = {"authorization": f"Bearer {token}", "fluvial-view-as": author}
        assert Client(client.app, headers).call("GET", path).status == status, scopes
