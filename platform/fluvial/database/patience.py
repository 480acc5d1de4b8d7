"""Patience: statements of PostgreSQL that take longer than they may are cancelled from outside.

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


class Patience:
    """One thread of a process that looks after the statements under way."""

    def __init__(self) -> None:
        self._until: dict[Waiting, float] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, connection: Waiting, seconds: float) -> None:
        self._until[connection] = time.monotonic() + seconds
        if self._thread is None:
            self._watch()

    def end(self, connection: Waiting) -> None:
        self._until.pop(connection, None)

    def _watch(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="patience", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(ROUND)
            now = time.monotonic()
            for connection, until in list(self._until.items()):
                if now > until:
                    self.end(connection)
                    connection.cancel()


PATIENCE = Patience()
