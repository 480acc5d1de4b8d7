"""Deleting what is in use: refused with the list, or along with the parts that use it."""

from __future__ import annotations

from typing import Any

from tests.app import Client
from tests.fluvial.library import LIBRARY

VIEW = {
    "kind": "view", "name": "dear", "object": "book", "columns": ["name", "price", "branch.name"],
    "sort": ["price", "name"], "group": "status",
}  # fmt: skip
STRICT = VIEW | {"name": "strict", "where": "pages > 3", "columns": ["name", "pages"], "sort": []}
BOARD = {
    "kind": "board", "name": "shelf", "object": "book", "columns": {"by": "status"},
    "card": {"fields": ["price", "pages"]}, "totals": ["count()", "sum(price)"],
}  # fmt: skip
FORM = {
    "kind": "form", "name": "main", "object": "book", "facts": ["price"],
    "sections": [{"name": "one", "fields": ["name", "price"]}],
}  # fmt: skip
ROLE = {
    "kind": "role", "name": "buyer",
    "grants": [{"object": "book", "can": ["read"], "fields": {"price": "none", "pages": "read"}}],
}  # fmt: skip
DOCUMENTS = (VIEW, STRICT, BOARD, FORM, ROLE)


def _gone(reply: Any) -> set[str]:
    assert reply.status == 200, reply.text
    return {o["target"] for o in reply.json()["operations"] if o["op"] == "take_out"}


def _bodies(client: Client) -> dict[str, Any]:
    return {
        f"{d['kind']}/{d['name']}": client.get(f"/api/meta/{d['kind']}/{d['name']}").json()
        for d in DOCUMENTS
    }


def test_what_uses_it_goes_with_it_and_comes_back(client: Client) -> None:
    client.define(*LIBRARY)
    revision = client.define(*DOCUMENTS)["revision"]
    before = _bodies(client)
    part = {"fields": [{"name": "price", "$delete": True}]}
    refused = client.patch("/api/meta/object/book", part)
    assert refused.status == 409 and "board/shelf#/card/fields/0" in refused.json()["uses"]
    parts = {
        "board/shelf#/card/fields/0",
        "board/shelf#/totals/1",
        "form/main#/facts/0",
        "form/main#/sections/0/fields/1",
        "object/book#/fields/17",  # the margin, worked out of it, where it stands then
        "role/buyer#/grants/0/fields/price",
        "view/dear#/columns/1",
        "view/dear#/sort/0",
    }
    planned = client.patch("/api/meta/object/book?force=true&plan=true", part)
    assert _gone(planned) == parts and _bodies(client) == before
    retired = next(o for o in planned.json()["operations"] if o["target"] == "book.price")
    assert "view/dear#/columns/1" in retired["uses"] and retired["class"] == "destructive"
    assert _gone(client.patch("/api/meta/object/book?force=true", part)) == parts
    after = _bodies(client)
    assert after["view/dear"]["columns"] == ["name", "branch.name"]
    assert after["view/dear"]["sort"] == ["name"] and "facts" not in after["form/main"]
    assert after["role/buyer"]["grants"][0]["fields"] == {"pages": "read"}
    assert client.post(f"/api/meta/revisions/{revision}/rollback").status == 200
    assert _bodies(client) == before


def test_a_condition_is_never_changed_silently(client: Client) -> None:
    client.define(*LIBRARY, *DOCUMENTS)
    part = {"fields": [{"name": "pages", "$delete": True}]}
    refused = client.patch("/api/meta/object/book?force=true", part)
    assert refused.status == 409 and refused.json()["uses"] == ["view/strict#/where"]
    # What the change itself takes out or edits is in nobody's way.
    done = client.post(
        "/api/meta/changes",
        {
            "documents": [
                STRICT | {"where": "weight > 3", "columns": ["name"]},
                BOARD | {"card": {"fields": ["price"]}},
                ROLE | {"grants": [{"object": "book", "can": ["read"]}]},
                LIBRARY[2] | {"fields": [f for f in LIBRARY[2]["fields"] if f["name"] != "pages"]},
            ]
        },
    )
    assert done.status == 200, done.text


def test_an_object_goes_with_what_is_about_it(client: Client) -> None:
    client.define(*LIBRARY, *DOCUMENTS)
    client.made("book", name="One")
    refused = client.delete("/api/meta/object/book")
    assert refused.status == 409 and "view/dear#/object" in refused.json()["uses"]
    # Formulas and conditions of other objects stand in the way until somebody decides.
    stuck = client.delete("/api/meta/object/book?force=true")
    assert stuck.status == 409 and stuck.json()["uses"] == ["object/loan#/fields/1/where"]
    plain = {"name": "member", "where": None}
    assert client.patch("/api/meta/object/loan", {"fields": [plain]}).status == 200
    both = [{"kind": "object", "name": "book"}, {"kind": "object", "name": "shelf_place"}]
    gone = _gone(client.post("/api/meta/changes?force=true", {"delete": both}))
    assert {"view/dear", "view/strict", "board/shelf", "form/main", "role/buyer#/grants/0"} <= gone
    assert "object/loan#/fields/0" in gone
    assert client.get("/api/records/book").status == 404
    revision = client.get("/api/meta/revisions").json()["data"][1]["number"]
    client.post(f"/api/meta/revisions/{revision}/rollback")
    assert [b["name"] for b in client.rows("/api/records/book")] == ["One"]
