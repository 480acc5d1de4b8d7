"""Waiting for what other processes and connections do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fluvial.events.jobs import run_pending
from fluvial.records.calculated import recalculation_queue
from fluvial.runtime.engine import Engine


def until(condition: Callable[[], Any], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def worked_off(engine: Engine) -> None:
    """Run the jobs until nothing is left to work out.

    On PostgreSQL, a row of the queue waits for transactions of neighbours on the same server.
    """

    def nothing_left() -> bool:
        run_pending(engine)
        return not recalculation_queue.some(engine.database.connection())

    until(lambda: engine.database.call(nothing_left))
