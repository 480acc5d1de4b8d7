"""Batches: in as few statements as one record, and as if each had been written on its own."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from fluvial.records.drafts.draft import Draft
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents, OpenEngine
from tests.fluvial.library import LIBRARY
from tests.fluvial.records.reading.test_plan import Meter

Json = dict[str, Any]

# A bit of everything that a write leaves behind.
PERSON: Json = {
    "kind": "object",
    "name": "sailor",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "boss", "kind": "lookup", "to": "sailor", "inverse": "crew"},
    ],
}
SHIP: Json = {
    "kind": "object",
    "name": "ship",
    "title": "{number} {captain} {port}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "S-{0000}", "gap_free": True},
        {"name": "free", "kind": "sequence", "pattern": "F-{0000}"},
        {"name": "code", "kind": "text", "unique": True, "searchable": True},
        {"name": "captain", "kind": "lookup", "to": "sailor", "inverse": "ships",
         "where": "name != null", "pull": {"harbour": "name"}},
        {"name": "port", "kind": "lookup", "to": "port", "inverse": "ships"},
        {"name": "crew", "kind": "multi_lookup", "to": "sailor", "inverse": "sails",
         "link_fields": [{"name": "job", "kind": "text"}]},
        {"name": "mates", "kind": "multi_lookup", "to": "sailor", "inverse": "mated",
         "dated": True},
        {"name": "harbour", "kind": "text"},
        {"name": "load", "kind": "number", "scale": 0, "dated": True},
        {"name": "due", "kind": "date"},
        {"name": "twice", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "load * 2"},
        {"name": "chief", "kind": "calculated", "result": "text",
         "formula": "captain.boss.name"},
    ],
}  # fmt: skip
PORT: Json = {
    "kind": "object",
    "name": "port",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "freight", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "sum(ships, load)"},
    ],
}  # fmt: skip
DUE: Json = {
    "kind": "rule",
    "name": "due",
    "on": {"object": "ship", "date": "due", "offset": "-1d", "at": "09:00"},
    "do": [{"update": {"set": {"harbour": "'due'"}}}],
}
NAMED: Json = {
    "kind": "rule",
    "name": "named",
    "on": {"object": "ship", "event": ["created", "updated"]},
    "phase": "before_save",
    "when": "captain.boss.name == 'Nobody'",
    "do": [{"refuse": {"message": "Not he."}}],
}


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """With one thread, so that one connection sees every statement."""
    return open_engine(threads="1")


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def meter(client: Client) -> Meter:
    return Meter(client.app.engine)


def _ok(reply: Any) -> list[Json]:
    assert reply.status in (200, 201), reply.text
    data: list[Json] = reply.json()["data"]
    return data


class Fleet:
    """Ships that differ in all they look up."""

    def __init__(self, client: Client) -> None:
        client.define(PERSON, PORT, SHIP, DUE, NAMED)
        self.client = client
        bosses = _ok(client.post("/api/records/sailor", [{"name": f"b{i}"} for i in range(20)]))
        sailors = [{"name": f"s{i}", "boss": bosses[i % 20]["id"]} for i in range(60)]
        self.sailors = [s["id"] for s in _ok(client.post("/api/records/sailor", sailors))]
        ports = _ok(client.post("/api/records/port", [{"name": f"p{i}"} for i in range(30)]))
        self.ports = [port["id"] for port in ports]
        self.made = 0

    def body(self, at: int) -> Json:
        one, other = self.sailors[at % 60], self.sailors[(at + 7) % 60]
        self.made += 1
        return {
            "code": f"c{self.made}",
            "captain": one,
            "port": self.ports[at % 30],
            "crew": [{"id": one, "job": "cook"}, {"id": other}],
            "mates": [{"id": other, "from": "2026-01-01"}],
            "load": str(at),
            "due": "2030-01-01",
        }

    def create(self, count: int) -> list[Json]:
        return _ok(self.client.post("/api/records/ship", [self.body(at) for at in range(count)]))

    def change(self, ships: list[Json]) -> list[Json]:
        bodies = [
            {**self.body(at + 3), "id": ship["id"], "rev": ship["rev"]}
            for at, ship in enumerate(ships)
        ]
        return _ok(self.client.patch("/api/records/ship", bodies))


def test_a_batch_costs_as_many_statements_for_any_number_of_records(
    client: Client, meter: Meter
) -> None:
    fleet = Fleet(client)
    few, many = fleet.create(5), fleet.create(200)
    fleet.change(few)
    fleet.change(many)
    few, many = fleet.create(5), fleet.create(200)

    def costs(write: Callable[[int], Any]) -> tuple[int, int]:
        return meter.cost(lambda: write(5))[0], meter.cost(lambda: write(200))[0]

    created = costs(fleet.create)
    updated = costs(lambda count: fleet.change(few if count == 5 else many))
    assert created[1] <= created[0] + 2, created
    assert updated[1] <= updated[0] + 2, updated
    assert max(*created, *updated) < 60, (created, updated)


def test_a_batch_leaves_no_drafts_to_the_collector_of_garbage(client: Client) -> None:
    fleet = Fleet(client)
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        gc.collect()
        fleet.change(fleet.create(5))
        assert [one for one in gc.get_objects() if isinstance(one, Draft)] == []
    finally:
        gc.set_threshold(*thresholds)


def test_a_batch_is_as_if_each_had_been_written_on_its_own(client: Client) -> None:
    fleet = Fleet(client)
    ships = fleet.create(12)
    assert [ship["number"] for ship in ships] == [f"S-{at:04d}" for at in range(1, 13)]
    assert [ship["free"] for ship in ships] == [f"F-{at:04d}" for at in range(1, 13)]
    changed = fleet.change(ships)
    alone = client.made("ship", **fleet.body(0))
    assert alone["number"] == "S-0013"
    for at, ship in enumerate(changed):
        path = f"/api/records/ship/{ship['id']}"
        assert client.get(path).json() == ship
        captain = client.get(f"/api/records/sailor/{ship['captain']}").json()
        boss = client.get(f"/api/records/sailor/{captain['boss']}").json()
        assert (ship["rev"], ship["chief"], ship["harbour"]) == (2, boss["name"], captain["name"])
        port = client.get(f"/api/records/port/{ship['port']}").json()
        assert ship["title"] == f"{ship['number']} {captain['name']} {port['name']}"
        assert ship["twice"] == str(2 * int(ship["load"])) == str(2 * (at + 3))
        assert ship["crew"][0] == {"id": ship["captain"], "job": "cook"}
        assert [one["id"] for one in client.rows(f"/api/records/ship?search={ship['code']}")] == [
            ship["id"]
        ]
        old, new = client.rows(f"{path}/history")[::-1]
        assert (old["event"], new["event"]) == ("created", "updated")
        assert new["changes"]["load"] == [str(at), str(at + 3)]
        before = client.get(path, as_of="2026-02-01").json()
        assert (before["load"], before["twice"]) == (str(at), str(2 * at))
    loads: dict[str, int] = {}
    for ship in client.rows("/api/records/ship?limit=100"):
        loads[ship["port"]] = loads.get(ship["port"], 0) + int(ship["load"])
    for port, load in loads.items():
        assert client.get(f"/api/records/port/{port}").json()["freight"] == str(load)


def test_what_one_change_of_a_batch_writes_the_next_one_sees(client: Client) -> None:
    client.define(PERSON | {"title": "{name} of {boss}"})
    ann, ben = (client.made("sailor", name=name) for name in ("Ann", "Ben"))
    changes = [{"id": ben["id"], "boss": ann["id"]}, {"id": ann["id"], "name": "Anna", "rev": 1}]
    done = _ok(client.patch("/api/records/sailor", changes))
    assert [one["rev"] for one in done] == [2, 2]
    titles = [row["title"] for row in client.rows("/api/records/sailor", sort="name")]
    assert titles == ["Anna of", "Ben of Anna of"]


def test_keys_that_a_batch_hands_on_are_free(client: Client) -> None:
    names = [one["id"] for one in _ok(client.post("/api/records/branch", [
        {"name": "a"}, {"name": "b"}, {"name": "c"},
    ]))]  # fmt: skip
    moved = [{"id": one, "name": name} for one, name in zip(names, "xab", strict=True)]
    assert [one["name"] for one in _ok(client.patch("/api/records/branch", moved))] == [*"xab"]
    turned = [{"id": one, "name": name} for one, name in zip(names, "yxb", strict=True)]
    turned[2]["name"] = "y"
    refused = client.patch("/api/records/branch", turned)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/2/name"]


def test_a_batch_tells_what_is_the_matter_with_each(client: Client) -> None:
    book, *others = (client.made("book", name=name) for name in ("One", "Two", "Three"))
    nobody = "01890000-0000-7000-8000-000000000000"
    changes = [
        {"id": book["id"], "pages": "no"},
        {"id": nobody, "pages": "1"},
        {"pages": "1"},
        {"id": others[0]["id"], "branch": nobody},
        {"id": others[1]["id"], "rev": "2"},
        7,
        {"id": book["id"]},
    ]
    refused = client.patch("/api/records/book", changes)
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [
        ("/0/pages", "not_a_number"),
        ("/1/id", "unknown_record"),
        ("/2/id", "required"),
        ("/3/branch", "unknown_record"),
        ("/4/rev", "not_a_number"),
        ("/5", "not_an_object"),
        ("/6/id", "named_twice"),
    ]
    assert client.get(f"/api/records/book/{book['id']}").json() == book


def test_a_batch_that_rights_do_not_cover_is_undone(client: Client) -> None:
    groups = [client.made("group", name=name)["id"] for name in "ab"]
    ours, theirs = (client.made("branch", name=group, group=group)["id"] for group in groups)
    clerk = client.person("clerk@example.com", "clerk", groups=groups[:1])
    bodies = [{"name": "x", "branch": ours}, {"name": "y", "branch": theirs}]
    assert clerk.post("/api/records/member", bodies).status == 403
    assert client.rows("/api/records/member") == []
    made = _ok(clerk.post("/api/records/member", bodies[:1] * 2))
    assert "secret" not in made[0] and clerk.rows("/api/records/member") == made
    away = [{"id": made[0]["id"], "name": "z"}, {"id": made[1]["id"], "branch": None}]
    assert clerk.patch("/api/records/member", away).status == 403
    assert clerk.rows("/api/records/member") == made
    hidden = client.made("member", name="h", branch=theirs)
    unseen = clerk.patch("/api/records/member", [{"id": hidden["id"], "name": "n"}])
    assert unseen.json()["errors"][0]["pointer"] == "/0/id"
    book = client.made("book", name="One", branch=ours)["id"]
    assert clerk.post("/api/records/book", [{"name": "Two"}]).status == 403
    assert _ok(clerk.patch("/api/records/book", [{"id": book, "name": "Two"}]))[0]["name"] == "Two"


def test_periods_of_a_batch_are_held_against_each_other(client: Client) -> None:
    book = client.made("book", name="One")["id"]

    def place(starts: int, ends: int | None, shelf: str = "A") -> Json:
        end = None if ends is None else f"2026-{ends:02d}-01"
        return {"book": book, "shelf": shelf, "starts": f"2026-{starts:02d}-01", "ends": end}

    path = "/api/records/shelf_place"
    refused = client.post(path, [place(1, 3), place(2, 4), place(4, 6), place(5, None)])
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/1/starts", "/3/starts"]
    first, second = _ok(client.post(path, [place(1, 3), place(3, 6)]))
    moved = [{"id": first["id"], **place(6, 9)}, {"id": second["id"], **place(1, 6)}]
    done = _ok(client.patch(path, moved))
    assert [one["starts"] for one in done] == ["2026-06-01", "2026-01-01"]
    met = client.patch(path, [{"id": second["id"], "ends": "2026-07-01"}])
    assert met.json()["errors"][0]["pointer"] == "/0/starts"
