"""Killed workers and runs at once: each key is posted once, and none half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fluvial.processes import Product, products
from tests.ledger.club import DOCUMENTS, Club, club, gbp, product
from tests.waiting import until

__all__ = ["club", "product", "products"]

Json = dict[str, Any]
POINTS = ("ledger_entries:1", "ledger_posted:2", "in_long_job:1")
PLANS = 40


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_run_that_is_killed_goes_on_and_posts_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, products: list[Product], database: str
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    # A Redis that is named but away: the web process leaves the work to workers.
    made = Product(tmp_path, url, {"redis_url": "redis://127.0.0.1:1/0"})
    products.append(made)
    made.serve()
    client = made.client()
    assert client.post("/api/meta/changes", json={"documents": [*DOCUMENTS]}).status_code == 200
    plans = [
        {"name": str(at), "starts": "2026-06-01", "price": gbp("10.00"), "quantity": "1"}
        for at in range(PLANS)
    ]
    assert client.post("/api/records/plan", json=plans).status_code in (200, 201)
    headers = {"prefer": "respond-async"}
    body = {"until": "2026-06-01"}
    run = client.post("/api/ledgers/fees/runs", json=body, headers=headers).json()
    for point in POINTS:
        assert made.start("worker", FLUVIAL_FAULT_AT=point).killed(), point
    made.start("worker")

    def found() -> Json:
        told: Json = client.get(f"/api/ledgers/fees/runs/{run['id']}").json()
        return told

    until(lambda: found()["state"] == "done")
    assert (found()["entries"], found()["amounts"]) == (PLANS, [gbp("400.00")])
    charges = client.get("/api/records/charge?limit=500").json()["data"]
    assert len({one["plan"] for one in charges}) == len(charges) == PLANS
    slips = client.get("/api/records/slip?limit=500").json()["data"]
    assert len({one["charge"] for one in slips}) == len(slips) == PLANS


def test_two_runs_at_once_post_each_key_once(club: Club) -> None:
    plans = [club.plan(starts="2026-06-01", quantity="1") for _ in range(PLANS)]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: club.run("2026-06-01", where=None), range(2)))
    assert sum(run["entries"] for run in runs) == PLANS
    assert {club.sum_of(plan) for plan in plans} == {"50.00"}


def test_a_call_that_is_sent_again_gets_the_same_run(club: Club) -> None:
    club.plan(starts="2026-06-01", quantity="1")
    body = {"until": "2026-06-01", "where": f"id == '{club.plans[0]}'"}
    sent = [
        club.client.call("POST", "/api/ledgers/fees/runs", body, headers={"idempotency-key": "k"})
        for _ in range(2)
    ]
    assert sent[0].json()["id"] == sent[1].json()["id"]
    assert len(club.charges(club.plans[0])) == 1
