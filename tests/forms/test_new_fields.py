"""New fields have a place in layouts, in a section of their own, until somebody places them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

DESK = {
    "kind": "form",
    "name": "desk",
    "label": "Desk",
    "object": "book",
    "sections": [{"name": "facts", "label": "Facts", "fields": ["name", "pages"]}],
}
READERS = {**DESK, "name": "readers", "label": "Readers", "audience": ["head"]}


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, DESK, READERS]


def add(client: Client, *names: str) -> Any:
    fields = [{"name": name, "label": name.title(), "kind": "text"} for name in names]
    reply = client.patch("/api/meta/object/book", {"fields": fields})
    assert reply.status == 200, reply.text
    return client.post("/studio/objects/book/place", {"names": list(names)})


def sections(client: Client, layout: str) -> list[tuple[str, list[str]]]:
    body = client.get(f"/api/meta/form/{layout}").json()
    return [(one["label"], one["fields"]) for one in body["sections"]]


def test_new_fields_come_into_a_section_of_their_own(client: Client) -> None:
    assert add(client, "isle").json() == {"placed": ["Desk"]}
    add(client, "row", "place")
    assert sections(client, "desk") == [
        ("Facts", ["name", "pages"]),
        ("New fields", ["isle", "row", "place"]),
    ]
    assert len(sections(client, "readers")) == 1  # what some people see is for somebody to say


def test_a_field_that_has_a_place_keeps_it(client: Client) -> None:
    again = client.post("/studio/objects/book/place", {"names": ["pages"]})
    assert again.json() == {"placed": []}
    reply = client.post("/studio/objects/book/place", {"names": ["nothing"]})
    assert (reply.status, "is a list of fields" in reply.text) == (400, True)
    refused: list[Any] = [[["pages"]], [{}], [3], [None], "pages", {}]
    for odd in refused:
        assert client.post("/studio/objects/book/place", {"names": odd}).status == 400, odd
    assert client.post("/studio/objects/nothing/place", {"names": []}).status == 404


def test_fields_are_arranged(client: Client) -> None:
    add(client, "isle", "row")
    names = [one["name"] for one in client.get("/api/meta/object/book").json()["fields"]]
    wanted = [*names[:-2], "row", "isle"]
    reply = client.post("/studio/objects/book/order", {"names": wanted})
    assert reply.json() == {"names": wanted}
    now = [one["name"] for one in client.get("/api/meta/object/book").json()["fields"]]
    assert now == wanted
    reply = client.post("/studio/objects/book/order", {"names": ["nothing"]})
    assert (reply.status, "Reload the page" in reply.text) == (400, True)
