"""The editor of documents over HTTP: what is checked while one types, what is saved, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from fluvial.kernel.features import load_features
from tests.app import Client, Documents, Reply
from tests.fluvial.library import BOOK, LIBRARY

VIEW = {
    "kind": "view", "name": "long_ones", "label": "Long ones", "object": "book",
    "where": "pages > 300", "columns": ["name"], "sort": ["-pages"],
}  # fmt: skip

NAMING = ("object", "field", "path", "option", "collection", "role", "document")


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, VIEW]


def opened(client: Client, kind: str, name: str, **query: str) -> dict[str, Any]:
    page = client.get(f"/studio/{kind}/{name}", **query)
    assert page.status == 200, page.text[:400]
    found = re.search(
        r'<script type="application/json" id="document">(.*?)</script>', page.text, re.S
    )
    assert found is not None
    data: dict[str, Any] = json.loads(unescape(found[1]))
    return data


def saved_as(client: Client, path: str, body: Any) -> Reply:
    return client.post(path, body, accept="application/json")


def checked(client: Client, kind: str, name: str, **given: Any) -> dict[str, Any]:
    reply = client.post(f"/studio/{kind}/{name}/check", given)
    assert reply.status == 200, reply.text
    said: dict[str, Any] = reply.json()
    return said


def test_the_page_has_the_whole_document_its_schema_and_names(client: Client) -> None:
    data = opened(client, "view", "long_ones")
    assert data["body"] == VIEW
    assert data["schema"]["properties"]["object"]["x-editor"] == {"is": "object"}
    assert {"name": "book", "label": "Book"}.items() <= next(
        one for one in data["names"]["objects"] if one["name"] == "book"
    ).items()
    members = client.get("/studio/members/book").json()["data"]
    assert "name" in [one["name"] for one in members]
    assert client.get("/studio/members/nothing").status == 404


def test_members_say_what_they_are_grouped_and_measured_by(client: Client) -> None:
    members = {one["name"]: one for one in client.get("/studio/members/book").json()["data"]}
    assert members["pages"]["measures"] == ["sum", "avg", "min", "max"]
    assert members["created_at"]["measures"] == ["min", "max"] and members["created_at"]["timed"]
    assert members["name"]["measures"] == [] and not members["name"]["logged"]


def named_defaults(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    """The defaults of places that name documents or fields, unless the place has words for them."""
    if isinstance(schema, dict):
        hint = schema.get("x-editor")
        if isinstance(hint, dict) and hint.get("is") in NAMING and "default" in schema:
            if schema["default"] not in hint.get("words", {}):
                yield place, schema["default"]
        for name, inner in schema.items():
            yield from named_defaults(inner, f"{place}/{name}")
    elif isinstance(schema, list):
        for at, inner in enumerate(schema):
            yield from named_defaults(inner, f"{place}/{at}")


def test_a_default_that_names_nothing_has_words_in_forms() -> None:
    kinds = load_features().kinds.values()
    assert [one for kind in kinds for one in named_defaults(kind.schema, kind.name)] == []


def test_a_fault_has_its_place_and_nothing_is_saved(client: Client) -> None:
    said = checked(client, "view", "long_ones", body={**VIEW, "columns": ["name", "nothing"]})
    assert said["faults"][0]["pointer"] == "/columns/1"
    assert "nothing" in said["faults"][0]["message"] and said["plan"] is None
    body = {**VIEW, "columns": ["name", "nothing"], "where": "pages >"}
    refused = saved_as(client, "/studio/view/long_ones/save", {"body": body})
    assert refused.status == 422
    assert {one["pointer"] for one in refused.json()["faults"]} == {"/columns/1", "/where"}
    assert opened(client, "view", "long_ones")["body"] == VIEW


def test_yaml_and_body_are_two_faces_of_one_document(client: Client) -> None:
    said = checked(client, "view", "long_ones", body={**VIEW, "label": "Longest"})
    assert "label: Longest" in said["yaml"] and said["changed"] and said["plan"]["lines"]
    back = checked(client, "view", "long_ones", yaml=said["yaml"].replace("Longest", "Longer"))
    assert back["body"]["label"] == "Longer"
    unread = checked(client, "view", "long_ones", yaml="label: ]")
    assert unread["unread"] and "Line 1" in unread["faults"][0]["message"]
    none = checked(client, "view", "long_ones", body=VIEW)
    assert not none["changed"] and none["faults"] == []


def test_what_was_changed_meanwhile_is_not_overwritten_unread(client: Client) -> None:
    data = opened(client, "view", "long_ones")
    client.define({**VIEW, "label": "By somebody else"})
    mine = {"body": {**VIEW, "label": "Mine"}, "stamp": data["stamp"]}
    refused = saved_as(client, "/studio/view/long_ones/save", mine)
    assert refused.status == 409 and "Somebody else" in refused.json()["detail"]
    saved = saved_as(
        client, "/studio/view/long_ones/save", {**mine, "stamp": refused.json()["changed"]}
    )
    assert saved.status == 200
    assert opened(client, "view", "long_ones")["stamp"] == saved.json()["stamp"]


def test_a_new_document_gets_its_name_from_its_label(client: Client) -> None:
    start = opened(client, "view", "new", object="book")
    assert start["name"] == "" and start["body"]["object"] == "book"
    unnamed = checked(client, "view", "new", body={"object": "book"})
    assert unnamed["faults"][0]["pointer"] == "/label"
    body = {**start["body"], "label": "Größe und mehr"}
    assert checked(client, "view", "new", body=body)["name"] == "groesse_und_mehr"
    saved = saved_as(client, "/studio/view/new/save", {"body": body})
    assert saved.json()["href"] == "/studio/view/groesse_und_mehr"
    taken = saved_as(client, "/studio/view/new/save", {"body": {**body, "name": "long_ones"}})
    assert taken.status == 409 and "already a view" in taken.json()["detail"]


def test_the_plan_names_fields_and_objects_by_their_labels(client: Client) -> None:
    body = opened(client, "object", "member")["body"]
    fields = [*body["fields"], {"name": "shoe", "label": "Shoe size", "kind": "number"}]
    said = checked(client, "object", "member", body={**body, "fields": fields})
    assert said["plan"]["summary"] == "Add Shoe size to Member."
    gone = [field for field in BOOK["fields"] if field["name"] != "pages"]
    used = checked(client, "object", "book", body={**BOOK, "fields": gone})
    assert any(place.startswith("View Long ones, ") for place in used["uses"])


def test_a_start_names_the_object_where_the_kind_has_it(client: Client) -> None:
    for kind, place in (("view", {"object": "book"}), ("rule", {"on": {"object": "book"}}),
                        ("template", {"for": "book"})):  # fmt: skip
        assert place.items() <= opened(client, kind, "new", object="book")["body"].items()
    assert "uses the fields of Book" in client.get("/studio/view/new", object="book").text


def test_nothing_is_taken_out_under_a_new_name(client: Client) -> None:
    """A mark without a document would keep its name from everybody else."""
    body = {"label": "Long", "object": "book"}
    for odd in (True, False, 3):
        path = "/studio/view/new/save"
        assert saved_as(client, path, {"body": {**body, "$delete": odd}}).status == 422
    assert saved_as(client, "/studio/view/new/save", {"body": body}).json()["name"] == "long"


def test_the_name_of_what_was_taken_out_is_not_given_again(client: Client) -> None:
    mark = {"kind": "view", "name": "long", "$delete": True}
    assert client.post("/api/meta/changes", {"documents": [mark]}).status == 200
    body = {"label": "Long", "object": "book"}
    assert saved_as(client, "/studio/view/new/save", {"body": body}).json()["name"] == "long_2"
    taken = saved_as(client, "/studio/view/new/save", {"body": {**body, "name": "long"}})
    assert taken.status == 409 and "taken out" in taken.text
