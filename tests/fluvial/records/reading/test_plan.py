"""The cost of a request: on its second call no compilation, and as many statements for any rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.kernel.bounded_cache import BoundedCache
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents, OpenEngine
from tests.fluvial.library import LIBRARY


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """With one thread, so that one connection sees every statement."""
    return open_engine(threads="1")


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def reader(client: Client) -> Client:
    """A clerk with a token, who sees some of the members."""
    groups = [client.made("group", name=name)["id"] for name in ("a", "b")]
    branches = [client.made("branch", name=g, group=g)["id"] for g in groups]
    members = [{"name": f"m{i}", "branch": branches[i % 2]} for i in range(40)]
    client.post("/api/records/member", members)
    clerk = client.person("clerk@example.com", "clerk", groups=groups[:1])
    token = clerk.post("/api/tokens", {"name": "test"}).json()["token"]
    return Client(client.app, {"authorization": f"Bearer {token}"})


class Meter:
    """Counts what one call costs: statements, compilations and plans that were made."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read(self) -> tuple[int, int, int]:
        def look() -> tuple[int, int, int]:
            connection = self.engine.database.connection()
            catalog = self.engine.catalogs.current(connection)
            return connection.statements, Compiled.compilations, plans_of(catalog).misses

        return self.engine.database.call(look)

    def cost(self, call: Callable[[], Any]) -> tuple[int, int, int]:
        before = self.read()
        call()
        after = self.read()
        statements, compilations, misses = (b - a for a, b in zip(before, after, strict=True))
        return statements - 1, compilations, misses  # one is of the meter itself


@pytest.fixture
def meter(client: Client) -> Meter:
    engine = client.app.engine
    plans_of(engine.catalogs.current(engine.database.connection())).clear()  # of tests before
    return Meter(engine)


@pytest.mark.parametrize(
    "query",
    [
        "limit={}",
        "limit={}&sort=name&fields=name,branch.name,open_loans",
        "limit={}&where=branch.name%20!=%20null&search=m",
        "limit={}&sort=-joined,name&joined=",
    ],
)
def test_lists_cost_the_same_for_any_number_of_rows(
    reader: Client, meter: Meter, query: str
) -> None:
    def ask(limit: int) -> Callable[[], Any]:
        return lambda: reader.rows(f"/api/records/member?{query.format(limit)}")

    ask(1)()
    one = meter.cost(ask(1))
    many = meter.cost(ask(20))
    assert one == many == (2 + ("search" in query), 0, 0)  # one asks how common the words are


CONDITIONS = [
    ("name == 'm1'", 'name == "m2"'),
    ("joined >= '2026-01-01' and name != 'x'", "joined >= '2020-02-29' and name != 'Ünal'"),
    ("name in ['m1', 'm2', 'm3']", "name in ['m1', 'm2', 'm3', 'm4']"),
    ("branch.name == 'a' and open_loans < 5", "branch.name == 'b' and open_loans < 7"),
    ("joined < today() - days(7)", "joined < today() - days(30)"),
    ("contains(name, 'm') or joined == null", "contains(name, 'x') or joined == null"),
    ("created_at > '2026-01-01T08:00:00Z'", "created_at > '2026-01-02T08:30:00+02:00'"),
]


@pytest.mark.parametrize(("asked", "again"), CONDITIONS)
@pytest.mark.parametrize("sort", ["name", "-created_at"])
def test_other_values_of_a_condition_compile_nothing(
    reader: Client, meter: Meter, asked: str, again: str, sort: str
) -> None:
    def ask(where: str) -> Callable[[], Any]:
        return lambda: reader.get("/api/records/member", where=where, sort=sort, total="exact")

    ask(asked)()
    assert meter.cost(ask(again)) == (3, 0, 0)
    there = reader.get("/api/records/member", where=again, sort=sort, total="exact").json()
    engine = reader.app.engine
    connection = engine.database.call(engine.database.connection)
    plans_of(engine.catalogs.current(connection)).clear()
    assert reader.get("/api/records/member", where=again, sort=sort, total="exact").json() == there


def test_a_page_looks_up_what_permits_its_rows_and_a_count_collects_it(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an EXISTS in an OR, PostgreSQL collects all that may be seen before it reads a row."""
    seen: list[str] = []
    made = Compiled.__init__

    def noted(self: Compiled, *args: Any, **more: Any) -> None:
        made(self, *args, **more)
        seen.append(self.sql)

    monkeypatch.setattr(Compiled, "__init__", noted)
    query = {"sort": "-created_at", "fields": "name"}
    page = reader.get("/api/records/member", **query, total="exact").json()
    assert len(page["data"]) == page["total"] == 20
    listed = [sql for sql in seen if "member" in sql and "branch" in sql]
    assert [("JOIN branch" in sql, "EXISTS" in sql) for sql in listed] == [
        (True, False),
        (False, True),
    ]


def test_values_that_do_not_fit_are_told_as_ever(reader: Client) -> None:
    def told(where: str) -> Any:
        answer = reader.get("/api/records/member", where=where)
        return answer.status, answer.json().get("errors")

    for good, bad in (
        ("joined > '2026-01-01'", "joined > '2026-02-30'"),
        ("open_loans > 5", "open_loans > 12345678901234567890123456789012345"),
        ("matches(name, 'm.*')", "matches(name, '(')"),
        ("branch == '00000000-0000-7000-8000-000000000000'", "branch == 'x'"),
    ):
        before = told(bad)
        assert told(good)[0] == 200
        assert told(bad) == before and before[0] in (400, 422), bad


def test_a_flood_of_new_lists_leaves_those_in_use(
    reader: Client, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = reader.app.engine
    connection = engine.database.call(engine.database.connection)
    cache = plans_of(engine.catalogs.current(connection))
    monkeypatch.setattr(cache, "_plans", BoundedCache(20, 10))
    query = "/api/records/member?sort=name"
    for _ in range(3):
        reader.rows(query)
    names = ["name", "joined", "branch", "email", "created_at", "updated_at", "title"]
    for one, other in itertools.permutations(names, 2):
        reader.rows(f"/api/records/member?sort={one},-{other}")
    assert meter.cost(lambda: reader.rows(query)) == (2, 0, 0)


def test_one_record_costs_two_statements(reader: Client, meter: Meter) -> None:
    record = reader.rows("/api/records/member?limit=1")[0]["id"]
    reader.get(f"/api/records/member/{record}")
    assert meter.cost(lambda: reader.get(f"/api/records/member/{record}")) == (2, 0, 0)


def test_writes_cost_a_fixed_number_of_statements(reader: Client, meter: Meter) -> None:
    first = reader.rows("/api/records/member?limit=1")[0]
    path = f"/api/records/member/{first['id']}"
    body = {"name": "x", "branch": first["branch"]}
    reader.post("/api/records/member", body)
    reader.patch(path, {"name": "y"})
    created = meter.cost(lambda: reader.post("/api/records/member", body))
    updated = meter.cost(lambda: reader.patch(path, {"name": "z"}))
    # sign-in, look-up, row with what the rights say of it, history (no rule waits for an event),
    # search; of a change the record as it was instead of the look-up
    assert created == (5, 0, 0)
    assert updated == (5, 0, 0)


def test_requests_never_execute_through_sqlalchemy(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("SQLAlchemy executes nothing")

    monkeypatch.setattr(sa.Connection, "execute", refuse)
    monkeypatch.setattr(sa.Engine, "connect", refuse)
    record = reader.rows("/api/records/member")[0]
    assert reader.patch(f"/api/records/member/{record['id']}", {"name": "z"}).status == 200
