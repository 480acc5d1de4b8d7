"""Change sets: writes are kept in a record, applied together, refused on a changed base."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.change_sets.covers import DOCUMENTS, Amendment, soon


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


def test_what_is_kept_is_not_carried_out(client: Client) -> None:
    amendment = Amendment(client)
    reply = amendment.keep(0, until="2027-01-01")
    assert reply.json()["until"] == "2027-01-01"
    new = amendment.made("new asset")
    assert client.get(amendment.cover(0)).json()["until"] is None
    assert client.get(f"/api/records/cover/{new['id']}").status == 404
    told = amendment.told()
    assert [(one["action"], one["title"]) for one in told["edits"]] == [
        ("update", "A-1 asset 0"),
        ("create", "new asset"),
    ]
    assert told["edits"][0]["changes"] == {"until": [None, "2027-01-01"]}
    assert told["state"] == "open"
    assert reply.headers["fluvial-kept"] == told["edits"][0]["id"]


def test_inside_it_records_are_as_they_will_be(client: Client) -> None:
    amendment = Amendment(client)
    amendment.keep(0, until="2027-01-01")
    new = amendment.made("new asset")
    inside = client.get(amendment.cover(0, inside=True)).json()
    assert inside["until"] == "2027-01-01"
    path = f"/api/records/cover/{new['id']}"
    assert client.get(f"{path}{amendment.query}").json()["asset"] == "new asset"
    # The contract counts the new cover, inside only.
    assert client.get(f"{amendment.contract_path}{amendment.query}").json()["monthly"] == "30.00"
    assert client.get(amendment.contract_path).json()["monthly"] == "20.00"
    # Later edits build on earlier ones.
    reply = client.patch(f"{path}{amendment.query}", {"until": "2028-01-01"})
    assert reply.status == 202, reply.text
    assert client.delete(amendment.cover(1, inside=True)).status == 202
    assert client.get(amendment.cover(1, inside=True)).status == 404
    assert client.get(amendment.cover(1)).status == 200


def test_it_is_applied_as_a_whole_and_history_says_by_what(client: Client) -> None:
    amendment = Amendment(client)
    amendment.keep(0, until="2027-01-01", state="ended")
    new = amendment.made("new asset")
    assert client.delete(amendment.cover(1, inside=True)).status == 202
    amendment.applied()
    first = client.get(amendment.cover(0)).json()
    assert (first["until"], first["state"]) == ("2027-01-01", "ended")
    assert client.get(f"/api/records/cover/{new['id']}").json()["asset"] == "new asset"
    assert client.get(amendment.cover(1)).status == 404
    assert client.get(amendment.contract_path).json()["monthly"] == "20.00"
    entry = client.get(f"{amendment.cover(0)}/history").json()["data"][0]
    assert entry["change_set"] == {"object": "amendment", "id": amendment.id, "title": "A-1"}
    told = amendment.told()
    assert (told["state"], told["conflicts"]) == ("applied", [])
    reply = client.patch(amendment.cover(0, inside=True), {"until": None})
    assert (reply.status, "has been applied" in reply.text) == (409, True)


def test_dated_values_hold_from_the_effective_day(client: Client) -> None:
    amendment = Amendment(client, effective=soon(40))
    reply = client.patch(f"{amendment.contract_path}{amendment.query}", {"price": "12.00"})
    assert (reply.status, reply.json()["price"]) == (202, "12.00")
    inside = client.get(f"{amendment.contract_path}{amendment.query}").json()
    assert (inside["price"], inside["monthly"]) == ("12.00", "24.00")
    amendment.applied()
    assert client.get(amendment.contract_path).json()["price"] == "10.00"
    then = client.get(amendment.contract_path, as_of=soon(40)).json()
    assert (then["price"], then["monthly"]) == ("12.00", "24.00")
    (planned,) = client.get(f"{amendment.contract_path}/planned").json()["data"]
    assert planned["change_set"]["id"] == amendment.id
    amendment.taken_back()
    assert client.get(amendment.contract_path, as_of=soon(40)).json()["price"] == "10.00"
    assert client.get(f"{amendment.contract_path}/planned").json()["data"] == []


def test_a_changed_base_is_a_conflict_and_nothing_is_overwritten(client: Client) -> None:
    amendment = Amendment(client)
    amendment.keep(0, until="2027-01-01")
    amendment.keep(1, until="2027-02-01")
    assert client.patch(amendment.cover(0), {"until": "2026-12-12"}).status == 200
    assert client.patch(amendment.cover(1), {"secret": "another field"}).status == 200
    reply = amendment.act("schedule")
    assert reply.status == 409, reply.text
    (conflict,) = reply.json()["conflicts"]
    (field,) = conflict["fields"]
    assert (field["field"], field["base"]) == ("until", None)
    assert (field["theirs"], field["yours"]) == ("2026-12-12", "2027-01-01")
    assert field["by"]["user"]
    assert client.get(amendment.cover(0)).json()["until"] == "2026-12-12"
    assert client.get(amendment.cover(1)).json()["until"] is None
    assert client.get(f"/api/records/amendment/{amendment.id}").json()["status"] == "draft"
    told = amendment.told()
    assert [one["edit"] for one in told["conflicts"]] == [told["edits"][0]["id"]]
    # Mine is to hold all the same.
    edit = told["edits"][0]["id"]
    reply = client.post(f"{amendment.path}/edits/{edit}/accept", {})
    assert (reply.status, reply.json()["changes"]["until"]) == (200, ["2026-12-12", "2027-01-01"])
    amendment.applied()
    assert client.get(amendment.cover(0)).json()["until"] == "2027-01-01"


def test_reversal_writes_the_inverse_of_everything(client: Client) -> None:
    amendment = Amendment(client, effective=soon(10))
    before = [client.get(amendment.cover(at)).json() for at in range(2)]
    amendment.keep(0, until="2027-01-01", state="ended")
    new = amendment.made("new asset")
    assert client.delete(amendment.cover(1, inside=True)).status == 202
    amendment.applied().taken_back()
    for at in range(2):
        now = client.get(amendment.cover(at)).json()
        skip = ("rev", "updated_at", "updated_by")
        assert {n: v for n, v in now.items() if n not in skip} == {
            n: v for n, v in before[at].items() if n not in skip
        }
    assert client.get(f"/api/records/cover/{new['id']}").status == 404
    assert amendment.told()["state"] == "reversed"


def test_who_changed_it_since_is_told_before_it_is_taken_back(client: Client) -> None:
    amendment = Amendment(client)
    amendment.keep(0, until="2027-01-01")
    amendment.applied()
    assert client.patch(amendment.cover(0), {"until": "2029-09-09"}).status == 200
    reply = amendment.act("reverse")
    assert reply.status == 409, reply.text
    (conflict,) = reply.json()["conflicts"]
    assert [one["theirs"] for one in conflict["fields"]] == ["2029-09-09"]
    assert client.get(amendment.cover(0)).json()["until"] == "2029-09-09"


def test_a_preview_reads_before_and_after_and_leaves_nothing(client: Client) -> None:
    amendment = Amendment(client, effective=soon(30))
    reply = client.patch(f"{amendment.contract_path}{amendment.query}", {"price": "12.00"})
    assert reply.status == 202, reply.text
    amendment.made("another asset")
    amendment.keep(0, until="2027-01-01")
    assert client.delete(amendment.cover(1, inside=True)).status == 202
    reply = client.get(f"{amendment.path}/preview")
    assert reply.status == 200, reply.text
    told = reply.json()
    monthly, covers = told["items"]
    assert (monthly["before"], monthly["after"]) == ("20.00", "24.00")
    assert (monthly["difference"], monthly["label"]) == ("4.00", "Monthly, Contract")
    assert (covers["before"], covers["after"], covers["difference"]) == (2, 2, 0)
    assert sorted((one["title"], one["change"]) for one in covers["rows"]) == [
        ("A-1 asset 0", "changed"),
        ("A-1 asset 1", "goes"),
        ("another asset", "comes"),
    ]
    (changed,) = (one for one in covers["rows"] if one["change"] == "changed")
    assert changed["values"] == {"until": [None, "2027-01-01"]}
    assert client.get(f"{amendment.contract_path}/planned").json()["data"] == []
    assert len(client.rows("/api/records/cover")) == 2
    # What applying would refuse, the preview says as well.
    assert client.patch(amendment.cover(0), {"until": "2026-12-12"}).status == 200
    reply = client.get(f"{amendment.path}/preview")
    assert (reply.status, len(reply.json()["conflicts"])) == (409, 1)
