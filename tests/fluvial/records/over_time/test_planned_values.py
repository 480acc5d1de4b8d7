"""Dated fields: their values hold from a day on, and every read may ask for another day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from fluvial.database.connection import BusyError, Connection, UniqueError
from fluvial.events import apply_planned
from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Documents, OpenEngine
from tests.fluvial.library import BRANCH, MEMBER

SHELF: dict[str, Any] = {
    "kind": "object",
    "name": "shelf",
    "label": "Shelf",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "note", "kind": "text", "dated": True, "max_length": 20},
        {"name": "room", "kind": "number", "scale": 0, "min": 0, "max": 100, "dated": True},
        {"name": "rent", "kind": "money", "currency": "EUR", "dated": True},
        {"name": "fee", "kind": "money", "dated": True},
        {"name": "open", "kind": "boolean", "dated": True},
        {"name": "checked", "kind": "date", "dated": True},
        {"name": "opened_at", "kind": "datetime", "dated": True},
        {"name": "walk", "kind": "duration", "dated": True},
        {"name": "state", "kind": "choice", "dated": True,
         "options": [{"name": "full"}, {"name": "free"}]},
        {"name": "topics", "kind": "multi_choice", "dated": True,
         "options": [{"name": "crime"}, {"name": "poems"}]},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "shelves", "dated": True},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"], "dated": True},
        {"name": "source", "kind": "any_lookup", "to": ["member", "branch"], "dated": True},
        {"name": "double", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "room * 2"},
    ],
    "checks": [
        {"name": "rent_per_room", "expect": "rent >= room", "message": "Rooms cost more."},
    ],
}  # fmt: skip
PLACE: dict[str, Any] = {
    "kind": "object",
    "name": "place",
    "label": "Place",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "places"},
    ],
}
ROOMS: dict[str, Any] = {
    "kind": "object",
    "name": "branch",
    "fields": [
        {"name": "rooms", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "sum(shelves, room)"},
        {"name": "free", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "count(shelves, state == 'free')"},
    ],
}  # fmt: skip
SHELVES = "/api/records/shelf"


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-10T09:00:00Z", zone="Europe/Berlin")


@pytest.fixture
def documents() -> Documents:
    branch = {**BRANCH, "fields": [*BRANCH["fields"], *ROOMS["fields"]]}
    return [branch, MEMBER | {"fields": MEMBER["fields"][:-1]}, SHELF, PLACE]


@pytest.fixture
def client(engine: Engine) -> Client:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    return client


def later(engine: Engine, **by: Any) -> Client:
    """The same person, some time later; what was due has been done."""
    engine.clock._shift += timedelta(**by)
    while run_pending(engine):
        pass
    return Client(build_app(engine)).signed_in(EMAIL, PASSWORD)


def on(client: Client, path: str, day: str, *fields: str) -> list[Any]:
    record = client.get(path, as_of=day).json()
    return [record[name] for name in fields]


def test_every_kind_has_the_value_of_the_day(client: Client, engine: Engine) -> None:
    north, south = (client.made("branch", name=name)["id"] for name in ("North", "South"))
    me = client.get("/api/me").json()["id"]
    first = {
        "note": "old", "room": "40", "rent": {"amount": "99.50", "currency": "EUR"},
        "fee": {"amount": "5.00", "currency": "USD"}, "open": True, "checked": "2026-01-02",
        "opened_at": "2026-01-02T10:00:00Z", "walk": 90, "state": "full", "topics": ["crime"],
        "branch": north, "keeper": {"user": me}, "source": {"object": "branch", "id": north},
    }  # fmt: skip
    then = {
        "note": "new 'q' \"t\"", "room": "50",
        "rent": {"amount": "120.00", "currency": "EUR"},
        "fee": {"amount": "700.00", "currency": "CHF"}, "open": False, "checked": None,
        "opened_at": "2026-06-16T10:00:00.5Z", "walk": 120, "state": "free",
        "topics": ["crime", "poems"], "branch": south, "keeper": None,
        "source": {"object": "branch", "id": south},
    }  # fmt: skip
    shelf = client.made("shelf", name="S", **first)
    path = f"{SHELVES}/{shelf['id']}"
    empty = client.made("shelf", name="Empty")
    reply = client.call("PATCH", f"{path}?as_of=2026-06-16", then)
    assert reply.status == 200, reply.text
    planned = {name: reply.json()[name] for name in then}
    assert planned == then and reply.json()["double"] == "100"
    assert reply.headers["etag"] == '"2"'
    for day, values in (("2026-06-15", first), ("2026-06-16", then), ("2030-01-01", then)):
        record = client.get(path, as_of=day).json()
        assert {name: record[name] for name in values} == values, day
        (row,) = client.rows(SHELVES, as_of=day, name="S")
        assert row == record
    now = client.get(path).json()
    assert {name: now[name] for name in first} == first and now["double"] == "80"
    assert {s["name"] for s in client.rows(SHELVES, as_of="2026-06-16")} == {"S", "Empty"}
    assert client.get(f"{SHELVES}/{empty['id']}", as_of="2026-06-16").json()["topics"] == []
    later(engine, days=6)
    now = client.get(path).json()
    assert {name: now[name] for name in then} == then and now["rev"] == 3
    record = client.get(path, as_of="2026-06-15").json()
    assert {name: record[name] for name in first} == first


def test_as_of_reaches_every_read(client: Client) -> None:
    north, south = (client.made("branch", name=name)["id"] for name in ("North", "South"))
    shelf = client.made("shelf", name="A", room=10, state="full", branch=north)["id"]
    client.made("shelf", name="B", room=20, state="free", branch=north)
    client.made("place", name="P", shelf=shelf)
    day = {"as_of": "2026-07-01"}
    reply = client.call(
        "PATCH",
        f"{SHELVES}/{shelf}?as_of=2026-07-01",
        {"room": 30, "state": "free", "branch": south},
    )
    assert reply.status == 200, reply.text

    def names(**query: str) -> list[str]:
        return [row["name"] for row in client.rows(SHELVES, **query)]

    assert names(where="room > 25") == [] and names(where="room > 25", **day) == ["A"]
    assert names(room="30") == [] and names(room="30", **day) == ["A"]
    assert names(where="branch.name == 'South'", **day) == ["A"]
    assert names(sort="room", **day) == ["B", "A"] and names(sort="-double") == ["B", "A"]
    assert names(sort="-double", **day) == ["A", "B"]
    assert names(where="double == 60", **day) == ["A"]
    (first,) = client.rows(SHELVES, sort="room", limit="1", fields="name,branch.name", **day)
    assert first["branch"]["name"] == "North"
    page = client.get(SHELVES, sort="room", limit="1", **day).json()
    assert [r["name"] for r in client.rows(SHELVES, sort="room", cursor=page["next"], **day)] == [
        "A"
    ]
    places = "/api/records/place"
    fields = "shelf.room,shelf.branch.name"
    (place,) = client.rows(places, fields=fields, **day)
    assert (place["shelf"]["room"], place["shelf"]["branch"]["name"]) == ("30", "South")
    assert client.rows(places, where="shelf.room == 30") == []
    assert len(client.rows(places, where="shelf.room == 30 and shelf.state == 'free'", **day)) == 1
    branches = "/api/records/branch"
    assert [(b["name"], b["rooms"], b["free"]) for b in client.rows(branches, sort="name")] == [
        ("North", "30", "1"), ("South", "0", "0"),
    ]  # fmt: skip
    assert [(b["rooms"], b["free"]) for b in client.rows(branches, sort="name", **day)] == [
        ("20", "1"), ("30", "1"),
    ]  # fmt: skip
    assert [
        b["name"] for b in client.rows(branches, where="exists(shelves, room == 30)", **day)
    ] == ["South"]
    summary = client.rows(f"{SHELVES}/summary", group="state", measure="count,sum(room)", **day)
    assert summary == [{"state": "free", "count": 2, "sum(room)": "50"}]
    grouped = client.rows(f"{SHELVES}/summary", group="branch.name", measure="sum(double)", **day)
    assert {g["branch"]["name"]: g["sum(double)"] for g in grouped} == {
        "North": "40",
        "South": "60",
    }
    exported = client.get(f"{SHELVES}/export", format="csv", fields="name,room", sort="name", **day)
    assert exported.text.splitlines()[1:] == ["A,30", "B,20"]
    assert names(search="A", **day) == ["A"]
    titles_and_words(client, north, shelf)
    for wrong in ("?as_of=soon", "?as_of="):
        assert client.call("PATCH", f"{SHELVES}/{shelf}{wrong}", {"room": 1}).status == 400


def titles_and_words(client: Client, north: str, shelf: str) -> None:
    """Titles and the words of a search are those of the day, also behind look-ups."""
    place = {"title": "{name} on {shelf}", "label": "Place", "plural": "Places"}
    fields = [*SHELF["fields"][:1], {**SHELF["fields"][1], "searchable": True}]
    titled = {"title": "{name}: {note} {branch} ({room})", "checks": [], "fields": fields}
    titled["fields"] += SHELF["fields"][2:]
    client.define(SHELF | titled, PLACE | place)
    (other,) = client.rows(SHELVES, where="name == 'B'")
    assert client.patch(f"{SHELVES}/{other['id']}", {"room": 20, "open": True}).status == 200
    path = f"{SHELVES}/{shelf}"
    assert client.patch(path, {"note": "Old cöver"}).json()["title"] == "A: Old cöver North (10)"
    client.made("place", name="Q", shelf=shelf)
    reply = client.call("PATCH", f"{path}?as_of=2026-08-01", {"note": "Blue", "room": 31})
    assert reply.json()["title"] == "A: Blue South (31)"
    seen = {
        day: (
            client.get(path, as_of=day).json()["title"],
            client.rows("/api/records/place", where="name == 'Q'", as_of=day)[0]["title"],
            client.rows("/api/records/place", fields="shelf.title", as_of=day, sort="-id")[0][
                "shelf"
            ]["title"],
        )
        for day in ("2026-06-09", "2026-06-10", "2026-07-01", "2026-08-01")
    }
    titles = [
        "A: North (10)", "A: Old cöver North (10)", "A: Old cöver South (30)", "A: Blue South (31)",
    ]  # fmt: skip
    assert seen == {
        day: (title, f"Q on {title}", title) for day, title in zip(seen, titles, strict=True)
    }

    def found(search: str, day: str, who: Client = client) -> list[str]:
        return [row["name"] for row in who.rows(SHELVES, search=search, as_of=day)]

    days = ("2026-06-09", "2026-06-10", "2026-08-01")
    assert [found("cover old", day) for day in days] == [[], ["A"], []]
    assert [found("blue", day) for day in days] == [[], [], ["A"]]
    assert [found("nor", day) for day in days] == [["A", "B"], ["A", "B"], ["B"]]
    assert [found("A south blue", day) for day in days] == [[], [], ["A"]]
    grants = [
        {"object": "shelf", "can": ["read"], "fields": {"name": "none"}},
        {"object": "branch", "can": ["read"]},
    ]
    client.define({"kind": "role", "name": "passer", "grants": grants})
    passer = client.person("passer@example.com", "passer")
    assert len(passer.rows(SHELVES, search="blue", as_of="2026-08-01")) == 1
    assert passer.rows(SHELVES, search="old", as_of="2026-08-01") == []
    reasons = client.get(f"/api/records/branch/{north}/why", field="rooms", as_of="2026-08-01")
    assert reasons.json()["value"] == "20"
    rows = client.get(f"/api/records/branch/{north}/why", field="rooms", as_of="2026-06-09").json()
    assert [row["title"] for row in rows["collections"][0]["rows"]] == [
        "A: North (10)",
        "B: North (20)",
    ]
    history = client.rows(f"{path}/history", as_of="2026-06-09")
    assert history == [] and len(client.rows(f"{path}/history", as_of="2026-06-10")) == 4


def test_a_planned_change_is_made_on_its_day_and_once(client: Client, engine: Engine) -> None:
    shelf = client.made("shelf", name="A", room=40)["id"]
    path = f"{SHELVES}/{shelf}"
    for day, room in (("2026-06-16", 50), ("2026-06-20", 60), ("2026-08-01", 70)):
        assert client.call("PATCH", f"{path}?as_of={day}", {"room": room}).status == 200
    plans = client.rows(f"{path}/planned")
    assert [(p["field"], p["from"], p["until"], p["value"]) for p in plans] == [
        ("room", "2026-06-16", "2026-06-20", "50"),
        ("room", "2026-06-20", "2026-08-01", "60"),
        ("room", "2026-08-01", None, "70"),
    ]
    assert client.delete(f"{path}/planned/{plans[2]['id']}").status == 204
    assert client.delete(f"{path}/planned/{plans[2]['id']}").status == 404
    assert on(client, path, "2026-09-01", "room") == ["60"]
    engine.clock._shift += timedelta(days=5, hours=12, minutes=59)  # 23:59 in Berlin
    run_pending(engine)
    assert client.get(path).json()["room"] == "40"
    later(engine, minutes=2)
    assert client.get(path).json()["room"] == "50"
    # Nothing ran for a week: what was missed is caught up with, and a second worker adds nothing.
    later(engine, days=7)
    before = client.get(path).json()
    assert before["room"] == "60"
    later(engine, days=1)
    assert client.get(path).json()["rev"] == before["rev"]
    entries = client.rows(f"{path}/history")
    told = [(e["event"], e.get("as_of"), e["changes"].get("room")) for e in reversed(entries)]
    assert told == [
        ("created", None, [None, "40"]),
        ("planned", "2026-06-16", ["40", "50"]),
        ("planned", "2026-06-20", ["50", "60"]),
        ("planned", "2026-08-01", ["60", "70"]),
        ("withdrawn", "2026-08-01", ["70", None]),
        ("updated", None, ["40", "50"]),
        ("updated", None, ["50", "60"]),
    ]
    me = client.get("/api/me").json()["id"]
    assert {e["by"]["user"] for e in entries} == {me}
    assert client.rows(f"{path}/planned") == []
    spans = client.rows(f"{path}/planned", past="true")
    assert [(s["from"], s["until"], s["value"]) for s in spans] == [
        (None, "2026-06-16", "40"),
        ("2026-06-16", "2026-06-20", "50"),
        ("2026-06-20", None, "60"),
    ]


def test_values_of_days_that_have_passed(client: Client, engine: Engine) -> None:
    shelf = client.made("shelf", name="A", room=40)["id"]
    path = f"{SHELVES}/{shelf}"
    assert client.patch(path, {"room": 45}).status == 200  # from today on
    assert client.call("PATCH", f"{path}?as_of=2026-03-01", {"room": 20}).status == 200
    days = ("2026-02-28", "2026-03-01", "2026-06-09", "2026-06-10", "2027-01-01")
    assert [on(client, path, day, "room")[0] for day in days] == ["40", "20", "20", "45", "45"]
    assert client.get(path).json()["room"] == "45"
    # Where nothing was recorded for a later day, the record of today changes with it.
    reply = client.call("PATCH", f"{path}?as_of=2026-01-01", {"state": "free"})
    assert reply.status == 200 and client.get(path).json()["state"] == "free"
    assert on(client, path, "2025-12-31", "state") == [None]
    assert [e["event"] for e in client.rows(f"{path}/history")] == [
        "updated", "recorded", "updated", "created",
    ]  # fmt: skip
    # The bin keeps plans waiting; what came meanwhile holds when the record is back.
    assert client.call("PATCH", f"{path}?as_of=2026-06-16", {"room": 50}).status == 200
    assert client.delete(path).status == 204
    client = later(engine, days=10)
    assert client.post(f"{path}/restore").json()["room"] == "50"
    assert on(client, path, "2026-06-15", "room") == ["45"]
    client.define(SHELF | {"title": "{name} {note}"})
    noted = f"{SHELVES}/{client.made('shelf', name='B', note='old')['id']}"
    assert client.call("PATCH", f"{noted}?as_of=2026-06-25", {"note": "new"}).status == 200
    assert client.delete(noted).status == 204
    client = later(engine, days=10)
    assert client.post(f"{noted}/restore").json()["title"] == "B new"
    assert [r["id"] for r in client.rows(SHELVES, search="new")] == [noted.rpartition("/")[2]]


def test_what_is_planned_has_to_be_right(client: Client, engine: Engine) -> None:
    north = client.made("branch", name="North")["id"]
    rent = {"amount": "60.00", "currency": "EUR"}
    shelf = client.made("shelf", name="A", room=40, rent=rent, branch=north)["id"]
    path = f"{SHELVES}/{shelf}"
    plan = f"{path}?as_of=2026-06-16"

    def code(body: dict[str, Any]) -> tuple[int, str]:
        reply = client.call("PATCH", plan, body)
        return reply.status, reply.json()["errors"][0]["code"]

    assert code({"room": 101})[0] == 422
    assert code({"name": "B"}) == (422, "not_dated")
    assert code({"branch": shelf}) == (422, "unknown_record")
    assert code({"room": 61}) == (422, "rent_per_room")
    assert code({"nothing": 1}) == (422, "unknown_field")
    assert client.call("PATCH", plan, {"rent": None}).status == 200
    assert client.call("PATCH", plan, {"room": 61}).status == 200  # nothing to compare with then
    stale = client.call("PATCH", plan, {"room": 62, "rev": 1})
    assert stale.status == 409 and stale.json()["theirs"] == {"room": "61"}
    # A check of the day itself: the plan is refused then, and who made it is told.
    limit = {"name": "few", "expect": "room <= 55", "message": "The fire brigade allows 55."}
    client.define(SHELF | {"checks": [limit]})
    client = later(engine, days=7)
    assert client.get(path).json()["room"] == "40"
    assert on(client, path, "2026-07-01", "room") == ["40"]
    told = client.rows("/api/notifications")
    assert told[0]["title"] == "Planned for 2026-06-16, but failed: A"
    assert told[0]["body"] == "The fire brigade allows 55."
    failed = [p for p in client.rows(f"{path}/planned") if p["error"]]
    assert {p["field"] for p in failed} == {"room", "rent"}
    assert [client.delete(f"{path}/planned/{p['id']}").status for p in failed] == [204, 204]
    assert client.rows(f"{path}/planned") == []


def test_plans_ask_for_rights(client: Client) -> None:
    group = client.made("group", name="G")["id"]
    north, south = (
        client.made("branch", name="N", group=group)["id"],
        client.made("branch", name="S"),
    )
    grants = [
        {"object": "branch", "can": ["read"]},
        {"object": "shelf", "can": ["read", "update"], "where": "branch.group in me.groups",
         "fields": {"rent": "none", "note": "read"}},
    ]  # fmt: skip
    client.define({"kind": "role", "name": "shelver", "grants": grants})
    shelf = client.made("shelf", name="A", room=40, branch=north)["id"]
    path = f"{SHELVES}/{shelf}"
    plan = f"{path}?as_of=2026-06-16"
    rent = {"amount": "100", "currency": "EUR"}
    assert client.call("PATCH", plan, {"note": "n", "rent": rent}).status == 200
    shelver = client.person("shelver@example.com", "shelver", groups=[group])
    assert shelver.call("PATCH", plan, {"room": 50}).status == 200
    assert (
        shelver.call("PATCH", plan, {"rent": None}).json()["errors"][0]["code"] == "unknown_field"
    )
    assert shelver.call("PATCH", plan, {"note": "x"}).json()["errors"][0]["code"] == "read_only"
    assert shelver.call("PATCH", plan, {"branch": south["id"]}).status == 403
    plans = {p["field"]: p["id"] for p in shelver.rows(f"{path}/planned")}
    assert plans.keys() == {"room", "note"}
    assert shelver.delete(f"{path}/planned/{plans['note']}").status == 403
    # Permissions go by the day that is read: the shelf will be another branch's.
    assert client.call("PATCH", plan, {"branch": south["id"]}).status == 200
    assert shelver.get(path).status == 200
    assert shelver.get(path, as_of="2026-06-16").status == 404


STAY: dict[str, Any] = {
    "kind": "object",
    "name": "stay",
    "title": "{name}",
    "dated": {"from": "starts", "until": "ends", "per": ["shelf", "keeper", "level"]},
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "stays"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "level", "kind": "text"},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
    ],
}
SHIFT: dict[str, Any] = {
    "kind": "object",
    "name": "shift",
    "title": "{name}",
    "dated": {"from": "starts", "until": "ends", "per": ["name"]},
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "starts", "kind": "datetime", "required": True},
        {"name": "ends", "kind": "datetime"},
    ],
}


def test_no_two_periods_overlap_whoever_writes(client: Client, open_engine: OpenEngine) -> None:
    client.define(STAY, SHIFT)
    other = Client(build_app(open_engine())).signed_in(EMAIL, PASSWORD)
    me = client.get("/api/me").json()["id"]
    shelf = client.made("shelf", name="A")["id"]
    path = "/api/records/stay"
    key = {"shelf": shelf, "keeper": {"user": me}, "level": "high"}

    def take(at: int) -> tuple[int, Any]:
        who = (client, other)[at % 2]
        body = {**key, "starts": f"2026-01-{at + 1:02}", "ends": "2026-03-01"}
        return who.post(path, body).status, body["starts"]

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(status for status, _ in pool.map(take, range(8)))
    assert statuses == [201] + [422] * 7
    (held,) = client.rows(path)
    # The next may begin on the day on which this one ends, and another key at any time.
    after = client.made("stay", **key, starts="2026-03-01")
    client.made("stay", **(key | {"level": "low"}), starts="2026-01-01")
    client.made("stay", **(key | {"keeper": None}), starts="2026-01-01")
    for _ in range(2):  # what has no shelf at all is not compared
        client.made("stay", level="low", starts="2026-01-01")
    early = client.patch(f"{path}/{after['id']}", {"starts": "2026-02-28"})
    message = early.json()["errors"][0]["message"]
    assert f"from {held['starts']}, last day 2026-02-28." in message
    # A binned record is not in the way, and cannot come back where another one is by then.
    assert client.delete(f"{path}/{held['id']}").status == 204
    assert client.patch(f"{path}/{after['id']}", {"starts": "2026-01-01"}).status == 200
    assert client.post(f"{path}/{held['id']}/restore").status == 409
    connection = client.app.engine.database.connect()
    if connection.dialect == "postgresql":
        rest = _rest(connection)
        twice = f"INSERT INTO stay (id, {rest}) SELECT gen_random_uuid(), {rest} FROM stay "
        with pytest.raises(UniqueError, match="ex_stay__period"):
            connection.script(f"{twice} WHERE id = '{after['id']}'")
    connection.close()
    client.made("shift", name="Ann", starts="2026-06-10T08:00:00Z", ends="2026-06-10T12:00:00Z")
    client.made("shift", name="Ann", starts="2026-06-10T12:00:00Z")
    late = {"name": "Ann", "starts": "2026-06-11T12:00:00Z"}
    assert client.post("/api/records/shift", late).json()["errors"][0]["code"] == "overlap"
    shifts = "/api/records/shift"
    assert len(client.rows(shifts, as_of="2026-06-10T11:59:59Z")) == 1
    assert client.rows(shifts, as_of="2026-06-10T12:00:00Z", fields="starts")[0]["starts"] == (
        "2026-06-10T12:00:00Z"
    )
    assert len(client.rows(shifts, as_of="2026-06-10T07:59:00Z")) == 0


def _rest(connection: Connection) -> str:
    columns = connection.query(
        "SELECT quote_ident(column_name) FROM information_schema.columns "
        "WHERE table_name = 'stay' AND column_name <> 'id' ORDER BY ordinal_position"
    )
    return ", ".join(name for (name,) in columns)


def test_an_object_becomes_dated_where_its_records_allow_it(client: Client) -> None:
    plain = {name: value for name, value in STAY.items() if name != "dated"}
    dated = STAY | {"dated": STAY["dated"] | {"per": ["shelf", "level"]}}
    stays = "/api/records/stay"
    client.define(plain)
    key = {"shelf": client.made("shelf", name="A")["id"], "level": "x"}
    first = client.made("stay", **key, starts="2026-01-01", ends="2026-02-01")
    client.made("stay", **key, starts="2026-01-15")
    reply = client.post("/api/meta/changes", {"documents": [dated]})
    assert reply.status == 409 and "in effect at the same time" in reply.json()["detail"]
    assert client.patch(f"{stays}/{first['id']}", {"ends": "2026-01-15"}).status == 200
    client.define(dated)
    body = {**key, "starts": "2026-05-01"}
    assert client.post(stays, body).json()["errors"][0]["code"] == "overlap"
    client.define(STAY | {"dated": STAY["dated"] | {"per": ["shelf", "level", "name"]}})
    client.made("stay", name="n", **body)


def test_boards_and_pins_of_a_day(client: Client) -> None:
    shelf = client.made("shelf", name="A", room=10, state="full")["id"]
    client.made("shelf", name="B", room=20, state="full")
    client.define(
        {"kind": "board", "name": "shelves", "object": "shelf", "columns": {"by": "state"},
         "card": {"title": "name", "fields": ["room"]}, "totals": ["sum(room)"]},
        {"kind": "pin", "name": "free", "object": "shelf", "where": "state == 'free'",
         "measure": "sum(room)"},
    )  # fmt: skip
    body = {"room": 30, "state": "free"}
    assert client.call("PATCH", f"{SHELVES}/{shelf}?as_of=2026-07-01", body).status == 200
    board = client.get("/api/boards/shelves", as_of="2026-07-01").json()
    shown = {c["value"]: [r["room"] for r in c["records"]] for c in board["columns"]}
    assert shown == {"full": ["20"], "free": ["30"]}
    assert [c["totals"]["sum(room)"] for c in board["columns"]] == ["20", "30"]
    assert client.get("/api/boards/shelves").json()["columns"][0]["count"] == 2
    pin = client.get("/api/pins/free", as_of="2026-07-01").json()
    assert pin["value"] == "30" and len(client.rows(pin["href"])) == 1
    assert client.get("/api/pins/free").json()["value"] == "0"


def test_several_workers_and_a_crash_make_each_change_once(
    client: Client, engine: Engine, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [client.made("shelf", name=f"S {n}", room=n)["id"] for n in range(12)]
    changes = [{"id": one, "room": 50} for one in ids]
    for change in changes:
        path = f"{SHELVES}/{change.pop('id')}?as_of=2026-06-16"
        assert client.call("PATCH", path, change).status == 200
    other = open_engine()
    engine.clock._shift += timedelta(days=6)
    other.clock = engine.clock
    passes = iter(range(1000))

    def die(_: str) -> None:
        if next(passes) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(apply_planned, "point", die)
        with pytest.raises(KeyboardInterrupt):
            apply_planned.run(engine)
    assert {row["room"] for row in client.rows(SHELVES)} == {str(n) for n in range(12)}

    def work(mine: Engine) -> None:
        for _ in range(50):
            with suppress(BusyError):
                if not apply_planned.run(mine):
                    return
        raise AssertionError("it finds no end")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (engine, other)))
    assert {row["room"] for row in client.rows(SHELVES)} == {"50"}
    for one in ids:
        events = [e["event"] for e in client.rows(f"{SHELVES}/{one}/history")]
        assert events == ["updated", "planned", "created"]
