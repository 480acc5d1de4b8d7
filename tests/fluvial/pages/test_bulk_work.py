"""Several fields at once, to the bin and back, and a button on all records of a list."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.runtime import long_jobs
from tests.app import Client, Documents, Reply

Json = dict[str, Any]

CRATE: Json = {
    "kind": "object", "name": "crate", "title": "{name}", "work": {"assignee": "porter"},
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "depot", "kind": "choice", "options": [{"name": "north"}, {"name": "south"}]},
        {"name": "weight", "kind": "number", "scale": 0, "max": 100},
        {"name": "state", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "shut"}]},
        {"name": "porter", "kind": "person", "accepts": ["user"]},
        {"name": "inside", "kind": "lookup", "to": "crate", "inverse": "crates"},
        {"name": "near", "kind": "lookup", "to": "crate", "on_delete": "clear"},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "secret", "kind": "text"},
    ],
    "states": {"field": "state", "transitions": [
        {"name": "shut", "from": ["open"], "to": "shut", "needs": ["weight"]}]},
}  # fmt: skip
STAMP: Json = {
    "kind": "rule", "name": "stamp",
    "on": {"object": "crate", "button": "Stamp", "when": "depot == 'north'",
           "message": "Only what is in the north is stamped."},
    "do": [{"update": {"set": {"secret": "'stamped'"}}}],
}  # fmt: skip
KEEPER: Json = {
    "kind": "role", "name": "keeper",
    "grants": [{"object": "crate", "can": ["read", "update"], "fields": {"secret": "none"}}],
}  # fmt: skip
BOSS: Json = {
    "kind": "role", "name": "boss",
    "grants": [{"object": "crate", "can": ["read", "update", "delete"],
                "where": "depot != 'south'"}],
}  # fmt: skip
CRATES, LIST = "/api/records/crate", "/o/crate/bulk"


@pytest.fixture
def documents() -> Documents:
    return [CRATE, STAMP, KEEPER, BOSS]


def made(client: Client, *bodies: Json) -> list[str]:
    reply = client.post(CRATES, list(bodies))
    assert reply.status == 201, reply.text
    return [one["id"] for one in reply.json()["data"]]


def over(client: Client, reply: Reply) -> Json:
    """The job of an answer, once it is over."""
    assert reply.status in (200, 202), reply.text
    engine, id = client.app.engine, reply.json()["id"]
    while long_jobs.advance(engine, engine.database.connection(), id):
        continue
    job: Json = client.get(f"/api/jobs/{id}").json()
    assert job["state"] == "done", job
    return job


def bulk(client: Client, query: str = "", **body: Any) -> Json:
    return over(client, client.post(f"{LIST}?{query}", body))


def undone(client: Client, job: Json) -> Json:
    back = over(client, client.post(f"/api/jobs/{job['id']}/undo"))
    result: Json = back["result"]
    return result


def names(client: Client) -> list[str]:
    return sorted(one["name"] for one in client.rows(CRATES))


def test_several_fields_are_set_together_and_undone_one_by_one(client: Client) -> None:
    a, b, c = made(client, *({"name": n, "depot": "north", "weight": "1"} for n in "abc"))
    values = {"depot": "south", "weight": "5"}
    told = client.post(f"{LIST}/preview", {"values": values}).json()
    assert told["sample"][0]["changes"] == [
        {"before": "North", "after": "South"}, {"before": "1", "after": "5"}
    ]  # fmt: skip
    job = bulk(client, values=values)
    assert (job["title"], job["result"]["changed"]) == ("Set Depot and Weight on crates", 3)
    client.patch(f"{CRATES}/{b}", {"weight": "6"})
    client.patch(f"{CRATES}/{c}", {"weight": "1", "depot": None})
    result = undone(client, job)
    assert (result["restored"], result["kept"]) == (1, 2)
    reasons = {one["title"]: one["reason"] for one in result["reasons"]}
    assert "so they stay: Weight" in reasons["b"] and "so it stays as it is" in reasons["c"]
    held = [(one["depot"], one["weight"]) for one in client.rows(CRATES, sort="name")]
    assert held == [("north", "1"), ("north", "6"), (None, "1")]


def test_one_value_that_is_refused_changes_none_of_a_record(client: Client) -> None:
    made(client, {"name": "a", "depot": "north"})
    result = bulk(client, values={"depot": "south", "weight": "500"})["result"]
    assert (result["changed"], result["refused"]) == (0, 1)
    assert client.rows(CRATES)[0]["depot"] == "north"
    keeper = client.person("k@example.com", "keeper")
    refused = keeper.post(LIST, {"values": {"depot": "south", "secret": "x"}})
    assert refused.status == 403 and "secret" in refused.text


def test_records_go_to_the_bin_in_one_go_and_come_back(client: Client) -> None:
    outer, near = made(client, {"name": "outer", "code": "A"}, {"name": "near"})
    inner = made(client, {"name": "inner", "inside": outer, "near": near})
    others = made(client, {"name": "other"})
    ids = [outer, near, *inner]
    told = client.post(f"{LIST}/preview", {"delete": True, "ids": ids}).json()
    assert (told["count"], told["refused"]) == (3, [])
    assert names(client) == ["inner", "near", "other", "outer"]
    # What is used by others that go as well is no obstacle, in whatever order they are.
    job = bulk(client, delete=True, ids=ids)
    assert (job["title"], job["result"]["deleted"]) == ("Move crates to the bin", 3), job
    assert names(client) == ["other"]
    assert undone(client, job) == {"restored": 3, "kept": 0, "reasons": []}
    assert client.get(f"{CRATES}/{inner[0]}").json()["inside"] == outer
    assert client.post(f"/api/jobs/{job['id']}/undo").status == 409
    assert client.get(f"{CRATES}/{others[0]}").status == 200


def test_what_is_in_use_stays_and_what_was_back_is_not_touched_again(client: Client) -> None:
    used, a, b, c = made(client, *({"name": n, "code": n} for n in ("used", "a", "b", "c")))
    made(client, {"name": "user", "inside": used})
    told = client.post(f"{LIST}/preview", {"delete": True, "ids": [used, a]}).json()
    assert [one["title"] for one in told["refused"]] == ["used"]
    job = bulk(client, delete=True, ids=[used, a, b, c])
    result = job["result"]
    assert (result["deleted"], result["refused"]) == (3, 1)
    assert "uses this crate" in result["reasons"][0]["reason"]
    client.post(f"{CRATES}/{a}/restore")
    client.post(f"{CRATES}/{b}/restore")
    client.delete(f"{CRATES}/{b}")
    client.made("crate", name="thief", code="c")
    back = undone(client, job)
    assert (back["restored"], back["kept"]) == (1, 2)
    assert names(client) == ["a", "thief", "used", "user"]
    reasons = " ".join(one["reason"] for one in back["reasons"])
    assert "changed again since" in reasons and "Code" in reasons


def test_only_who_may_delete_moves_to_the_bin(client: Client) -> None:
    north, south = made(client, {"name": "n", "depot": "north"}, {"name": "s", "depot": "south"})
    keeper, boss = client.person("k@example.com", "keeper"), client.person("b@example.com", "boss")
    for path in (LIST, f"{LIST}/preview"):
        assert keeper.post(path, {"delete": True}).status == 403
    result = bulk(boss, delete=True, ids=[north, south])["result"]
    assert (result["deleted"], result["refused"]) == (1, 1)
    assert result["reasons"][0]["title"] == "A record"
    job = bulk(boss, delete=True)
    assert job["result"]["deleted"] == 0 and names(client) == ["s"]
    assert client.get(f"/jobs/{job['id']}").status == 200
    assert keeper.post(f"/api/jobs/{job['id']}/undo").status == 404


def test_a_button_is_pressed_on_all_and_those_that_refuse_are_told(client: Client) -> None:
    ids = made(client, {"name": "n", "depot": "north"}, {"name": "s", "depot": "south"})
    told = client.post(f"{LIST}/preview", {"action": "stamp", "ids": ids}).json()
    assert told["count"] == 2
    assert told["refused"][0]["reason"] == "Only what is in the north is stamped."
    keeper = client.person("k@example.com", "keeper")
    job = bulk(keeper, action="stamp")
    assert job["title"] == "Stamp: crates"
    result = job["result"]
    assert (result["pressed"], result["refused"]) == (1, 1)
    assert result["reasons"][0]["reason"] == "Only what is in the north is stamped."
    assert client.get(f"{CRATES}/{ids[0]}").json()["secret"] == "stamped"
    assert client.post(f"/api/jobs/{job['id']}/undo").status == 409  # what it did may reach far
    for action in ("nothing", "shut2"):
        assert client.post(LIST, {"action": action}).status == 404


def test_a_transition_is_taken_by_all_that_can(client: Client) -> None:
    made(client, {"name": "a"}, {"name": "b", "weight": "2"}, {"name": "c", "state": "shut"})
    result = bulk(client, action="shut")["result"]
    assert (result["pressed"], result["refused"]) == (1, 2)
    assert bulk(client, "search=a", action="shut", answers={"weight": "3"})["result"]["pressed"]
    assert client.rows(CRATES, where="state == 'shut'", sort="name")[0]["weight"] == "3"


def test_the_same_key_is_the_same_work(client: Client) -> None:
    (one,) = made(client, {"name": "a", "depot": "north"})
    key = "01a00000-0000-7000-8000-00000000000b"
    bulk(client, values={"depot": "south"}, key=key, ids=[one])
    assert bulk(client, values={"depot": "south"}, key=key, ids=[one])["result"]["changed"] == 1
    for body in ({"values": {"depot": None}}, {"delete": True}, {"values": {"depot": "south"}}):
        reply = client.post(LIST, {**body, "key": key})
        assert reply.status == 422 and "other work" in reply.text
    assert names(client) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        {"values": {}},
        {"values": []},
        {"values": {"depot": "north"}, "delete": True},
        {"delete": False},
        {"action": 7},
        {"action": "stamp", "answers": []},
        {"values": {f"f{n}": 1 for n in range(30)}},
    ],
)
def test_what_is_asked_in_part_is_refused_in_words(client: Client, body: Json) -> None:
    reply = client.post(LIST, body, accept="application/json")
    assert reply.status == 422 and reply.json()["detail"]


def test_who_did_the_work_sees_how_far_somebody_else_takes_it_back(client: Client) -> None:
    """An administrator undoes it; what that tells of records is not for everybody's eyes."""
    made(client, *({"name": n, "depot": "north"} for n in "ab"))
    boss = client.person("b@example.com", "boss")
    keeper = client.person("k@example.com", "keeper")
    job = bulk(boss, values={"weight": "7"})
    client.patch(f"{CRATES}/{client.rows(CRATES)[0]['id']}", {"weight": "8", "depot": "south"})
    back = over(client, client.post(f"/api/jobs/{job['id']}/undo"))
    assert (back["result"]["restored"], back["result"]["kept"]) == (1, 1)
    assert back["result"]["reasons"]
    seen = boss.get(f"/api/jobs/{back['id']}").json()
    assert seen["result"] == {"restored": 1, "kept": 1}
    assert boss.get(f"/jobs/{back['id']}").status == 200
    assert boss.post(f"/api/jobs/{job['id']}/undo").status == 409
    for who in (keeper, client.person("b2@example.com", "boss")):
        assert who.get(f"/api/jobs/{back['id']}").status == 404
        assert who.post(f"/api/jobs/{back['id']}/retry").status == 404
