"""Retyping: the values of a field in columns of another kind, and the way back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from fluvial.metadata_changes import apply, backfill, cutover, index_builds
from tests.app import Client, Reply
from tests.fluvial.tables import imported

AUTHOR = {
    "kind": "object",
    "name": "author",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "pages", "kind": "text"},
        {"name": "genre", "kind": "choice", "options": [{"name": "crime"}, {"name": "travel"}]},
        {"name": "writer", "kind": "text"},
        {"name": "editor", "kind": "lookup", "to": "author"},
        {"name": "printed", "kind": "date"},
        {"name": "weight", "kind": "number", "scale": 2, "unique": True},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "lent", "kind": "boolean"},
        {"name": "subjects", "kind": "multi_choice", "options": [{"name": "art"}, {"name": "sea"}]},
    ],
}
PAGES = {"name": "pages", "kind": "number", "scale": 0}
PATH = "/api/meta/object/book"


def _with(*fields: dict[str, Any]) -> dict[str, Any]:
    """The document of a book with some fields defined anew."""
    anew = {field["name"]: field for field in fields}
    return BOOK | {"fields": [anew.get(f["name"], f) for f in BOOK["fields"]]}


def _read(client: Client, record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/records/book/{record['id']}").json()
    return found


def test_values_become_those_of_the_new_kind_and_come_back(client: Client) -> None:
    client.define(AUTHOR, BOOK)
    ada = client.made("author", name="Ada")
    one = client.made("book", name="One", pages="120", writer="ada", weight="1.50", lent=True)
    two = client.made("book", name="Two", pages="long", writer="Bob", editor=ada["id"])
    wanted = _with(
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "writer", "kind": "lookup", "to": "author", "inverse": "written"},
        {"name": "editor", "kind": "multi_lookup", "to": "author"},
        {"name": "weight", "kind": "number", "scale": 3, "unique": True},
        {"name": "lent", "kind": "text"},
    )
    plan = client.call("PUT", f"{PATH}?plan=true", wanted).json()["operations"]
    steps = {o["target"]: o for o in plan if o["op"] == "retype_field"}
    length = steps["book.pages"]
    assert (length["from"], length["to"], length["class"]) == ("text", "number", "rewrite")
    assert (length["rows"], length["converts"], length["refuses"]) == (2, 1, 1)
    assert length["examples"] == [
        {
            "id": two["id"],
            "title": "Two",
            "value": "long",
            "reason": length["examples"][0]["reason"],
        }
    ]
    assert "number such as 12" in length["examples"][0]["reason"]
    assert _read(client, one)["pages"] == "120"  # a plan keeps nothing

    assert client.put(PATH, wanted).status == 200
    read = _read(client, one)
    assert read["pages"] == "120" and read["writer"] == ada["id"] and read["lent"] == "Yes"
    assert read["weight"] == "1.500"
    assert _read(client, two)["editor"] == [ada["id"]]
    assert client.rows("/api/records/book", where="pages > 100 and writer.name == 'Ada'")
    taken = client.post("/api/records/book", {"name": "Three", "weight": "1.5"})
    assert taken.json()["errors"][0]["pointer"] == "/weight", taken.text
    imported(client, "book", "name,pages\nFour,44\n")
    assert client.rows("/api/records/book", pages="44", fields="name")[0]["name"] == "Four"
    left = client.get("/api/meta/objects/book/fields/pages/unconverted").json()
    assert [(r["title"], r["value"]) for r in left["data"]] == [("Two", "long")]

    # Histories tell of the old kind, and every page shows them.
    for path in (f"/o/book/{one['id']}", f"/api/records/book/{one['id']}/history", "/o/book"):
        assert client.get(path).status == 200

    # What changes meanwhile is kept; what did not convert comes back as it was.
    client.patch(f"/api/records/book/{one['id']}", {"pages": 7})
    assert client.put(PATH, BOOK).status == 200
    assert _read(client, one) | {"rev": 1, "updated_at": ""} == one | {
        "pages": "7", "rev": 1, "updated_at": "",
    }  # fmt: skip
    assert _read(client, two)["pages"] == "long" and _read(client, two)["writer"] == "Bob"
    assert _read(client, two)["editor"] == ada["id"]
    assert client.put(PATH, wanted).status == 200
    assert _read(client, one)["pages"] == "7" and _read(client, two)["pages"] is None


def _large(client: Client, monkeypatch: pytest.MonkeyPatch, count: int) -> list[dict[str, Any]]:
    """Books in a table that counts as large."""
    monkeypatch.setattr(apply, "SMALL_ROWS", 20)
    monkeypatch.setattr(backfill, "BATCH", 10)
    monkeypatch.setattr(cutover, "FEW", 1)
    client.define(AUTHOR, BOOK)
    bodies = [
        {"name": f"b{n}", "pages": str(n) if n % 5 else "many", "genre": "crime"}
        for n in range(count)
    ]
    reply = client.post("/api/records/book", bodies)
    assert reply.status == 201, reply.text
    made: list[dict[str, Any]] = reply.json()["data"]
    return made


def test_a_large_table_is_copied_while_others_write(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = client.app.engine
    books = _large(client, monkeypatch, 60)
    genre = {"name": "genre", "kind": "lookup", "to": "author"}
    pages = {"name": "pages", "kind": "number", "scale": 0, "unique": True}
    begun = client.call("PUT", f"{PATH}?make=book.genre", _with(genre, pages | {"unique": False}))
    assert begun.status == 202, begun.text
    place = f"/api/meta/plans/{begun.json()['plan']}"
    assert client.get(place).json()["state"] == "copying"
    assert _read(client, books[1])["pages"] == "1"
    # The document waits; who would change it meanwhile is told so.
    refused = client.patch(PATH, {"label": "Volume"})
    assert refused.status == 409 and refused.json()["plan"] in place
    monkeypatch.setattr(cutover, "ROUND_SECONDS", 0)
    for n in range(4):
        assert cutover.run(engine)
        changed = client.patch(f"/api/records/book/{books[n]['id']}", {"pages": f"{1000 + n}"})
        assert changed.status == 200
    monkeypatch.setattr(cutover, "ROUND_SECONDS", 5)
    while cutover.run(engine):
        pass
    done = client.get(place).json()
    assert done["state"] == "done" and done["progress"]["book.pages"]["copied"] == 60
    assert [_read(client, books[n])["pages"] for n in (0, 3, 5, 6)] == ["1000", "1003", None, "6"]
    assert client.rows("/api/records/author")[0]["name"] == "Crime"
    assert len(client.rows("/api/records/book", where="genre.name == 'Crime'", limit="100")) == 60
    left = client.get("/api/meta/objects/book/fields/pages/unconverted").json()["data"]
    assert len(left) == 11 and {row["value"] for row in left} == {"many"}

    # One that is cancelled leaves nothing behind.
    begun = client.call("PUT", PATH, BOOK)
    assert begun.status == 202
    assert (
        client.post(f"/api/meta/plans/{begun.json()['plan']}/cancel").json()["state"] == "cancelled"
    )
    assert not cutover.run(engine) and _read(client, books[6])["pages"] == "6"
    taken = client.patch(f"/api/records/book/{books[6]['id']}", {"pages": 7})
    assert taken.status == 200 and taken.json()["pages"] == "7"
    begun = client.call("PUT", PATH, BOOK)
    while cutover.run(engine):
        pass
    assert client.get(f"/api/meta/plans/{begun.json()['plan']}").json()["state"] == "done"
    assert [_read(client, books[n])["pages"] for n in (0, 5, 6)] == ["1000", "many", "7"]
    assert {_read(client, book)["genre"] for book in books} == {"crime"}


def test_keys_of_large_tables_are_built_beside_the_work(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = client.app.engine
    books = _large(client, monkeypatch, 30)
    part = {"fields": [{"name": "writer", "unique": True}, {"name": "printed"}],
            "keys": [{"fields": ["pages"], "unique": True}]}  # fmt: skip
    for n in range(2):
        client.patch(f"/api/records/book/{books[n]['id']}", {"pages": "7"})
    changed = client.patch(PATH, part)
    if engine.database.dialect == "sqlite":
        assert changed.status == 409 and "same values" in changed.json()["detail"]
        return
    assert changed.status == 200, changed.text
    states = {i["name"]: i["state"] for i in client.rows("/api/meta/indexes")}
    assert set(states.values()) == {"planned"}
    while index_builds.run(engine):
        pass
    found = {i["name"]: i for i in client.rows("/api/meta/indexes")}
    assert found["uq_book__writer"]["state"] == "valid"
    assert found["uq_book__pages"]["state"] == "failed" and found["uq_book__pages"]["error"]
    client.patch(f"/api/records/book/{books[2]['id']}", {"writer": "Ada"})
    twice = client.patch(f"/api/records/book/{books[3]['id']}", {"writer": "Ada"})
    assert twice.json()["errors"][0]["pointer"] == "/writer"


def test_the_studio_previews_another_kind(client: Client) -> None:
    client.define(AUTHOR, BOOK)
    client.made("book", name="One", pages="12")
    client.made("book", name="Two", pages="many")
    page = "/studio/objects/book/fields/pages/kind"
    assert page in client.get("/studio/objects/book").text
    assert "Change the kind of Pages" in client.get(page).text

    def posted(**values: str) -> Reply:
        body = urlencode({**values, "csrf": client.headers["x-csrf-token"]}).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        return client.call("POST", page, body=body, headers=form)

    number = {"kind": "number", "shown": "number", "option_scale": "0"}
    preview = posted(**number)
    assert preview.status == 200 and "1 value can be converted" in preview.text
    assert "many" in preview.text and "Write a number" in preview.text
    assert "Choose the new kind" in posted(kind="").text
    assert posted(kind="lookup", shown="lookup", option_to="nothing").status == 422
    again = posted(kind="number", shown="number", option_scale="none")
    assert again.status == 422 and 'value="none"' in again.text
    chosen = posted(kind="choice", shown="choice", option_options="12, Many of them")
    assert 'value="12, Many of them"' in chosen.text and "1 value can be converted" in chosen.text
    assert posted(**number, apply="1").status == 303
    core = client.get("/studio/objects/user/fields/email/kind")
    assert core.status == 422 and "Add a new field of the kind" in core.text
    assert client.get(PATH).json()["fields"][1] == PAGES
