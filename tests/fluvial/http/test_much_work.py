"""A request that needs more work than it may do is refused, and says what helps."""

from __future__ import annotations

from functools import partial

import pytest

from fluvial.database.engine_tables import DATED
from fluvial.http import perform
from fluvial.runtime.engine import Engine
from metamodel.expressions.functions import FUNCTIONS
from metamodel.expressions.types import BOOLEAN, DATE, DATETIME, DURATION, MONEY, NUMBER, TEXT
from metamodel.expressions.work import MOST_PARTS, limited_work
from metamodel.storage import POSTGRESQL
from tests.app import Client, Documents
from tests.fuzz.fuzzed_world import THING, WORLD, settle

# Calls of functions that a database works out by itself, which the clock holds.
NATIVE = {"length", "contains", "coalesce", "empty", "mine", "today", "now", "exists", "count",
          "since", "reached", "times", "decide"}  # fmt: skip
OF_RULES = {"was", "changed", "increased", "decreased", "evaluate", "find_by"}
ARGUMENTS = {
    TEXT.name: "name",
    NUMBER.name: "amount",
    DATE.name: "due",
    DATETIME.name: "created_at",
    DURATION.name: "taken",
    MONEY.name: "price",
}
CALLS = {
    "matches": "matches(name, 'l.*')",
    "text": "text(amount) != null",
    "round": "round(amount, 1) >= 0",
    "money": "money(amount + 1, 'EUR') != null",
    "start_of": "start_of(due, 'month') != null",
    "end_of": "end_of(created_at, 'hour') != null",
    "working_time": "working_time(created_at, now()) != null",
    "add_working_time": "add_working_time(created_at, hours(4)) != null",
    "is_working": "is_working(created_at)",
    "spent": "spent(status, 'open', 'week') > hours(1)",
    "left": "left(job) != null",
    "find": "find(parts, size * 2 > 0, name).name != 'x'",
    "sum": "sum(parts, size * 2) >= 0",
    "avg": "avg(parts, size * 2) >= 0",
    "min": "min(parts, size * 2) >= 0",
    "max": "max(parts, size * 2) >= 0",
    "first": "first(parts, size * 2) >= 0",
    "last": "last(parts, lower(name)) == null",
    "list": "list(parts, name & '!') != null",
    "tiered": "tiered(amount, parts, 'look_up', size, size) == null",
    "months": "due + months(amount) != null",
    "years": "due + years(amount) != null",
    "segment_sum": "segment_sum(stays, size, 30, '1000-01-01', '2999-01-01', 'actual_month') > 0",
}
TIMED = {**THING, "timers": [
    {"name": "job", "starts": "created_at", "target": "hours(8)", "calendar": "'week'",
     "stops": {"states": ["shut"]}},
]}  # fmt: skip
PLENTY = [name for name in FUNCTIONS if name not in NATIVE | OF_RULES]


@pytest.fixture
def documents() -> Documents:
    return [*(TIMED if one["name"] == "thing" else one for one in WORLD)]


@pytest.fixture
def world(client: Client) -> Client:
    settle(client)
    for number in range(20):
        client.made("thing", name=f"low {number}", amount="1", due="2026-01-01", taken=60)
    return client


def call_of(name: str) -> str:
    if name in CALLS:
        return CALLS[name]
    signature = FUNCTIONS[name].signatures[0]
    given = ", ".join(ARGUMENTS[type.name] for type in signature.takes)
    return (
        f"{name}({given})" if signature.gives.name == BOOLEAN.name else f"{name}({given}) != null"
    )


def test_every_function_counts_and_is_refused_with_the_remedy(
    world: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = {name: world.get("/api/records/thing", where=call_of(name)) for name in PLENTY}
    assert {name: one.text for name, one in answered.items() if one.status != 200} == {}
    if engine.database.dialect == POSTGRESQL:
        return  # it works elsewhere, and is stopped by the clock
    monkeypatch.setattr(perform, "limited_work", partial(limited_work, 3))
    for name in PLENTY:
        reply = world.get("/api/records/thing", where=call_of(name))
        assert reply.status == 422, (name, reply.text)
        assert "Ask for fewer records" in reply.json()["detail"], name
    reply = world.post("/api/records/thing", {"name": "low", "amount": "5", "whole": 2})
    assert reply.status in (201, 422)
    monkeypatch.undo()
    assert world.get("/api/records/thing").status == 200


def test_an_unlimited_number_of_parts_of_a_period_is_refused(world: Client, engine: Engine) -> None:
    stay = world.rows("/api/records/stay")[0]["id"]
    reply = world.call("PATCH", f"/api/records/stay/{stay}?as_of=2030-01-01", {"size": "7"})
    assert reply.status == 200, reply.text
    spread(engine, MOST_PARTS + 5)
    where = "segment_sum(stays, size, 30, '2000-01-01', '{}-01-01', 'actual_period') > 0"
    assert world.get("/api/records/thing", where=where.format(2031)).status == 200
    reply = world.get("/api/records/thing", where=where.format(2999))
    assert reply.status == 422, reply.text
    assert "for a shorter period" in reply.json()["detail"]
    worth = {"kind": "pin", "name": "much", "object": "thing", "where": where.format(2999)}
    world.define(worth)
    home = world.get("/")
    assert home.status == 200
    assert "This cannot be shown." in home.text
    assert world.get("/api/pins/much").status == 422


def spread(engine: Engine, days: int) -> None:
    """Repeat the planned value of 2030 on as many days behind it."""
    postgresql = engine.database.dialect == POSTGRESQL
    connection = engine.database.connection()
    columns = [name for name in DATED.c.keys() if name not in ("id", "valid_from")]
    listed = ", ".join(f'd."{name}"' for name in columns)
    series = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})"
    id = "gen_random_uuid()" if postgresql else "lower(hex(randomblob(16)))"
    day = "d.valid_from + n::int" if postgresql else "date(d.valid_from, '+' || n || ' days')"
    names = ", ".join(f'"{name}"' for name in columns)
    day_2030 = "d.valid_from = '2030-01-01'"
    connection.script(
        f"INSERT INTO fluvial_dated (id, valid_from, {names}) {series.format(days)}"
        f" SELECT {id}, {day}, {listed} FROM fluvial_dated d, n WHERE {day_2030}"
    )
