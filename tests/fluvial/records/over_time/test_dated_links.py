"""Dated links: a many-look-up whose links hold from a day on until another one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"kind": "object", "name": "reader", "title": "{name}",
     "fields": [{"name": "name", "kind": "text"}, {"name": "age", "kind": "number", "scale": 0},
                {"name": "rounds", "kind": "calculated", "result": "number", "scale": 0,
                 "formula": "count(circles)"}]},
    {"kind": "object", "name": "circle", "title": "{name}",
     "fields": [{"name": "name", "kind": "text"},
                {"name": "members", "kind": "multi_lookup", "to": "reader", "inverse": "circles",
                 "dated": True},
                {"name": "size", "kind": "calculated", "result": "number", "scale": 0,
                 "formula": "count(members)"},
                {"name": "ages", "kind": "calculated", "result": "number", "scale": 0,
                 "formula": "sum(members, age)"}]},
)  # fmt: skip
CIRCLES = "/api/records/circle"


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-10T09:00:00Z")


@pytest.fixture
def client(engine: Engine) -> Client:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(*DOCUMENTS)
    return client


def test_links_hold_from_day_to_day(client: Client, engine: Engine) -> None:
    ann, bob, cyd = (
        client.made("reader", name=name, age=age)["id"]
        for name, age in (("Ann", 30), ("Bob", 40), ("Cyd", 50))
    )
    names = {ann: "Ann", bob: "Bob", cyd: "Cyd"}
    ends = {"id": bob, "from": "2026-01-01", "until": "2026-06-16"}
    begins = {"id": cyd, "from": "2026-06-16"}
    circle = client.made("circle", name="Crime", members=[ann, ends, begins])
    path = f"{CIRCLES}/{circle['id']}"
    other = client.made("circle", name="Poems", members=[ann])["id"]
    assert circle["members"] == [ann, bob] and circle["size"] == "2"

    def members(day: str | None = None) -> str:
        query = {"as_of": day} if day else {}
        record = client.get(path, **query).json()
        (listed,) = client.rows(CIRCLES, name="Crime", **query)
        assert listed == record
        ages = {ann: 30, bob: 40, cyd: 50}
        assert record["size"] == str(len(record["members"]))
        assert record["ages"] == str(sum(ages[one] for one in record["members"]))
        return " ".join(names[one] for one in record["members"])

    days = ("2025-12-31", "2026-01-01", "2026-06-15", "2026-06-16", "2030-01-01")
    assert [members(day) for day in days] == ["Ann", "Ann Bob", "Ann Bob", "Ann Cyd", "Ann Cyd"]
    assert members() == "Ann Bob"
    later = {"as_of": "2026-06-16"}
    readers = "/api/records/reader"

    def found(path: str, **query: str) -> list[str]:
        return [row["name"] for row in client.rows(path, sort="name", **query)]

    assert found(readers, where="exists(circles, name == 'Crime')") == ["Ann", "Bob"]
    assert found(readers, where="exists(circles, name == 'Crime')", **later) == ["Ann", "Cyd"]
    assert found(CIRCLES, members=cyd) == [] and found(CIRCLES, members=cyd, **later) == ["Crime"]
    assert found(CIRCLES, where="count(members) == 1", **later) == ["Poems"]
    rounds = {r["name"]: r["rounds"] for r in client.rows(readers, **later)}
    assert rounds == {"Ann": "2", "Bob": "0", "Cyd": "1"}
    links = [(names[k["id"]], k["from"], k["until"]) for k in client.rows(f"{path}/links/members")]
    assert links == [
        ("Ann", None, None), ("Bob", "2026-01-01", "2026-06-16"), ("Cyd", "2026-06-16", None),
    ]  # fmt: skip
    # On its day the change is made, as any other.
    engine.clock._shift += timedelta(days=6)
    while run_pending(engine):
        pass
    assert members() == "Ann Cyd"
    (entry,) = (e for e in client.rows(f"{path}/history") if e["event"] == "updated")
    assert entry["changes"]["members"] == [[ann, bob], [ann, cyd]]
    # Plain ids: what is not named ends today, what is new begins today. Also from another day on.
    assert client.patch(path, {"members": [cyd, bob]}).json()["members"] == [cyd, bob]
    assert members("2026-06-15") == "Ann Bob" and members("2026-06-17") == "Cyd Bob"
    assert client.call("PATCH", f"{path}?as_of=2026-07-01", {"members": [ann]}).status == 200
    assert [members(day) for day in ("2026-06-30", "2026-07-01")] == ["Cyd Bob", "Ann"]
    (plan,) = client.rows(f"{path}/planned")
    assert (plan["from"], plan["value"]) == ("2026-07-01", [ann])
    assert client.delete(f"{path}/planned/{plan['id']}").status == 204
    # Days in the list say all that holds from today on, and mend what they name before it.
    mended = [{"id": bob, "from": "2026-02-01", "until": "2026-09-01"}]
    assert client.patch(path, {"members": mended}).json()["members"] == [bob]
    mended_days = (
        "2026-01-15",
        "2026-02-01",
        "2026-06-15",
        "2026-06-16",
        "2026-08-31",
        "2026-09-01",
    )
    found_days = [members(day) for day in mended_days]
    assert found_days == ["Ann", "Ann Bob", "Ann Bob", "Bob", "Bob", ""]
    assert client.get(f"{CIRCLES}/{other}", **later).json()["members"] == [ann]
    assert client.delete(f"/api/records/reader/{bob}").status == 204
    assert client.get(path).json()["members"] == []


def test_days_of_links_have_to_be_right(client: Client) -> None:
    ann = client.made("reader", name="Ann")["id"]
    circle = client.made("circle", name="Crime")["id"]
    path = f"{CIRCLES}/{circle}"
    wrong: list[tuple[list[Any], str]] = [
        ([{"id": ann, "from": "2026-06-16", "until": "2026-06-16"}], "ends_before_start"),
        ([{"from": "2026-06-16"}], "not_a_link"),
        ([{"id": ann, "to": "2026-06-16"}], "not_a_link"),
        ([{"id": ann, "until": "2026-07-01"}, {"id": ann, "from": "2026-06-30"}], "overlap"),
        ([{"id": ann, "from": "soon"}], "not_a_date"),
        ([{"id": circle, "from": "2027-01-01"}], "unknown_record"),
    ]
    for links, code in wrong:
        reply = client.patch(path, {"members": links})
        assert (reply.status, reply.json()["errors"][0]["code"]) == (422, code), links
    twice = [{"id": ann, "until": "2026-07-01"}, {"id": ann, "from": "2026-08-01"}]
    assert client.patch(path, {"members": twice}).status == 200
    on = {day: len(client.get(path, as_of=day).json()["members"])
          for day in ("2026-06-30", "2026-07-01", "2026-08-01")}  # fmt: skip
    assert on == {"2026-06-30": 1, "2026-07-01": 0, "2026-08-01": 1}
    both = client.call("PATCH", f"{path}?as_of=2026-12-01", {"members": twice})
    assert both.json()["errors"][0]["code"] == "two_days"
    assert client.get(f"{path}/links/name").status == 404
