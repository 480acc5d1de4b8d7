"""The process says that it is alive although each of its threads is busy."""

from __future__ import annotations

import threading

from fluvial.runtime.engine import Engine
from tests.app import Client


def test_a_process_is_alive_while_every_thread_is_busy(engine: Engine, anybody: Client) -> None:
    free = threading.Event()
    held = [engine.database.executor.submit(free.wait) for _ in range(engine.settings.threads)]
    try:
        reply = anybody.get("/health/live")
        assert (reply.status, reply.json()) == (200, {"status": "live"})
        assert not any(one.done() for one in held)
    finally:
        free.set()
