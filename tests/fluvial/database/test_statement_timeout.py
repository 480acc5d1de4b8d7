"""Queries that take too long are stopped, and say what to do."""

import threading
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
WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_a_condition_cannot_hold_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.define(SHELF, BOOK)
    shelf = client.made("shelf", name="A")["id"]
    books = [{"pages": str(n), "shelf": shelf} for n in range(150)]
    assert client.post("/api/records/book", books).status == 201
    monkeypatch.setattr(perform, "READ_SECONDS", 0.3)
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


def test_nobody_stands_in_line_behind_a_change_that_waits(client: Client) -> None:
    """Who holds a table for long lets the change wait, and nobody else."""
    client.define(SHELF)
    database = client.app.engine.database
    holder, watcher = database.connect(), database.connect()
    answers: list[int] = []

    def change() -> None:
        part = {"fields": [{"name": "mark", "kind": "text"}]}
        answers.append(client.patch("/api/meta/object/shelf", part).status)

    thread = threading.Thread(target=change)
    if database.dialect == "postgresql":  # on SQLite who reads is in nobody's way
        with holder.transaction():
            holder.query("SELECT count(*) FROM shelf")
            time.sleep(0.4)
            thread.start()
            for _ in range(40):
                assert watcher.query(WAITING)[0][0] == 0
                time.sleep(0.01)
            assert answers == []
    else:
        thread.start()
    thread.join()
    assert answers == [200]
    holder.close()
    watcher.close()
