"""Metadata over HTTP: changes at run time, plans, layers, revisions, other processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.runtime.session import Session
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.fluvial.library import BRANCH, LIBRARY


def test_a_field_added_on_one_process_is_in_the_next_request_of_another(
    open_engine: OpenEngine,
) -> None:
    first = Client(build_app(open_engine())).signed_in(EMAIL, PASSWORD)
    second = Client(build_app(open_engine())).signed_in(EMAIL, PASSWORD)
    first.define(*LIBRARY)
    book = second.made("book", name="One")
    field = {"name": "risk", "kind": "number", "scale": 0}
    assert first.patch("/api/meta/object/book", {"fields": [field]}).status == 200
    changed = second.patch(f"/api/records/book/{book['id']}", {"risk": 7})
    assert changed.json()["risk"] == "7"
    assert [r["id"] for r in first.rows("/api/records/book", where="risk > 6")] == [book["id"]]
    schemas = first.get("/api/openapi.json").json()["components"]["schemas"]
    assert "risk" in schemas["book_read"]["properties"]
    assert second.get("/api/schema/records/book").json()["properties"]["risk"]


def test_a_plan_says_what_would_happen_and_keeps_nothing(client: Client) -> None:
    client.define(*LIBRARY)
    client.made("book", name="One")
    before = client.get("/api/meta").json()["version"]
    body = {"fields": [{"name": "risk", "kind": "number"}, {"name": "pages", "$delete": True}]}
    plan = client.patch("/api/meta/object/book?plan=true", body).json()
    operations = {o["op"]: o for o in plan["operations"]}
    assert operations["add_field"]["target"] == "book.risk"
    assert operations["retire_field"]["rows"] == 1 and operations["retire_field"]["undo"]
    assert plan["revision"] is None
    assert client.get("/api/meta").json()["version"] == before


def test_a_retired_name_brings_its_values_back(client: Client) -> None:
    client.define(BRANCH)
    branch = client.made("branch", name="North")
    client.patch(
        "/api/meta/object/branch", {"fields": [{"name": "storey", "kind": "number", "scale": 0}]}
    )
    path = f"/api/records/branch/{branch['id']}"
    client.patch(path, {"storey": 3})
    client.patch("/api/meta/object/branch", {"fields": [{"name": "storey", "$delete": True}]})
    assert "storey" not in client.get(path).json()
    taken = client.patch(
        "/api/meta/object/branch", {"fields": [{"name": "storey", "kind": "text"}]}
    )
    assert taken.status == 409
    client.patch(
        "/api/meta/object/branch", {"fields": [{"name": "storey", "kind": "number", "scale": 0}]}
    )
    assert client.get(path).json()["storey"] == "3"


def test_what_is_used_is_not_dropped_without_force(client: Client) -> None:
    client.define(*LIBRARY)
    refused = client.patch(
        "/api/meta/object/book", {"fields": [{"name": "price", "$delete": True}]}
    )
    assert refused.status in (409, 422)
    assert client.get("/api/meta/object/branch/uses").json()["data"]


def test_every_fault_of_a_change_is_told_with_its_place(client: Client) -> None:
    bad: list[dict[str, Any]] = [
        {"kind": "object", "name": "one", "fields": [{"name": "a", "kind": "txt"}]},
        {
            "kind": "object",
            "name": "two",
            "fields": [{"name": "b", "kind": "lookup", "to": "nothing"}],
        },
        {"kind": "view", "name": "three", "object": "two", "where": "c == 1", "columns": ["d"]},
    ]
    reply = client.post("/api/meta/changes", {"documents": bad})
    assert reply.status == 422
    pointers = {error["pointer"] for error in reply.json()["errors"]}
    assert {"/object/one/fields/0/kind", "/object/two/fields/0/to"} <= pointers
    assert client.get("/api/meta/object").json()["data"][0]["name"] != "one"


def test_rollback_restores_the_documents_and_keeps_values(client: Client) -> None:
    first = client.define(BRANCH)["revision"]
    branch = client.made("branch", name="North")
    client.patch("/api/meta/object/branch", {"fields": [{"name": "storey", "kind": "text"}]})
    client.patch(f"/api/records/branch/{branch['id']}", {"storey": "top"})
    revisions = client.get("/api/meta/revisions").json()["data"]
    assert revisions[0]["number"] > first
    back = client.post(f"/api/meta/revisions/{first}/rollback")
    assert back.status == 200
    assert "storey" not in client.get(f"/api/records/branch/{branch['id']}").json()
    client.post(f"/api/meta/revisions/{revisions[0]['number']}/rollback")
    assert client.get(f"/api/records/branch/{branch['id']}").json()["storey"] == "top"


def test_a_change_that_changes_nothing_leaves_no_trace(client: Client) -> None:
    client.define(*LIBRARY)
    body = client.get("/api/meta/object/book").json()
    first = client.put("/api/meta/object/book", body).json()
    before = client.get("/api/meta").json()
    revisions = client.get("/api/meta/revisions").json()["data"]
    again = client.put("/api/meta/object/book", body)
    assert again.status == 200
    assert again.json() == {
        "operations": [],
        "revision": revisions[0]["number"],
        "version": before["version"],
    }
    assert first == again.json()
    title = {"label": body["label"]} if "label" in body else {"fields": []}
    assert client.patch("/api/meta/object/book", title).json() == again.json()
    assert client.post("/api/meta/changes", {"documents": [body]}).json() == again.json()
    assert client.get("/api/meta/revisions").json()["data"] == revisions
    assert client.get("/api/meta").json() == before


def test_layers_show_who_says_what(client: Client) -> None:
    client.patch("/api/meta/object/user", {"fields": [{"name": "phone", "kind": "text"}]})
    layers = client.get("/api/meta/object/user?layers=true").json()
    assert set(layers["layers"]) == {"fluvial", "site"}
    assert [f["name"] for f in layers["in_force"]["fields"]][-1] == "phone"
    client.delete("/api/meta/object/user")
    assert "phone" not in client.get("/api/records/user?limit=1").json()["data"][0]


def test_parts_that_several_change_at_the_same_time_are_all_there(client: Client) -> None:
    client.define(BRANCH)

    def add(at: int) -> int:
        body = {"fields": [{"name": f"note_{at}", "kind": "text"}]}
        return client.patch(f"/api/meta/object/{'user' if at % 2 else 'branch'}", body).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(add, range(8))) == {200}
    for name, kept in (("user", {1, 3, 5, 7}), ("branch", {0, 2, 4, 6})):
        fields = {f["name"] for f in client.get(f"/api/meta/object/{name}").json()["fields"]}
        assert {f"note_{at}" for at in kept} <= fields


def test_documents_agree_with_their_address(client: Client) -> None:
    body = {"kind": "object", "name": "other", "fields": []}
    assert client.put("/api/meta/object/branch", body).status == 422
    assert client.put("/api/meta/nothing/branch", {}).status == 404
    assert client.get("/api/meta/object/nothing").status == 404
    assert client.get("/api/schema/object").json()["properties"]["fields"]


def test_who_comes_right_after_a_commit_finds_its_catalog(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = open_engine(), open_engine()
    one, two = (Client(build_app(e)).signed_in(EMAIL, PASSWORD) for e in (engine, other))
    with monkeypatch.context() as patched:
        patched.setattr(engine.catalogs, "adopt", lambda catalog: None)
        one.define(BRANCH)
        patched.setattr(engine.catalogs, "build", None)  # nobody has to
        catalog = engine.database.call(lambda: Session.begin(engine)).catalog
        assert "branch" in catalog.objects
    # One that was not committed is not taken for that of another process.
    engine.catalogs.expect(replace(catalog, version=catalog.version + 1, hash="another"))
    two.define(BRANCH | {"label": "House"})
    found = engine.database.call(lambda: Session.begin(engine)).catalog
    assert found.version == catalog.version + 1 and found.objects["branch"].label == "House"
