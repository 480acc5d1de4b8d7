"""Revisions: what differs, the way back of everything or of one document, also over packages."""

from __future__ import annotations

from typing import Any

from tests.app import Client
from tests.fluvial.library import LIBRARY
from tests.fluvial.packages.test_installing import FIRST, SECOND, put

Body = dict[str, Any]


def last(client: Client) -> int:
    return int(client.rows("/api/meta/revisions")[0]["number"])


def test_a_revision_says_what_differs_at_its_place(client: Client) -> None:
    client.define(*LIBRARY)
    part = {"fields": [{"name": "name", "label": "Title"}, {"name": "pages", "$delete": True}]}
    client.patch("/api/meta/object/book", part)
    change = client.get(f"/api/meta/revisions/{last(client)}").json()
    assert change["by"] and change["at"] and change["note"]
    diff = {d["pointer"]: (d["old"], d["new"]) for d in change["diff"]}
    assert diff["/fields/name/label"] == (None, "Title") and diff["/fields/pages"][1] is None
    assert {d["document"] for d in change["diff"]} == {"object/book"}
    entries = client.rows("/api/meta/object/book/history")
    assert [e["number"] for e in entries] == sorted((e["number"] for e in entries), reverse=True)
    assert client.get("/api/meta/revisions/999").status == 404
    assert client.get("/api/meta/object/nothing/history").status == 404


def test_one_document_goes_back_alone(client: Client) -> None:
    client.define(*LIBRARY)
    book = client.made("book", name="Emma", pages=12)
    before = last(client)
    client.patch("/api/meta/object/book", {"fields": [{"name": "pages", "$delete": True}]})
    client.patch("/api/meta/object/branch", {"label": "House"})
    path = "/api/meta/object/book/rollback"
    planned = client.post(f"{path}?plan=true", {"to": before}).json()
    assert [o["op"] for o in planned["operations"]] == ["restore_field"]
    assert client.post(path, {"to": before}).status == 200
    assert client.get(f"/api/records/book/{book['id']}").json()["pages"] == "12"
    assert client.get("/api/meta/object/branch").json()["label"] == "House"
    assert client.post(path, {"to": before}).status == 409
    assert client.post(path, {"to": 999}).status == 404
    assert client.post(path, {"to": "x"}).status == 422


def test_the_way_back_leads_over_packages(client: Client) -> None:
    start = last(client)
    put(client, FIRST)
    book = client.made("book", name="Emma", shelf="A1")
    client.patch("/api/meta/object/book", {"fields": [{"name": "shelf", "label": "Place"}]})
    first = last(client)
    put(client, SECOND)
    assert client.delete("/api/packages/lending").status == 200

    assert client.post(f"/api/meta/revisions/{first}/rollback").status == 200
    assert client.rows("/api/packages")[0]["version"] == "1.0.0"
    fields = {f["name"]: f for f in client.get("/api/meta/object/book").json()["fields"]}
    assert fields["shelf"]["label"] == "Place"
    assert client.get(f"/api/records/book/{book['id']}").json()["shelf"] == "A1"

    assert client.post(f"/api/meta/revisions/{start}/rollback").status == 200
    assert client.rows("/api/packages") == [] and client.get("/api/meta/object/book").status == 404
    assert client.post(f"/api/meta/revisions/{first}/rollback").status == 200
    assert client.rows("/api/packages")[0]["version"] == "1.0.0"
