"""Celery above the outbox: what a wake says, and that Celery's end is nobody else's."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from celery import Celery, signals  # type: ignore[import-untyped]
from redis import Redis

from fluvial.events import celery_app
from fluvial.events.celery_app import QUEUE, Waker, make_app, work_when_woken
from fluvial.events.wake_transport import SentinelWakeTransport, WakeTransport
from tests.waiting import until


def sent(redis_url: str) -> list[list[str]]:
    """The jobs of the wakes that nobody has taken yet, the first one first."""
    with Redis.from_url(redis_url) as client:
        raw: Any = client.lrange(QUEUE, 0, -1)
    bodies = [orjson.loads(base64.b64decode(orjson.loads(one)["body"])) for one in reversed(raw)]
    return [body[0][0] for body in bodies]


def test_a_wake_names_the_jobs_that_have_something_to_do(redis_url: str) -> None:
    waker = Waker(redis_url)
    for job in ("outbox", "outbox", "deliveries"):
        waker(job)
    until(lambda: sum(sent(redis_url), []) and sorted({*sum(sent(redis_url), [])}) == [
        "deliveries", "outbox",
    ])  # fmt: skip
    before = len(sent(redis_url))
    waker("timers")
    until(lambda: len(sent(redis_url)) > before)
    assert sent(redis_url)[-1] == ["timers"]
    waker.close()


def test_work_is_acknowledged_late_and_one_by_one() -> None:
    conf = make_app("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late and conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"] and conf.task_serializer == "json"
    assert not conf.worker_enable_remote_control  # who reaches Redis can wake, and nothing more


@pytest.mark.parametrize(
    ("url", "transport"),
    [
        ("redis://127.0.0.1:6379/3", WakeTransport),
        ("rediss://user:secret@redis.example.org", WakeTransport),
        ("redis+socket:///run/redis.sock", WakeTransport),
        ("sentinel://one.example.org;sentinel://two.example.org", SentinelWakeTransport),
    ],
)
def test_no_message_is_put_back_where_the_connection_is_gone(url: str, transport: Any) -> None:
    connection = make_app(url).connection_for_write()
    assert isinstance(connection.transport, transport)
    assert connection.transport.Channel.do_restore is False


@pytest.mark.parametrize("end", [None, RuntimeError("no event loop"), OSError("no descriptors")])
def test_celery_that_ends_by_itself_is_started_again(
    monkeypatch: pytest.MonkeyPatch, end: Exception | None
) -> None:
    monkeypatch.setattr(celery_app, "PAUSES", (0.0, 0.0))
    starts: list[Celery] = []

    def worker_main(app: Celery, arguments: list[str]) -> None:
        starts.append(app)
        if len(starts) < 4:
            if end is not None:
                raise end
            return
        signals.worker_shutting_down.send(sender="x", sig="SIGTERM", how="Warm", exitcode=0)

    monkeypatch.setattr(Celery, "worker_main", worker_main)
    told = threading.Event()
    work_when_woken("redis://127.0.0.1:1/0", lambda _: None, told)
    assert told.is_set()
    assert len({id(app) for app in starts}) == 4  # each time a new one


# Tells itself to stop from inside a finalizer, where Python swallows what a signal raises.
TOLD_WHILE_STARTING = """
import os, signal, sys
from celery import signals
from fluvial.cli import main

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

def started(**_):
    Last()

signals.celeryd_init.connect(started, weak=False)
sys.argv = ["fluvial", "worker"]
sys.exit(main())
"""


def test_a_worker_that_is_told_to_stop_while_celery_starts_ends(
    redis_url: str, tmp_path: Path
) -> None:
    environ = os.environ | {
        "FLUVIAL_DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
        "FLUVIAL_DATA_DIR": str(tmp_path),
        "FLUVIAL_REDIS_URL": redis_url,
        "FLUVIAL_ENV": "development",
    }
    command = [sys.executable, "-W", "ignore", "-c", TOLD_WHILE_STARTING]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "SystemExit" in ended.stderr  # it was swallowed
