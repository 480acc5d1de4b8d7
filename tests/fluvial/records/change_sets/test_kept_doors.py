"""The doors by which writes come into a change set, and what none of them lets in."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents, Reply
from tests.fluvial.records.change_sets.covers import DOCUMENTS, Amendment, soon
from tests.forms.shapes import multipart

SELLER = {
    "kind": "role", "name": "seller", "label": "Seller", "grants": [
        {"object": "amendment", "can": ["read", "update"]},
        {"object": "contract", "can": ["read", "update"]},
        {"object": "cover", "can": ["read", "update"], "where": "state == 'active'",
         "fields": {"secret": "none"}}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (*DOCUMENTS, SELLER)


def test_a_batch_is_kept_as_a_whole_and_judged_by_its_final_state(client: Client) -> None:
    amendment = Amendment(client)
    swapped = [
        {"id": amendment.covers[0], "asset": "A-1 asset 1"},
        {"id": amendment.covers[1], "asset": "A-1 asset 0"},
    ]
    reply = client.patch(f"/api/records/cover{amendment.query}", swapped)
    assert (reply.status, len(reply.json()["data"])) == (202, 2)
    new = [{"contract": amendment.contract, "asset": f"more {at}"} for at in range(3)]
    reply = client.post(f"/api/records/cover{amendment.query}", new)
    assert (reply.status, len(reply.headers["fluvial-kept"].split(","))) == (202, 3)
    # One that does not fit keeps the others out, each fault at its place.
    wrong = [{"contract": amendment.contract, "asset": "fine"}, {"asset": 7}]
    reply = client.post(f"/api/records/cover{amendment.query}", wrong)
    assert reply.status == 422
    assert {one["pointer"] for one in reply.json()["errors"]} == {"/1/asset", "/1/contract"}
    assert len(amendment.told()["edits"]) == 5
    amendment.applied()
    assert client.get(amendment.cover(0)).json()["asset"] == "A-1 asset 1"
    assert client.get(amendment.contract_path).json()["monthly"] == "50.00"


def test_a_transition_a_dated_value_and_a_restored_record_are_kept(client: Client) -> None:
    amendment = Amendment(client)
    assert client.delete(amendment.cover(1)).status == 204
    reply = client.post(f"{amendment.cover(0)}/actions/end{amendment.query}", {})
    assert (reply.status, reply.json()["state"]) == (202, "ended")
    later = f"{amendment.contract_path}?as_of={soon(9)}&change_set={amendment.id}"
    assert client.patch(later, {"price": "11.00"}).status == 202
    path = f"/api/records/cover/{amendment.covers[1]}/restore{amendment.query}"
    assert client.post(path).status == 202
    assert client.get(amendment.cover(0)).json()["state"] == "active"
    amendment.applied()
    assert client.get(amendment.cover(0)).json()["state"] == "ended"
    assert client.get(amendment.cover(1)).status == 200
    assert client.get(amendment.contract_path, as_of=soon(9)).json()["price"] == "11.00"
    amendment.taken_back()
    assert client.get(amendment.cover(0)).json()["state"] == "active"
    assert client.get(amendment.cover(1)).status == 404
    assert client.get(amendment.contract_path, as_of=soon(9)).json()["price"] == "10.00"


def test_what_would_not_be_taken_is_not_kept(client: Client) -> None:
    amendment = Amendment(client)
    inside = amendment.query
    for reply, status, words in (
        (client.patch(amendment.cover(0, True), {"state": "gone"}), 422, "gone"),
        (client.patch(amendment.cover(0, True), {"asset": "A-1 asset 1"}), 422, "A-1 asset 1"),
        (client.patch(amendment.cover(0, True), {"nothing": 1}), 422, "nothing"),
        (client.patch(amendment.cover(0, True), {"until": None, "rev": 7}), 409, "revision"),
        (client.patch(f"/api/records/cover/{soon(1)}{inside}", {}), 404, "no cover"),
        (client.post(f"/api/records/amendment{inside}", {"number": "A-2"}), 409, "contracts and"),
        (client.post(f"{amendment.cover(0)}/comments{inside}", {"text": "x"}), 400, "at once"),
        (client.patch(f"{amendment.cover(0)}?change_set=x", {"until": soon(1)}), 404, "`x`"),
        (client.get(f"{amendment.cover(0)}?change_set={amendment.contract}"), 404, "change set"),
        (client.get(f"/api/records/cover{inside}"), 400, "change_set"),
    ):
        assert (reply.status, words in reply.text) == (status, True), reply.text
    # Nor is what changes nothing.
    reply = client.patch(amendment.cover(0, True), {"asset": "A-1 asset 0"})
    assert (reply.status, "fluvial-kept" in reply.headers) == (200, False)
    assert amendment.told()["edits"] == []


def test_a_repeated_call_keeps_once(client: Client) -> None:
    amendment = Amendment(client)
    path, body = f"/api/records/cover{amendment.query}", {
        "contract": amendment.contract, "asset": "once",
    }  # fmt: skip
    first = client.post(path, body, idempotency_key="k1")
    again = client.post(path, body, idempotency_key="k1")
    assert (first.status, again.status, first.json()) == (202, 202, again.json())
    assert len(amendment.told()["edits"]) == 1
    other = Amendment(client, "A-2")
    reply = client.post(f"/api/records/cover{other.query}", body, idempotency_key="k1")
    assert reply.status == 422  # the same key is no leave to keep it in another one


def test_what_builds_on_a_new_record_is_withdrawn_first(client: Client) -> None:
    amendment = Amendment(client)
    new = amendment.made("new asset")
    path = f"/api/records/cover/{new['id']}{amendment.query}"
    assert client.patch(path, {"until": "2027-01-01"}).status == 202
    first, second = (one["id"] for one in amendment.told()["edits"])
    reply = client.delete(f"{amendment.path}/edits/{first}")
    assert (reply.status, reply.json()["edits"]) == (409, [second])
    assert client.delete(f"{amendment.path}/edits/{second}").status == 204
    assert client.delete(f"{amendment.path}/edits/{first}").status == 204
    assert client.delete(f"{amendment.path}/edits/{first}").status == 404
    assert amendment.told()["edits"] == []


def test_rights_are_judged_when_it_is_kept_and_when_it_is_applied(client: Client) -> None:
    amendment = Amendment(client)
    seller = client.person("seller@example.com", "seller")
    assert seller.patch(amendment.cover(0, True), {"until": "2027-01-01"}).status == 202
    assert seller.patch(amendment.cover(0, True), {"secret": "x"}).status == 422
    assert seller.delete(amendment.cover(0, True)).status == 403
    body = {"contract": amendment.contract, "asset": "new"}
    assert seller.post(f"/api/records/cover{amendment.query}", body).status == 403
    # Later edits of it go beyond what the seller may do.
    amendment.made("new asset", secret="hush")
    told = seller.get(amendment.path).json()
    assert [list(one["changes"]) for one in told["edits"]][1] == ["contract", "asset", "state"]
    assert "hush" not in str(told)
    path = f"/api/records/amendment/{amendment.id}/actions/schedule"
    reply = seller.post(path, {})
    assert (reply.status, "create" in reply.text) == (403, True)
    assert client.get(amendment.cover(0)).json()["until"] is None
    # The preview is there for who may look at it.
    assert seller.get(f"{amendment.path}/preview").json()["items"][1]["after"] == 3
    amendment.applied()


def test_a_locked_change_set_keeps_nothing(client: Client) -> None:
    amendment = Amendment(client)
    document = client.get("/api/meta/object/amendment").json()
    locked = {"when": "contract != null", "except": ["status", "contract"], "message": "Closed."}
    client.define({**document, "locked": locked})
    reply = client.patch(amendment.cover(0, True), {"until": "2027-01-01"})
    assert (reply.status, "Closed." in reply.text) == (409, True)


def test_a_batch_of_amendments_applies_each_of_them_or_none(client: Client) -> None:
    one, other = Amendment(client, "A-1"), Amendment(client, "A-2")
    one.keep(0, until="2027-01-01")
    other.keep(0, until="2027-02-02")
    assert client.patch(other.cover(0), {"until": "2026-12-12"}).status == 200
    both = [{"id": each.id, "status": "scheduled"} for each in (one, other)]
    reply = client.patch("/api/records/amendment", both)
    assert reply.status == 409, reply.text
    assert (one.told()["state"], client.get(one.cover(0)).json()["until"]) == ("open", None)
    edit = other.told()["edits"][0]["id"]
    assert client.post(f"{other.path}/edits/{edit}/accept").status == 200
    assert client.patch("/api/records/amendment", both).status == 200
    assert client.get(one.cover(0)).json()["until"] == "2027-01-01"
    assert client.get(other.cover(0)).json()["until"] == "2027-02-02"


def _import(client: Client, amendment: Amendment, text: str, query: str = "") -> Reply:
    body, headers = multipart(("file", "covers.csv", "text/csv", text.encode()))
    path = f"/api/records/cover/import{amendment.query}{query}"
    return client.call("POST", path, body=body, headers=headers)


def test_an_import_is_kept_row_by_row(client: Client) -> None:
    amendment = Amendment(client)
    rows = "asset,contract.name,until\r\nA-1 asset 0,Contract of A-1,2031-01-01\r\n"
    rows += "by a file,Contract of A-1,\r\n"
    reply = _import(client, amendment, rows, "&key=asset&dry_run=true")
    assert (reply.status, amendment.told()["edits"]) == (200, []), reply.text
    reply = _import(client, amendment, rows, "&key=asset")
    assert reply.status == 202, reply.text
    assert (reply.json()["created"], reply.json()["updated"]) == (1, 1)
    assert client.get(amendment.cover(0)).json()["until"] is None
    assert [one["action"] for one in amendment.told()["edits"]] == ["update", "create"]
    assert amendment.told()["edits"][0]["changes"] == {"until": [None, "2031-01-01"]}
    # A faulty one keeps nothing.
    reply = _import(client, amendment, "asset,contract.name,until\r\nx,Contract of A-1,soon\r\n")
    assert (reply.status, len(amendment.told()["edits"])) == (422, 2)
    amendment.applied()
    assert client.get(amendment.cover(0)).json()["until"] == "2031-01-01"
    assert len(client.rows("/api/records/cover")) == 3
    assert client.get(amendment.contract_path).json()["monthly"] == "30.00"
