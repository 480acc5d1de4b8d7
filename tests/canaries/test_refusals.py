"""A refusal names a field, a record or a value only where its reader may know of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents, Reply

Json = dict[str, Any]

BOOK: Json = {
    "kind": "object", "name": "book", "label": "Book", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "shelf", "kind": "text", "unique": True},
        {"name": "code", "kind": "text", "label": "Zlcode",
         "default": "= 'zq' & coalesce(name, '')"},
        {"name": "price", "kind": "number", "scale": 0, "label": "Zlprice"},
        {"name": "branch", "kind": "choice", "options": [{"name": "north"}, {"name": "south"}]},
    ],
    "keys": [{"fields": ["branch", "code"], "unique": True}],
}  # fmt: skip
CARD: Json = {
    "kind": "object", "name": "card", "label": "Card", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "secret", "kind": "text", "label": "Zlsecret", "required": True},
        {"name": "book", "kind": "lookup", "to": "book", "label": "About",
         "where": "price > 5"},
    ],
}  # fmt: skip
NOTE: Json = {
    "kind": "object", "name": "note", "label": "Note", "title": "{name}",
    "fields": [{"name": "name", "kind": "text"},
               {"name": "book", "kind": "lookup", "to": "book", "label": "About"}],
}  # fmt: skip
ROLES: tuple[Json, ...] = (
    {"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "book", "can": ["*"], "where": "branch == 'north'",
         "fields": {"code": "none", "price": "none"}},
        {"object": "card", "can": ["*"], "fields": {"secret": "none"}}]},
    {"kind": "role", "name": "writer", "label": "Writer", "grants": [
        {"object": "note", "can": ["*"]}]},
)  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BOOK, CARD, NOTE, *ROLES]


@pytest.fixture
def clerk(client: Client) -> Client:
    return client.person("clerk@example.com", "clerk")


def faults(reply: Reply) -> list[tuple[str, str]]:
    assert reply.status == 422, reply.text
    return [(one["pointer"], one["code"]) for one in reply.json()["errors"]]


def test_a_required_field_that_is_hidden_is_not_named(clerk: Client) -> None:
    reply = clerk.post("/api/records/card", {"name": "x"})
    assert faults(reply) == [("", "required")]
    assert "Zlsecret" not in reply.text and "secret" not in reply.text
    batch = clerk.post("/api/records/card", [{"name": "x"}, {"name": "y"}])
    assert {code for _, code in faults(batch)} == {"required"} and "secret" not in batch.text
    for path in ("/o/card/new", "/api/schema/records/card", "/api/forms/layout/card"):
        assert "secret" not in clerk.get(path).text.lower()


def test_a_key_that_is_taken_tells_nothing_of_its_hidden_parts(
    client: Client, clerk: Client
) -> None:
    client.made("book", name="Emma", branch="north")
    reply = clerk.post("/api/records/book", {"name": "Emma", "branch": "north"})
    assert faults(reply) == [("/branch", "not_unique")]
    assert "Zlcode" not in reply.text and "zqEmma" not in reply.text


def test_a_value_that_an_unseen_record_holds_is_refused_and_no_more(
    client: Client, clerk: Client
) -> None:
    """That a unique value is taken cannot be kept from anybody; whose it is, is."""
    client.made("book", name="Hidden", shelf="A1", branch="south")
    reply = clerk.post("/api/records/book", {"name": "x", "shelf": "A1", "branch": "north"})
    assert faults(reply) == [("/shelf", "not_unique")]
    assert "Hidden" not in reply.text


def test_a_link_to_an_unseen_record_is_one_to_a_record_that_is_not_there(
    client: Client, clerk: Client
) -> None:
    south = client.made("book", name="Hidden", branch="south", price="9")["id"]
    other = "01a00000-0000-7000-8000-000000000000"
    said = {
        clerk.post("/api/records/card", {"book": one}).text.replace(one, "ID")
        for one in (south, other)
    }
    assert len(said) == 1
    writer = client.person("writer@example.com", "writer")
    reply = writer.post("/api/records/note", {"book": south})
    assert faults(reply) == [("/book", "unknown_record")]
    assert "There is no record" in reply.text


@pytest.mark.parametrize(
    "query",
    ["sort=price", "sort=-code", "where=price > 5", "where=code == 'x'", "fields=price",
     "price=5", "where=exists(cards, secret != null)", "where=starts_with(lower(code), 'z')"],
)  # fmt: skip
def test_a_list_refuses_a_hidden_field_as_one_that_is_not_there(clerk: Client, query: str) -> None:
    nothing = query.replace("price", "prize").replace("code", "kode").replace("secret", "sekret")
    hidden, unknown = (clerk.get(f"/api/records/book?{q.replace(' ', '%20')}").json()
                       for q in (query, nothing))  # fmt: skip
    assert hidden["status"] == unknown["status"] == 400
    assert [e["code"] for e in hidden["errors"]] == [e["code"] for e in unknown["errors"]]
    assert "Zl" not in str(hidden)


@pytest.mark.parametrize(
    "query",
    ["group=price", "group=code", "measure=sum(price)", "measure=max(price)",
     "measure=count(code)", "measure=avg(price + 1)"],
)  # fmt: skip
def test_a_summary_refuses_a_hidden_field_as_one_that_is_not_there(
    clerk: Client, query: str
) -> None:
    reply = clerk.get(f"/api/records/book/summary?{query.replace(' ', '%20').replace('+', '%2B')}")
    assert reply.status == 400 and "Zl" not in reply.text


def test_sums_and_counts_are_of_what_one_sees(client: Client, clerk: Client) -> None:
    for at, branch in enumerate(("north", "south", "south")):
        book = client.made("book", name=f"b{at}", branch=branch, shelf=str(at), price="9")
        client.made("card", name="c", secret="s", book=book["id"])
    assert clerk.rows("/api/records/book/summary") == [{"count": 1}]
    assert clerk.get("/api/records/book", total="exact").json()["total"] == 1
    grouped = clerk.rows("/api/records/card/summary", group="book.branch")
    counts = {(row["book"] or {}).get("branch"): row["count"] for row in grouped}
    assert counts == {"north": 1, None: 2}
    assert len(clerk.rows("/api/records/card", where="book.branch == 'south'")) == 0
    assert len(clerk.rows("/api/records/card", where="book.name != null")) == 1
