"""Links that have fields of their own: written in parts, kept, told in the history, and refused."""

from __future__ import annotations

from typing import Any

from tests.app import Client
from tests.fluvial.pages.posting import posted

BOOK = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}],
}
PARTS: list[dict[str, Any]] = [
    {"name": "copies", "kind": "number", "scale": 0, "min": 1, "required": True},
    {"name": "due", "kind": "date"},
    {"name": "state", "kind": "choice", "options": [{"name": "new"}, {"name": "worn"}]},
]


def order(**options: Any) -> dict[str, Any]:
    books = {"name": "books", "kind": "multi_lookup", "to": "book", "inverse": "orders", **options}
    fields = [{"name": "name", "kind": "text"}, books]
    return {"kind": "object", "name": "order", "title": "{name}", "fields": fields}


def refused(client: Client, books: Any) -> tuple[str, str]:
    reply = client.post("/api/records/order", {"books": books})
    assert reply.status == 422, reply.text
    (fault,) = reply.json()["errors"]
    return fault["code"], fault["message"]


def test_links_have_fields_of_their_own(client: Client) -> None:
    client.define(BOOK, order(link_fields=PARTS))
    emma, persuasion, ulysses = (
        client.made("book", name=name)["id"] for name in ("Emma", "Persuasion", "Ulysses")
    )
    assert refused(client, [emma]) == ("required", "Each link needs Copies.")
    assert refused(client, [{"id": emma, "copies": "0"}]) == (
        "below_min",
        "Copies: Write 1 or more.",
    )
    assert refused(client, [{"id": emma, "copys": "1"}])[0] == "not_a_link"
    assert refused(client, [{"copies": "1"}])[0] == "not_a_link"
    first = {"id": emma, "copies": "2", "due": "2026-06-15", "state": None}
    made = client.made("order", name="A", books=[first, {"id": persuasion, "copies": "1"}])
    second = {"id": persuasion, "copies": "1", "due": None, "state": None}
    assert made["books"] == [first, second]
    path = f"/api/records/order/{made['id']}"
    assert client.get(path).json()["books"] == [first, second]
    assert client.rows("/api/records/order", fields="books")[0]["books"] == [first, second]
    found = client.rows("/api/records/order", where=f"'{emma}' in books", fields="name")
    assert [one["name"] for one in found] == ["A"]
    assert client.rows("/api/records/book", where="count(orders) > 0", fields="name")

    # An id alone keeps what the link says; what is written beside it changes.
    changed = client.patch(path, {"books": [persuasion, {"id": emma, "state": "worn"}]}).json()
    assert changed["books"] == [second, {**first, "state": "worn"}]
    assert client.patch(path, {"books": [persuasion, emma]}).json()["rev"] == changed["rev"]
    third = {"id": ulysses, "copies": "3"}
    assert client.patch(path, {"books": [{"id": emma, "copies": "4"}, third]}).status == 200
    before, after = client.rows(f"{path}/history")[0]["changes"]["books"]
    assert [link["copies"] for link in (*before, *after)] == ["1", "2", "4", "3"]
    # One that was taken out and comes back says nothing of before.
    assert client.patch(path, {"books": [persuasion, emma]}).status == 422

    page = client.get(f"/o/order/{made['id']}").text
    assert "(copies 4, due 15 Jun 2026, state Worn)" in page
    edit = client.get(f"/o/order/{made['id']}/edit").text
    assert f'name="books.{emma}.copies" value="4"' in edit and "data-blank" in edit
    values = {"books": emma, f"books.{emma}.copies": "5", f"books.{emma}.due": ""}
    assert posted(client, f"/o/order/{made['id']}/edit", {**values, "rev": "3"}).status == 303
    (link,) = client.get(path).json()["books"]
    assert (link["copies"], link["due"], link["state"]) == ("5", None, "worn")
    wrong = {**values, f"books.{emma}.copies": "many"}
    assert posted(client, f"/o/order/{made['id']}/edit", wrong).status == 422

    # Fields come and go without a change of what is stored.
    client.define(order(link_fields=[*PARTS[:1], {"name": "price", "kind": "money"}]))
    assert client.get(path).json()["books"] == [{"id": emma, "copies": "5", "price": None}]
    client.define(order())
    assert client.get(path).json()["books"] == [emma]

    for options, code in (
        ({"link_fields": [{"name": "a", "kind": "lookup", "to": "book"}]}, "no_link_field"),
        ({"link_fields": [{"name": "a", "kind": "text", "unique": True}]}, "no_link_option"),
        ({"link_fields": [{"name": "a", "kind": "text", "pattern": "("}]}, "bad_pattern"),
        ({"link_fields": [{"name": "id", "kind": "text"}]}, "duplicate_name"),
        ({"link_fields": PARTS, "dated": True}, "dated"),
    ):
        reply = client.post("/api/meta/changes?plan=true", {"documents": [order(**options)]})
        assert code in [fault["code"] for fault in reply.json()["errors"]], reply.text
