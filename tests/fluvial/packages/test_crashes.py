"""Installations that die, or run beside each other: the old version or the new one, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fluvial.metadata_changes.drift import drift
from tests.app import Client
from tests.fluvial.dying import changing
from tests.fluvial.packages.test_installing import FEE, FIRST, LIST, PHONE, SHELF, app, book, put

# A field of another kind, a new one, one that goes, and a view that goes.
SECOND = [
    app("2.0.0"),
    book(
        {**SHELF, "kind": "number", "scale": 0},
        {"name": "isbn", "kind": "text"},
        keys=[{"fields": ["isbn"]}],
    ),
    PHONE,
]
POINTS = ("change_written:1", "change_copied:1", "change_altered:1", "change_done:1")


def outline(client: Client) -> dict[str, Any]:
    """What is in force, and what the records say."""
    fields = client.get("/api/meta/object/book").json()["fields"]
    return {
        "packages": {p["name"]: p["version"] for p in client.rows("/api/packages")},
        "fields": {field["name"]: field["kind"] for field in fields},
        "view": client.get("/api/meta/view/all_books").status,
        "shelves": sorted(str(b.get("shelf")) for b in client.rows("/api/records/book")),
        "revision": client.rows("/api/meta/revisions")[0]["number"],
    }


def test_an_upgrade_that_dies_leaves_the_old_version(
    client: Client, engine_url: str, tmp_path: Path
) -> None:
    put(client, FIRST)
    bodies = [{"name": f"b{n}", "shelf": str(n), "fee": "1.50"} for n in range(10)]
    assert client.post("/api/records/book", bodies).status == 201
    before = outline(client)
    for point in POINTS:
        doomed = changing(engine_url, tmp_path, SECOND, point=point)
        assert doomed.wait(60) == -9, (point, doomed.said())
        assert outline(client) == before, point
        assert drift(client.app.engine) == [], point
    whole = changing(engine_url, tmp_path, SECOND)
    assert whole.wait(60) == 0, whole.said()
    after = outline(client)
    assert after["packages"]["lending"] == "2.0.0" and after["shelves"] == before["shelves"]
    assert after["fields"] == {"name": "text", "shelf": "number", "isbn": "text"}
    assert (after["view"], after["revision"]) == (404, before["revision"] + 1)
    assert drift(client.app.engine) == []


def test_two_installations_at_once(client: Client, engine_url: str, tmp_path: Path) -> None:
    """They come one behind the other; one that dies does not hold the other up."""
    reading, attic = (
        [
            {**app("1.0.0"), "name": name},
            {"kind": "object", "name": thing, "fields": [{"name": "name", "kind": "text"}]},
        ]
        for name, thing in (("reading", "chair"), ("attic", "trunk"))
    )
    doomed = changing(engine_url, tmp_path, attic, point="change_done:1")
    both = [changing(engine_url, tmp_path, documents) for documents in (FIRST, reading)]
    assert doomed.wait(60) == -9, doomed.said()
    assert [one.wait(60) for one in both] == [0, 0], both[0].said()
    found = outline(client)
    assert found["packages"] == {"lending": "1.0.0", "reading": "1.0.0"}
    client.made("chair", name="By the window")
    client.made("book", name="Emma", fee="2.50", shelf="A1")
    # Two versions of one package: the one that came last is in force, whole.
    third = [app("3.0.0"), book(SHELF, FEE, {"name": "isbn", "kind": "text"}), LIST]
    both = [changing(engine_url, tmp_path, documents) for documents in (SECOND[::-1], third)]
    assert [one.wait(60) for one in both] == [0, 0], both[0].said()
    found = outline(client)
    fields = {
        "2.0.0": {"name": "text", "shelf": "number", "isbn": "text"},
        "3.0.0": {"name": "text", "shelf": "text", "fee": "number", "isbn": "text"},
    }
    assert found["fields"] == fields[found["packages"]["lending"]]
    assert found["view"] == (200 if found["packages"]["lending"] == "3.0.0" else 404)
    assert drift(client.app.engine) == []
