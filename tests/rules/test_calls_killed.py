"""Workers that are killed between any two steps of a run: nothing is lost, nothing doubled."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from fluvial.database.database import Database
from tests.fluvial.processes import Product, products
from tests.rules.calls import said
from tests.rules.house import LETTER, LOAN, MEMBER, rule
from tests.waiting import until
from tests.webhooks import WebhookSink

__all__ = ["products"]

ASK = rule(
    "ask",
    {"object": "loan", "event": "created"},
    {"create": "letter", "set": {"name": "'before ' & name"}},
    {"call": {"to": "desk", "body": {"name": "name"},
              "then": {"update": {"set": {"level": "coalesce(level, 0) + number(answer.count)"}}}}},
    {"wait": {"until": "status == 'returned'"}},
    {"create": "letter", "set": {"name": "'after ' & name"}},
)  # fmt: skip
FIRST = ("in_event", "before_effect", "after_effect", "in_answer", "in_run")
SECOND = ("run_taken", "in_run", "after_run")


class Desk:
    """An installation whose workers are processes of their own."""

    def __init__(self, product: Product, sink: WebhookSink) -> None:
        self.product = product
        product.serve()
        self.client = product.client()
        desk = {"kind": "endpoint", "name": "desk", "url": f"{sink.url}/desk"}
        documents = [MEMBER, LOAN, LETTER, desk, ASK]
        reply = self.client.post("/api/meta/changes", json={"documents": documents})
        assert reply.status_code == 200, reply.text

    def lend(self, name: str) -> None:
        reply = self.client.post("/api/records/loan", json={"name": name})
        assert reply.status_code == 201, reply.text

    def give_back(self, loan: str) -> None:
        body = {"status": "returned"}
        assert self.client.patch(f"/api/records/loan/{loan}", json=body).status_code == 200

    def rows(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(path).json()["data"]
        return found

    def outcomes(self) -> Counter[str]:
        """How the runs stand: `condition` where they have come to the wait."""
        runs = self.rows("/api/rules/ask/runs")
        return Counter((run["waiting"] or {"for": run["outcome"]})["for"] for run in runs)

    def die_at(self, point: str) -> Any:
        return self.product.start("worker", FLUVIAL_FAULT_AT=f"{point}:1")

    def end_leases(self) -> None:
        connection = Database(self.product.environ["FLUVIAL_DATABASE_URL"]).connect()
        for table in ("outbox", "effect", "waiting_run"):
            connection.script(
                f"UPDATE fluvial_{table} SET leased_until = '2020-01-01T00:00:00.000000Z' "
                "WHERE lease IS NOT NULL"
            )
        connection.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_between_any_two_steps(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    webhook_sink: WebhookSink,
    products: list[Product],
    database: str,
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    allow = f"127.0.0.1:{webhook_sink.port}"
    # A Redis that is named but away: the web process leaves the work to workers.
    settings = {"outbound_allow": allow, "redis_url": "redis://127.0.0.1:1/0"}
    products.append(Product(tmp_path, url, settings))
    here = Desk(products[0], webhook_sink)
    webhook_sink.replies.extend([said({"count": 1})] * 30)
    for point in FIRST:
        doomed = here.die_at(point)
        here.lend(point)
        assert doomed.killed(), point
        here.end_leases()
    worker = here.product.start("worker")
    until(lambda: here.outcomes() == {"condition": len(FIRST)})
    assert worker.stop() == 0
    loans = here.rows("/api/records/loan")
    assert {loan["level"] for loan in loans} == {"1"}, "each answer counts once"
    for point, loan in zip(SECOND, loans, strict=False):
        doomed = here.die_at(point)
        here.give_back(loan["id"])
        assert doomed.killed(), point
        here.end_leases()
    for loan in loans[len(SECOND) :]:
        here.give_back(loan["id"])
    here.product.start("worker")
    until(lambda: here.outcomes() == {"done": len(FIRST)})
    letters = Counter(letter["name"] for letter in here.rows("/api/records/letter?limit=100"))
    wanted = [f"{when} {name}" for when in ("before", "after") for name in FIRST]
    assert letters == Counter(wanted)
    keys = defaultdict(set)
    for call in webhook_sink.deliveries:
        body: Any = call.json()
        keys[body["name"]].add((call.headers["idempotency-key"], call.body))
    assert sorted(keys) == sorted(FIRST)
    assert all(len(of_one) == 1 for of_one in keys.values()), "repeated with the same key and bytes"
    assert len(webhook_sink.deliveries) >= len(FIRST) + 2, "two answers were lost"
    assert httpx.get(f"{here.product.url}/health/live").status_code == 200
