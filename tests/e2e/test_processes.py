"""What one process defines, the very next request of another one uses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.processes import Install

Json = dict[str, Any]

BOOK: Json = {
    "kind": "object",
    "name": "book",
    "label": "Book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {
            "name": "place",
            "kind": "choice",
            "default": "shelf",
            "options": [{"name": "shelf"}, {"name": "desk"}],
        },
    ],
}
PLACES: Json = {
    "kind": "board",
    "name": "places",
    "object": "book",
    "columns": {"by": "place"},
    "card": {"title": "name"},
}
OFFER: Json = {
    "kind": "webform",
    "name": "offer",
    "object": "book",
    "slug": "offer-a-book",
    "spam": {"min_seconds": 0},
}


class Twins:
    """Two web processes: one defines, the other uses."""

    def __init__(self, one: httpx.Client, other: httpx.Client) -> None:
        self.one = one
        self.other = other

    def define(self, document: Json) -> None:
        path = f"/api/meta/{document['kind']}/{document['name']}"
        reply = self.one.put(path, json=document)
        assert reply.status_code in (200, 201), reply.text

    def add(self, name: str, kind: str = "number", **options: Any) -> str:
        """A field through the one; the other has what it knew at hand, so that it could be old."""
        warm = self.other.get("/api/records/book", params={"where": "name == 'Emma'"})
        assert warm.status_code == 200
        field = {"name": name, "kind": kind, **options}
        reply = self.one.patch("/api/meta/object/book", json={"fields": [field]})
        assert reply.status_code == 200, reply.text
        return name

    def get(self, path: str, **query: str) -> httpx.Response:
        reply = self.other.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply

    def made(self, **values: Any) -> Json:
        reply = self.other.post("/api/records/book", json=values)
        assert reply.status_code == 201, reply.text
        record: Json = reply.json()
        return record


@pytest.fixture
def twins(install: Install, database_url: str) -> Twins:
    here = install(database_url)
    found = Twins(here.serve().client(), here.serve().client())
    found.define(BOOK)
    return found


def test_a_field_of_one_process_is_used_by_the_next_request_of_another(twins: Twins) -> None:
    body(twins)
    where(twins)
    list_page(twins)
    board_card(twins)
    rule_condition(twins)
    web_form(twins)
    open_api(twins)


def body(twins: Twins) -> None:
    name = twins.add("pages", scale=0)
    assert twins.made(name="Emma", **{name: "474"})[name] == "474"


def where(twins: Twins) -> None:
    name = twins.add("width")
    found = twins.get("/api/records/book", where=f"{name} == null and pages > 400").json()
    (record,) = found["data"]
    assert record["name"] == "Emma" and record[name] is None


def list_page(twins: Twins) -> None:
    name = twins.add("weight", label="Weight of it")
    page = twins.get("/o/book", where=f"{name} == null").text
    assert f'data-column="{name}"' in page and "Weight of it" in page and "Emma" in page


def board_card(twins: Twins) -> None:
    twins.define(PLACES)
    twins.get("/boards/places")
    name = twins.add("mark", "text")
    twins.define({**PLACES, "card": {"title": "name", "fields": [name]}})
    (record,) = twins.one.get("/api/records/book").json()["data"]
    path = f"/api/records/book/{record['id']}"
    assert twins.one.patch(path, json={name: "Signed copy"}).status_code == 200
    assert "Signed copy" in twins.get("/boards/places").text


def rule_condition(twins: Twins) -> None:
    name = twins.add("age")
    rule = {
        "kind": "rule",
        "name": "not_yet",
        "on": {"object": "book", "event": ["created", "updated"]},
        "phase": "before_save",
        "when": f"{name} > 90",
        "do": [{"refuse": {"message": "Too old for us."}}],
    }
    twins.define(rule)
    reply = twins.other.post("/api/records/book", json={"name": "Persuasion", name: "200"})
    assert reply.status_code == 422 and "Too old for us." in reply.text


def web_form(twins: Twins) -> None:
    name = twins.add("giver", "text")
    fields = [{"field": "name"}, {"field": name, "label": "Whose is it?"}]
    twins.define({**OFFER, "steps": [{"name": "book", "fields": fields}]})
    assert "Whose is it?" in twins.get("/forms/offer-a-book").text
    token = twins.get("/forms/offer-a-book.json").json()["token"]
    answers = {"token": token, "name": "Sanditon", name: "Ada"}
    reply = httpx.post(f"{twins.other.base_url}/forms/offer-a-book", json=answers)
    assert reply.status_code == 201, reply.text
    (record,) = twins.get("/api/records/book", where=f"{name} == 'Ada'").json()["data"]
    assert record["name"] == "Sanditon"


def open_api(twins: Twins) -> None:
    name = twins.add("colour", "text")
    schemas = twins.get("/api/openapi.json").json()["components"]["schemas"]
    assert all(name in schemas[f"book_{use}"]["properties"] for use in ("read", "create"))
