"""How often something may be tried: one count for all processes, exact to the second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from fluvial.database.rate_limits import Rate, forget, hit, limited
from fluvial.http.app import build_app
from fluvial.kernel.problems import TooMany
from tests.app import EMAIL, Client, OpenEngine

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_two_processes_count_together(open_engine: OpenEngine) -> None:
    one, two = open_engine(), open_engine()
    rate = Rate.read("3/minute")

    def tried(engine: object, seconds: int, key: str = "a") -> int:
        now = NOON + timedelta(seconds=seconds)
        database = engine.database  # type: ignore[attr-defined]
        return int(database.call(lambda: hit(database.connection(), now, rate, "door", key)))

    assert [tried(engine, at) for at, engine in enumerate((one, two, one))] == [0, 0, 0]
    assert [tried(two, 3), tried(one, 59), tried(one, 3, "b")] == [57, 1, 0]
    assert [tried(one, 60), tried(two, 61)] == [0, 0]
    with pytest.raises(TooMany) as refused:
        for _ in range(4):
            one.database.call(
                lambda: limited(one.database.connection(), NOON, rate, "Too often.", "c")
            )
    assert refused.value.headers == {"Retry-After": "60"}
    # Tries at the same time: as many get through as may.
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda at: tried((one, two)[at % 2], 0, "d"), range(8)))
    assert found.count(0) == 3
    one.database.call(lambda: forget(one.database.connection(), NOON + timedelta(days=3)))
    assert tried(one, 3, "c") == 0


def test_signing_in_is_limited_for_all_processes(open_engine: OpenEngine) -> None:
    doors = [Client(build_app(open_engine(now="2026-06-15T12:00:00Z"))) for _ in range(2)]
    body = {"email": EMAIL, "password": "wrong password"}
    found = [doors[at % 2].post("/api/login", body) for at in range(22)]
    assert [reply.status for reply in found] == [401] * 20 + [429] * 2
    assert 0 < int(found[-1].headers["retry-after"]) <= 60
    assert doors[0].post("/api/login", {**body, "email": "other@example.com"}).status == 401
