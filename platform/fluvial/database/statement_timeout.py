"""Statement timeouts: PostgreSQL statements that take too long are cancelled from outside.

A statement timeout of the server would have to be set and taken back around each of them.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

ROUND = 0.25  # seconds between two looks


class Waiting(Protocol):
    """A connection whose statement may be cancelled."""

    def cancel(self) -> None: ...


class StatementTimeouts:
    """One thread of a process that looks after the statements under way."""

    def __init__(self) -> None:
        self._until: dict[Waiting, float] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, connection: Waiting, seconds: float) -> None:
        with self._lock:
            self._until[connection] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._thread.start()

    def end(self, connection: Waiting) -> None:
        with self._lock:
            self._until.pop(connection, None)

    def _watch(self) -> None:
        while True:
            time.sleep(ROUND)
            with (
                self._lock
            ):  # so that what is cancelled has not ended, and another begun, meanwhile
                self._stop()

    def _stop(self) -> None:
        now = time.monotonic()
        for connection in [one for one, until in self._until.items() if now > until]:
            del self._until[connection]
            connection.cancel()


STATEMENT_TIMEOUTS = StatementTimeouts()
