"""One field of all records of a list: seen before, done in portions, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fluvial.runtime import long_jobs
from tests.app import Client, Documents

MANY = 70
PARCEL = {
    "kind": "object", "name": "parcel", "label": "Parcel", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "depot", "kind": "choice",
         "options": [{"name": "north"}, {"name": "south", "label": "The south"}, {"name": "lost"}]},
        {"name": "weight", "kind": "number", "scale": 2},
        {"name": "sent", "kind": "date"},
        {"name": "porter", "kind": "person", "accepts": ["user"]},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "note", "kind": "text", "unique": True},
        {"name": "sealed", "kind": "boolean"},
    ],
    "checks": [{"name": "light", "expect": "weight == null or weight < 50 or depot != 'lost'",
                "message": "Nothing so heavy gets lost."}],
}  # fmt: skip
PACKER = {
    "kind": "role", "name": "packer",
    "grants": [{"object": "parcel", "can": ["read", "update"], "where": "depot != 'lost'",
                "fields": {"price": "read", "note": "none"}}],
}  # fmt: skip
LOOKER = {"kind": "role", "name": "looker", "grants": [{"object": "parcel", "can": ["read"]}]}
LIST = "/o/parcel/bulk"


@pytest.fixture
def documents() -> Documents:
    return [PARCEL, PACKER, LOOKER]


@pytest.fixture(autouse=True)
def portions() -> Iterator[None]:
    """Portions of one size, whatever the machine has to do besides."""
    sizes, long_jobs.AIM, long_jobs.HELD_SECONDS = dict(long_jobs._sizes), 1e9, 0.0
    long_jobs._sizes.clear()
    long_jobs.MOST_SIZE, most = long_jobs.FIRST_SIZE, long_jobs.MOST_SIZE
    yield
    long_jobs.AIM, long_jobs.MOST_SIZE, long_jobs.HELD_SECONDS = 0.04, most, 10.0
    long_jobs._sizes.update(sizes)


@pytest.fixture
def parcels(client: Client) -> list[dict[str, Any]]:
    bodies = [{"name": f"Parcel {n}", "depot": "north", "weight": str(n)} for n in range(MANY)]
    reply = client.post("/api/records/parcel", bodies)
    assert reply.status == 201, reply.text
    client.made("parcel", name="Elsewhere", depot="south")
    found: list[dict[str, Any]] = reply.json()["data"]
    return found


def left(client: Client, query: str = "where=depot=='north'", **body: Any) -> dict[str, Any]:
    """A bulk edit that is left to the workers."""
    reply = client.post(f"{LIST}?{query}", body, prefer="respond-async")
    assert reply.status == 202, reply.text
    job: dict[str, Any] = reply.json()
    return job


def done(client: Client, id: str) -> dict[str, Any]:
    """A job, once all its portions are done."""
    engine = client.app.engine
    while long_jobs.advance(engine, engine.database.connection(), id):
        continue
    job: dict[str, Any] = client.get(f"/api/jobs/{id}").json()
    return job


def edited(client: Client, query: str = "where=depot=='north'", **body: Any) -> dict[str, Any]:
    return done(client, left(client, query, **body)["id"])


def undone(client: Client, id: str) -> dict[str, Any]:
    reply = client.post(f"/api/jobs/{id}/undo")
    assert reply.status == 202, reply.text
    return done(client, reply.json()["id"])


def count(client: Client, where: str) -> int:
    reply = client.get("/api/records/parcel", where=where, total="exact", limit="1")
    assert reply.status == 200, reply.text
    return int(reply.json()["total"])


def test_a_preview_tells_and_writes_nothing(client: Client, parcels: list[Any]) -> None:
    asked = {"field": "depot", "value": "south"}
    reply = client.post(f"{LIST}/preview?where=depot=='north'", asked)
    assert reply.status == 200, reply.text
    told = reply.json()
    assert (told["count"], told["tried"], told["refused"]) == (MANY, 25, [])
    assert told["sample"][0]["changes"] == [{"before": "North", "after": "The south"}]
    assert count(client, "depot == 'north'") == MANY
    assert len(client.get(f"/api/records/parcel/{parcels[0]['id']}/history").json()["data"]) == 1
    # Who refuses, and why.
    told = client.post(
        f"{LIST}/preview?where=weight>=45", {"field": "depot", "value": "lost"}
    ).json()
    assert told["count"] == 25 and len(told["refused"]) == 20
    assert told["refused"][0]["title"].startswith("Parcel")
    assert told["refused"][0]["reason"] == "Nothing so heavy gets lost."
    told = client.post(f"{LIST}/preview", {"field": "sent", "value": "yesterday?"}).json()
    assert told["sample"] == [] and len(told["refused"]) == 25


def test_all_records_of_the_filter_change_although_they_leave_it(
    client: Client, parcels: list[Any]
) -> None:
    job = edited(client, field="depot", value="south")
    assert (job["state"], job["done"], job["total"]) == ("done", MANY, MANY)
    assert job["title"] == "Set Depot on parcels"
    assert (job["result"]["changed"], job["result"]["refused"]) == (MANY, 0)
    assert count(client, "depot == 'south'") == MANY + 1
    entry = client.get(f"/api/records/parcel/{parcels[0]['id']}/history").json()["data"][0]
    assert entry["by"] == {"user": client.get("/api/me").json()["id"]}
    # In reasonable haste it is over when the answer comes.
    reply = client.post(f"{LIST}?search=Elsewhere", {"field": "depot", "value": "north"})
    assert reply.status == 200 and reply.json()["result"]["changed"] == 1


def test_those_who_refuse_are_told_and_the_others_change(
    client: Client, parcels: list[Any]
) -> None:
    job = edited(client, field="depot", value="lost")
    result = job["result"]
    assert (result["changed"], result["refused"], len(result["reasons"])) == (50, 20, 20)
    assert {one["reason"] for one in result["reasons"]} == {"Nothing so heavy gets lost."}
    page = client.get(f"/jobs/{job['id']}").text
    assert "Nothing so heavy gets lost." in page and f"/jobs/{job['id']}/undo" in page


@pytest.mark.parametrize(
    ("field", "first", "value", "touched"),
    [
        ("depot", None, "south", "lost"),
        ("weight", "1.50", "2.75", "0"),
        ("sent", "2030-01-02", None, "2031-05-05"),
        ("price", {"amount": "1.20", "currency": "EUR"}, {"amount": "3", "currency": "EUR"}, None),
        ("porter", None, "me", "pia"),
    ],
)
def test_undo_restores_what_nobody_changed_since(
    client: Client, field: str, first: Any, value: Any, touched: Any
) -> None:
    pia = client.person("pia@example.com", "packer").get("/api/me").json()["id"]
    people = {"me": {"user": client.get("/api/me").json()["id"]}, "pia": {"user": pia}}
    value, touched = (people.get(str(one), one) for one in (value, touched))
    made = [client.made("parcel", name=f"P{n}", **{field: first}) for n in range(3)]
    ids = [one["id"] for one in made]
    job = edited(client, "", field=field, value=value)
    assert job["result"]["changed"] == 3, job
    client.patch(f"/api/records/parcel/{ids[1]}", {"name": "Renamed"})  # another field
    assert client.patch(f"/api/records/parcel/{ids[2]}", {field: touched}).status == 200
    back = undone(client, job["id"])
    assert (back["result"]["restored"], back["result"]["kept"]) == (2, 1)
    assert back["result"]["reasons"][0]["title"] == "P2"
    assert "changed again since" in back["result"]["reasons"][0]["reason"]
    held = [client.get(f"/api/records/parcel/{id}").json()[field] for id in ids]
    assert held[0] == held[1] == made[0][field] and held[2] != held[0]
    assert edited(client, "search=P0", field=field, value=first)["result"]["unchanged"] == 1
    assert client.post(f"/api/jobs/{job['id']}/undo").status == 409


def test_a_person_changes_with_their_own_rights(client: Client, parcels: list[Any]) -> None:
    pia = client.person("pia@example.com", "packer")
    client.made("parcel", name="Hidden", depot="lost", weight="1")
    job = edited(pia, "", field="sealed", value=True)
    assert job["result"]["changed"] == MANY + 1  # what she may not see stays
    assert count(client, "sealed == true") == MANY + 1
    for field in ("price", "note", "nothing", "id", "created_at"):
        for path in (LIST, f"{LIST}/preview"):
            assert pia.post(path, {"field": field, "value": None}).status == 403, field
    # She may not move a record out of her sight.
    assert edited(pia, "", field="depot", value="lost")["result"]["changed"] == 0
    looker = client.person("lo@example.com", "looker")
    for path in (LIST, f"{LIST}/preview"):
        assert looker.post(path, {"field": "sealed", "value": False}).status == 403
    assert looker.post(f"/api/jobs/{job['id']}/undo").status == 404
    assert looker.get(f"/jobs/{job['id']}").status == 404
    key = {"key": job["id"], "ids": [parcels[0]["id"]]}
    assert client.post(LIST, {"field": "sealed", "value": False, **key}).status == 422
    # What was hidden since is not given back by her.
    client.patch(f"/api/records/parcel/{parcels[0]['id']}", {"depot": "lost"})
    back = undone(pia, job["id"])
    assert (back["result"]["restored"], back["result"]["kept"]) == (MANY, 1)
    assert "Parcel 0" not in str(back["result"])


def test_a_job_is_cancelled_goes_on_and_is_undone(client: Client, parcels: list[Any]) -> None:
    job = left(client, field="depot", value="south")
    engine, connection = client.app.engine, client.app.engine.database.connection()
    for _ in range(6):  # four to note the records, two that change them
        assert long_jobs.advance(engine, connection, job["id"])
    assert client.post(f"/api/jobs/{job['id']}/undo").status == 409  # it is still running
    assert client.post(f"/api/jobs/{job['id']}/cancel").status == 202
    stopped = done(client, job["id"])
    assert stopped["state"] == "cancelled" and stopped["result"]["changed"] == 40
    assert count(client, "depot == 'south'") == 41
    assert client.post(f"/api/jobs/{job['id']}/retry").status == 202
    assert done(client, job["id"])["result"]["changed"] == MANY
    assert undone(client, job["id"])["result"]["restored"] == MANY
    assert count(client, "depot == 'north'") == MANY


def test_a_cancelled_job_that_is_undone_stays_so(client: Client, parcels: list[Any]) -> None:
    job = left(client, field="depot", value="south")
    engine, connection = client.app.engine, client.app.engine.database.connection()
    for _ in range(5):
        assert long_jobs.advance(engine, connection, job["id"])
    client.post(f"/api/jobs/{job['id']}/cancel")
    done(client, job["id"])
    assert undone(client, job["id"])["result"]["restored"] == 20
    client.post(f"/api/jobs/{job['id']}/retry")
    again = done(client, job["id"])
    assert again["state"] == "failed" and "undone" in again["error"]
    assert count(client, "depot == 'north'") == MANY


def test_picked_records_and_repeated_calls(client: Client, parcels: list[Any]) -> None:
    ids = [one["id"] for one in parcels[:3]]
    key = "01a00000-0000-7000-8000-00000000000a"
    body = {"field": "depot", "value": "south", "ids": [*ids, ids[0]], "key": key}
    first, again = client.post(LIST, body), client.post(LIST, body)
    assert first.json()["result"]["changed"] == again.json()["result"]["changed"] == 3
    assert first.json()["id"] == again.json()["id"] == key
    gone = {"field": "depot", "value": "north", "ids": ["01a00000-0000-7000-8000-000000000000"]}
    assert client.post(LIST, gone).json()["result"]["refused"] == 1


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}),
        ("", {"field": "depot"}),
        ("", {"field": 7, "value": 1}),
        ("", {"field": "depot", "value": 1, "ids": "x"}),
        ("", {"field": "depot", "value": 1, "ids": []}),
        ("", {"field": "depot", "value": 1, "ids": ["x"]}),
        ("", {"field": "depot", "value": 1, "key": "x"}),
        ("", {"field": "depot", "value": 1, "more": 1}),
        ("as_of=2030-01-01", {"field": "depot", "value": "north"}),
    ],
)
def test_what_is_not_valid_is_refused_in_words(
    client: Client, query: str, body: dict[str, Any]
) -> None:
    reply = client.post(f"{LIST}?{query}", body, accept="application/json")
    assert reply.status in (400, 422) and reply.json()["detail"]


def test_a_filter_that_is_not_valid_changes_nothing(client: Client, parcels: list[Any]) -> None:
    body = {"field": "depot", "value": "south"}
    assert client.post(f"{LIST}/preview?where=depot=", body).status in (400, 422)
    reply = client.post(f"{LIST}?where=depot=", body)
    assert reply.status in (400, 422) or reply.json()["state"] == "failed"
    assert count(client, "depot == 'north'") == MANY


def test_a_unique_field_is_given_once(client: Client, parcels: list[Any]) -> None:
    result = edited(client, field="note", value="only one")["result"]
    assert (result["changed"], result["refused"]) == (1, MANY - 1)
