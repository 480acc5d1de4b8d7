"""Layouts over HTTP: the document in force, or one that is made; what is shown of a record."""

from typing import Any

import pytest

from tests.app import Client, Documents

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "note", "kind": "long_text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "name", "kind": "text", "required": True},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "books"},
        {"name": "state", "kind": "choice", "default": "here",
         "options": [{"name": "here"}, {"name": "lent"}]},
        {"name": "member", "kind": "text"},
        {"name": "price", "kind": "money", "currency": "EUR"},
    ],
    "logic": [{"field": "member", "visible": "state == 'lent'", "required": "state == 'lent'"},
              {"field": "price", "read_only": "state == 'lent'"}],
    "states": {"field": "state", "transitions": [{"name": "lend", "from": ["here"], "to": "lent"}]},
}  # fmt: skip
BRANCH: dict[str, Any] = {
    "kind": "object",
    "name": "branch",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
FORM: dict[str, Any] = {
    "kind": "form",
    "name": "book_main",
    "object": "book",
    "sections": [
        {"name": "facts", "columns": 3, "fields": ["name", "state", "member", "price"]},
        {"name": "lent", "label": "Lent", "visible": "state == 'lent'", "fields": ["pages"]},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [BOOK, BRANCH]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def shown(layout: dict[str, Any], what: str) -> set[str]:
    return {f["name"] for s in layout["sections"] for f in s["fields"] if f[what]}


def test_a_layout_is_made_where_there_is_none(library: Client) -> None:
    layout = library.get("/api/forms/layout/book").json()
    names = [[f["name"] for f in s["fields"]] for s in layout["sections"]]
    assert names[0] == ["name", "state", "branch"]
    assert names[-2] == ["note"]
    assert layout["sections"][-1]["folded"] is True
    assert "created_at" in names[-1]
    assert layout["form"] is None
    branch = library.get("/api/forms/layout/branch").json()
    assert [r["name"] for r in branch["related"]] == ["books"]


def test_a_document_lays_out_the_page(library: Client) -> None:
    library.define(FORM)
    layout = library.get("/api/forms/layout/book").json()
    assert layout["form"] == "book_main"
    assert [(s["label"], s["columns"]) for s in layout["sections"]] == [("Facts", 3), ("Lent", 2)]


def test_conditions_follow_the_record_and_what_is_typed(library: Client) -> None:
    library.define(FORM)
    book = library.made("book", name="Emma", price="3.00")

    fresh = library.get("/api/forms/layout/book").json()
    assert "member" not in shown(fresh, "visible")
    assert [s["visible"] for s in fresh["sections"]] == [True, False]
    body = {"id": book["id"], "values": {"state": "lent", "pages": "many"}}
    typed = library.post("/api/forms/layout/book", body).json()
    assert shown(typed, "required") == {"name", "member"}
    assert "price" in shown(typed, "read_only")
    assert [s["visible"] for s in typed["sections"]] == [True, True]
    assert "price" not in shown(
        library.get("/api/forms/layout/book", id=book["id"]).json(), "read_only"
    )
    missing = "018f0000-0000-7000-8000-000000000000"
    assert library.get("/api/forms/layout/book", id=missing).status == 404
    assert library.post("/api/forms/layout/book", {"values": 3}).status == 422


def test_layouts_leave_out_what_a_role_may_not_read(library: Client) -> None:
    grants = [{"object": "book", "can": ["read"], "fields": {"price": "none"}},
              {"object": "branch", "can": ["read"]}]  # fmt: skip
    library.define(FORM, {"kind": "role", "name": "guest", "grants": grants},
                   {**FORM, "name": "theirs", "audience": ["clerk"], "order": 1,
                    "sections": [{"name": "one", "fields": ["name"]}]},
                   {"kind": "role", "name": "clerk",
                    "grants": [{"object": "book", "can": ["read", "update"]}]})  # fmt: skip
    guest = library.person("guest@example.com", "guest")
    layout = guest.get("/api/forms/layout/book").json()
    names = {f["name"] for s in layout["sections"] for f in s["fields"]}
    assert names == {"name", "state", "member", "pages"}
    assert shown(layout, "read_only") == names
    clerk = library.person("clerk@example.com", "clerk")
    assert clerk.get("/api/forms/layout/book").json()["form"] == "theirs"
    assert clerk.get("/api/forms/layout/branch").status == 404


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sections": [{"name": "a", "fields": ["nam"]}]}, "/sections/0/fields/0"),
        ({"sections": [{"name": "a", "fields": ["name"]}, {"name": "b", "fields": ["name"]}]},
         "/sections/1/fields/0"),
        ({"sections": [{"name": "a", "visible": "pages", "fields": ["name"]}]},
         "/sections/0/visible"),
        ({"related": ["loans"]}, "/related/0"),
        ({"facts": ["loans"]}, "/facts/0"),
        ({"audience": ["nobody"]}, "/audience/0"),
    ],
)  # fmt: skip
def test_faults_of_layouts_name_their_place(
    library: Client, change: dict[str, Any], place: str
) -> None:
    reply = library.put("/api/meta/form/book_main", {**FORM, **change})
    assert reply.status == 422, reply.text
    assert [e["pointer"] for e in reply.json()["errors"]] == [f"/form/book_main{place}"]
