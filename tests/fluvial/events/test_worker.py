"""Real processes that are killed at the worst moments: every effect happens, none twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from fluvial.database.database import Database
from fluvial.kernel.crash_points import chosen
from tests.fluvial.processes import Product, products
from tests.mailbox import Mailbox
from tests.rules.house import LETTER, LOAN, MEMBER, SECRET, rule
from tests.waiting import until
from tests.webhooks import WebhookSink

__all__ = ["products"]

TELL = rule(
    "tell",
    {"object": "loan", "event": "created"},
    {"create": "letter", "set": {"name": "name"}},
    {"notify": {"to": ["member.email"], "by": ["email"], "subject": "name", "text": "name"}},
    {"webhook": {"to": "desk", "body": {"name": "name"}}},
)

Start = Callable[..., Product]


@pytest.fixture
def start(
    tmp_path: Path,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
    products: list[Product],
) -> Start:
    """A product that serves, with a rule that creates, mails and posts."""

    def started(database_url: str, **settings: str) -> Product:
        given = {
            "smtp_url": smtp.url,
            "outbound_allow": f"127.0.0.1:{webhook_sink.port}",
        } | settings
        product = Product(tmp_path, database_url, given)
        product.environ["LIBRARY_SECRET"] = SECRET
        products.append(product)
        return product

    return started


def prepare(product: Product, sink: WebhookSink) -> httpx.Client:
    client = product.client()
    desk = {
        "kind": "endpoint",
        "name": "desk",
        "url": f"{sink.url}/desk",
        "secret": {"env": "LIBRARY_SECRET"},
    }
    reply = client.post("/api/meta/changes", json={"documents": [MEMBER, LOAN, LETTER, desk, TELL]})
    assert reply.status_code == 200, reply.text
    body = {"name": "Ada", "email": "ada@example.org"}
    member = client.post("/api/records/member", json=body).json()
    client.headers["x-member"] = member["id"]
    return client


def lend(client: httpx.Client, name: str = "Emma") -> None:
    body = {"name": name, "member": client.headers["x-member"]}
    assert client.post("/api/records/loan", json=body).status_code == 201


def end_leases(product: Product) -> None:
    """As if the time of the leases of dead workers had passed."""
    connection = Database(product.environ["FLUVIAL_DATABASE_URL"]).connect()
    for table in ("outbox", "effect"):
        connection.script(
            f"UPDATE fluvial_{table} SET leased_until = '2020-01-01T00:00:00.000000Z' "
            "WHERE lease IS NOT NULL"
        )
    connection.close()


def settled(client: httpx.Client, loans: int = 1) -> bool:
    found = client.get("/api/deliveries").json()["data"]
    return len(found) == 2 * loans and all(delivery["state"] == "done" for delivery in found)


@pytest.mark.parametrize(
    ("database", "point"),
    [
        ("sqlite", "after_commit"),
        ("sqlite", "after_effect"),
        ("postgresql", "after_commit"),
        ("postgresql", "in_event"),
        ("postgresql", "before_effect"),
    ],
)
def test_killed_in_between(
    request: pytest.FixtureRequest,
    start: Start,
    database: str,
    point: str,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
) -> None:
    product = start(request.getfixturevalue(f"{database}_url"))
    first = product.serve()
    client = prepare(product, webhook_sink)
    until(lambda: not outbox_rows(product))
    first.stop()
    doomed = product.serve(FLUVIAL_FAULT_AT=f"{point}:1")
    with suppress(httpx.TransportError, AssertionError):
        lend(client)
    assert doomed.killed()
    end_leases(product)
    product.serve()
    client = product.client()
    until(lambda: settled(client))
    assert len(client.get("/api/records/loan").json()["data"]) == 1
    assert len(client.get("/api/records/letter").json()["data"]) == 1
    # An effect that was under way may be repeated, but then it carries the same id and bytes.
    assert len({d.headers["webhook-id"] for d in webhook_sink.deliveries}) == 1
    assert len({d.body for d in webhook_sink.deliveries}) == 1
    assert len({m.message["Message-ID"] for m in smtp.mails}) == 1
    if point != "after_effect":
        assert (len(webhook_sink.deliveries), len(smtp.accepted())) == (1, 1)


HELD = """
SELECT count(*), max(extract(epoch FROM leased_until - clock_timestamp())) FROM (
SELECT lease, leased_until FROM fluvial_outbox UNION ALL
SELECT lease, leased_until FROM fluvial_effect) AS work WHERE lease IS NOT NULL
"""


def test_others_soon_have_what_killed_workers_held(
    start: Start, postgresql_url: str, smtp: Mailbox, webhook_sink: WebhookSink
) -> None:
    product = start(postgresql_url, redis_url="redis://127.0.0.1:1/0")
    product.serve()
    client = prepare(product, webhook_sink)
    points = {"Emma": "in_event", "Persuasion": "before_effect", "Sanditon": "after_effect"}
    for name, point in points.items():  # one holds an event, two hold an effect
        doomed = product.start("worker", FLUVIAL_FAULT_AT=f"{point}:1")
        lend(client, name)
        assert doomed.killed()
    connection = Database(postgresql_url).connect()
    ((held, seconds),) = connection.query(HELD)
    connection.close()
    assert held >= 3 and float(seconds) <= 10
    product.start("worker")
    until(lambda: settled(client, loans=3))  # nobody ends the leases but time
    assert len(client.get("/api/records/letter").json()["data"]) == 3
    assert len({d.headers["webhook-id"] for d in webhook_sink.deliveries}) == 3
    assert len({m.message["Message-ID"] for m in smtp.mails}) == 3


def outbox_rows(product: Product) -> int:
    connection = Database(product.environ["FLUVIAL_DATABASE_URL"]).connect()
    try:
        return int(connection.query("SELECT count(*) FROM fluvial_outbox")[0][0])
    finally:
        connection.close()


def test_a_worker_of_its_own_is_killed(
    start: Start, postgresql_url: str, smtp: Mailbox, webhook_sink: WebhookSink
) -> None:
    """Web and worker on their own: here Redis is named but away, so the worker looks by itself."""
    product = start(postgresql_url, redis_url="redis://127.0.0.1:1/0")
    product.serve()
    client = prepare(product, webhook_sink)
    doomed = product.start("worker", FLUVIAL_FAULT_AT="in_event:1")
    lend(client)
    assert doomed.killed()
    end_leases(product)
    product.start("worker")
    until(lambda: settled(client))
    assert len(client.get("/api/records/letter").json()["data"]) == 1
    assert (len(webhook_sink.deliveries), len(smtp.accepted())) == (1, 1)


def test_celery_wakes_the_worker(
    start: Start,
    postgresql_url: str,
    redis_url: str,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
) -> None:
    product = start(postgresql_url, redis_url=redis_url)
    product.serve()
    client = prepare(product, webhook_sink)
    product.fresh = True
    worker = product.start("worker")
    scheduler = product.start("scheduler")
    lend(client, "first")
    webhook_sink.wait(1)
    smtp.wait(1)
    until(lambda: settled(client))
    started = time.monotonic()
    lend(client, "second")
    webhook_sink.wait(2)
    assert time.monotonic() - started < 5
    assert worker.stop() == 0
    assert scheduler.stop() == 0


def test_faults_are_for_development_only() -> None:
    assert chosen({"FLUVIAL_FAULT_AT": "x:2", "FLUVIAL_ENV": "development"}) == ("x", 2)
    assert chosen({"FLUVIAL_FAULT_AT": "x:2"}) == ("", 0)
