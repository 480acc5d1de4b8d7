"""Retyping: the values of a field in columns of another kind, and the way back."""

from __future__ import annotations

from typing import Any

from tests.app import Client

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
    left = client.get("/api/meta/objects/book/fields/pages/unconverted").json()
    assert [(r["title"], r["value"]) for r in left["data"]] == [("Two", "long")]

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
