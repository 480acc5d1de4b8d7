"""Killed workers and runs at once: each draw is posted once, and no source is drained twice."""

from __future__ import annotations

from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.ledger_doctor import findings
from tests.fluvial.processes import Product, products
from tests.ledger.pool import DOCUMENTS, Pool, gbp, pool, product
from tests.waiting import until

__all__ = ["pool", "product", "products"]

Json = dict[str, Any]
POINTS = ("ledger_entries:1", "ledger_posted:2")
MEMBERS = 25


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_walk_that_is_killed_goes_on_and_draws_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, products: list[Product], database: str
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    # A Redis that is named but away: the web process leaves the work to workers.
    made = Product(tmp_path, url, {"redis_url": "redis://127.0.0.1:1/0"})
    products.append(made)
    made.serve()
    client = made.client()
    assert client.post("/api/meta/changes", json={"documents": [*DOCUMENTS]}).status_code == 200

    def all_of(name: str, rows: list[Json]) -> list[Json]:
        reply = client.post(f"/api/records/{name}", json=rows)
        assert reply.status_code in (200, 201), reply.text
        listed: list[Json] = client.get(f"/api/records/{name}?limit=500").json()["data"]
        return listed

    members = all_of("member", [{"name": "M", "overage": gbp("10.00")} for _ in range(MEMBERS)])
    all_of("card", [{"member": one["id"], "bought": "2", "price": gbp("20.00")} for one in members])
    visit = {"day": "2026-06-01", "hours": "1.5"}
    all_of("visit", [{"member": one["id"], **visit} for one in members for _ in range(2)])
    headers = {"prefer": "respond-async"}
    body = {"until": "2026-06-01"}
    run = client.post("/api/ledgers/hours/runs", json=body, headers=headers).json()
    for point in POINTS:
        assert made.start("worker", FLUVIAL_FAULT_AT=point).killed(), point
    made.start("worker")

    def found() -> Json:
        told: Json = client.get(f"/api/ledgers/hours/runs/{run['id']}").json()
        return told

    until(lambda: found()["state"] == "done")
    assert found()["amounts"] == ["50", gbp("250.00")]
    draws = client.get("/api/records/draw?limit=500").json()["data"]
    assert sorted(one["hours"] for one in draws) == ["0.50"] * MEMBERS + ["1.50"] * MEMBERS
    assert len({(one["card"], one["visit"]) for one in draws}) == len(draws)


def test_two_runs_at_once_draw_each_hour_once(pool: Pool) -> None:
    member = pool.member()
    card = pool.card(member, "5", "2026-01-01", "2026-12-31")
    for _ in range(8):
        pool.visit(member, "2026-06-01", "1")
    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(lambda _: pool.run(member), range(2)))
    assert sum(run["entries"] for run in runs) == 8
    assert pool.left(card) == "0.00"
    assert sum(Decimal(one) for one in pool.extras(member)) == 330


def test_the_doctor_finds_what_is_drawn_wrong_and_not_marked(pool: Pool) -> None:
    engine = pool.client.app.engine

    def told() -> list[str]:
        options = Namespace(ledger=True, repair=False)
        return engine.database.call(lambda: [*findings(engine, options)])

    member = pool.member()
    pool.card(member, "5", "2026-01-01", "2026-12-31")
    visit = pool.visit(member, "2026-06-01", "1")
    pool.client.post("/api/ledgers/hours/runs", {"until": "2026-12-31"})
    assert told() == []
    pool.client.patch(f"/api/records/visit/{visit}", {"hours": "2"})
    assert told() == []  # it is marked
    clear = "UPDATE fluvial_ledger_mark SET marked = false"
    engine.database.call(lambda: engine.database.connection().script(clear))
    (finding,) = told()
    assert member in finding and "not marked" in finding
