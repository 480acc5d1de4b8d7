"""The plan of a change says how many records it locks and unlocks, and who may loosen a lock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.writing.invoices import DOCUMENTS, Invoice

Json = dict[str, Any]
AUTHOR: Json = {
    "kind": "role", "name": "author", "meta": ["read", "write"],
    "grants": [{"object": "*", "can": ["*"]}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (*DOCUMENTS, AUTHOR)


def document(client: Client, **members: Any) -> Json:
    body: Json = client.get("/api/meta/object/invoice").json()
    return {key: value for key, value in {**body, **members}.items() if value is not None}


def planned(client: Client, **members: Any) -> list[tuple[str, int]]:
    reply = client.post("/api/meta/changes?plan=true", {"documents": [document(client, **members)]})
    assert reply.status == 200, reply.text
    return [(one["op"], one["rows"]) for one in reply.json()["operations"]]


def test_the_plan_counts_what_is_locked_and_what_is_free(client: Client) -> None:
    for at in range(5):
        invoice = Invoice(client, f"A-{at}")
        if at < 3:
            invoice.issued()
        if at == 0:
            invoice.act("pay")
    lock = client.get("/api/meta/object/invoice").json()["locked"]
    assert planned(client) == []
    assert planned(client, locked={**lock, "message": "Other words."}) == []
    assert planned(client, locked=None) == [("unlock_records", 3)]
    assert planned(client, locked={**lock, "when": "status == 'paid'"}) == [("unlock_records", 2)]
    assert planned(client, locked={**lock, "when": "status != 'issued'"}) == [
        ("lock_records", 2), ("unlock_records", 2),
    ]  # fmt: skip
    assert planned(client, locked={**lock, "parts": False}) == [("change_lock", 0)]
    assert planned(client, locked={**lock, "except": ["status"]}) == [("change_lock", 0)]
    # What a new field says of the records is not known before it is there.
    fields = [*document(client)["fields"], {"name": "closed", "kind": "boolean"}]
    lock = {"when": "closed", "except": ["closed"]}
    assert ("change_lock", 0) in planned(client, fields=fields, locked=lock)
    client.define(document(client, locked=None))
    assert planned(client, locked={**lock, "when": "total > 5", "except": ["note"]}) == [
        ("lock_records", 5),
    ]  # fmt: skip


def test_only_an_administrator_loosens_a_lock(client: Client) -> None:
    author = client.person("author@example.com", "author")
    lock = client.get("/api/meta/object/invoice").json()["locked"]
    for loose in (None, {**lock, "parts": False}, {**lock, "when": "status == 'paid'"},
                  {**lock, "except": [*lock["except"], "note"]}):  # fmt: skip
        reply = author.put("/api/meta/object/invoice", document(client, locked=loose))
        assert reply.status == 403, reply.text
        assert "loosens the lock of invoices" in reply.text
    for tight in ({**lock, "except": ["status"]}, {**lock, "except": ["status"], "message": "No."}):
        reply = author.put("/api/meta/object/invoice", document(client, locked=tight))
        assert reply.status == 200, reply.text
    assert client.put("/api/meta/object/invoice", document(client, locked=None)).status == 200


def test_an_excepted_field_that_goes_leaves_the_lock_with_the_others(client: Client) -> None:
    fields = [one for one in document(client)["fields"] if one["name"] != "dispute_note"]
    reply = client.put("/api/meta/object/invoice", document(client, fields=fields))
    assert reply.status in (409, 422), reply.text
    reply = client.put("/api/meta/object/invoice?force=true", document(client, fields=fields))
    assert reply.status == 200, reply.text
    assert client.get("/api/meta/object/invoice").json()["locked"]["except"] == ["status"]
    # The condition is for people to decide.
    fields = [one for one in document(client)["fields"] if one["name"] != "status"]
    body = document(client, fields=fields, states=None)
    assert client.put("/api/meta/object/invoice?force=true", body).status in (409, 422)
