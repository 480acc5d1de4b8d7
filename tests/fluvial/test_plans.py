"""The cost of a request: on its second call no compilation, and as many statements for any rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.records.reading.plan import plans_of
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
    return Meter(client.app.engine)


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
    assert one == many == (2, 0, 0)


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
    dialect = meter.engine.database.dialect
    created = meter.cost(lambda: reader.post("/api/records/member", body))
    updated = meter.cost(lambda: reader.patch(path, {"name": "z"}))
    # sign-in, look-up, row with what the rights say of it, history and event (one on PostgreSQL),
    # search; of a change the record as it was instead of the look-up
    assert created == ((5 if dialect == "postgresql" else 6), 0, 0)
    assert updated == ((5 if dialect == "postgresql" else 6), 0, 0)


def test_requests_never_execute_through_sqlalchemy(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("SQLAlchemy executes nothing")

    monkeypatch.setattr(sa.Connection, "execute", refuse)
    monkeypatch.setattr(sa.Engine, "connect", refuse)
    record = reader.rows("/api/records/member")[0]
    assert reader.patch(f"/api/records/member/{record['id']}", {"name": "z"}).status == 200
