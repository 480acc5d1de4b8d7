"""Queries that take too long are stopped, and say what to do."""

import time

import pytest

from fluvial.http import perform
from tests.app import Client

SHELF = {"kind": "object", "name": "shelf", "fields": [{"name": "name", "kind": "text"}]}
BOOK = {
    "kind": "object",
    "name": "book",
    "fields": [
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "books"},
    ],
}
# Each book with each other one, four times over.
WHERE = "sum(shelf.books, sum(shelf.books, sum(shelf.books, pages * record.pages) * pages)) > 1"


def test_a_condition_cannot_hold_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.define(SHELF, BOOK)
    shelf = client.made("shelf", name="A")["id"]
    books = [{"pages": str(n), "shelf": shelf} for n in range(150)]
    assert client.post("/api/records/book", books).status == 201
    monkeypatch.setattr(perform, "PATIENCE_SECONDS", 0.3)
    for path, query in (
        ("/api/records/book", {"where": WHERE}),
        ("/api/records/book/summary", {"where": WHERE, "measure": "count()"}),
    ):
        begun = time.monotonic()
        reply = client.get(path, **query)
        assert reply.status == 422, reply.text
        assert "Narrow it" in reply.json()["detail"]
        assert time.monotonic() - begun < 10
    assert client.get("/api/records/book", where="pages > 100", total="exact").json()["total"] == 49
