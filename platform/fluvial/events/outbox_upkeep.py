"""Upkeep of the outbox on PostgreSQL, which keeps deleted rows until it vacuums.

Events come and go: a table with ten of them may have ten thousand that are gone, and each look at
it passes over those. The server's own vacuum comes once a minute at best, and knows nothing of a
backlog that an import has just left, for which plans made for an empty table are wrong.
"""

from __future__ import annotations

import threading
import weakref

from fluvial.database.connection import Connection
from fluvial.runtime.engine import Engine
from metamodel.storage import POSTGRESQL

REMOVED = 2_000  # events, after which there is much to pass over
BACKLOG = 4  # full batches one after the other

_VACUUM = "VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE FALSE) fluvial_outbox"


class Upkeep:
    """What one process has taken from the outbox since it was last vacuumed."""

    def __init__(self) -> None:
        self.heard: frozenset[str] | None = None  # of which events that nobody hears are gone
        self._removed = 0
        self._full = 0

    def taken(self, connection: Connection, events: int, *, full: bool) -> None:
        """Note a batch; outside a transaction, as vacuuming is none's part."""
        if connection.dialect != POSTGRESQL:
            return
        self._removed += events
        self._full = self._full + 1 if full else 0
        if self._removed >= REMOVED or self._full == BACKLOG:
            self._removed = 0
            connection.script(_VACUUM)


_all: weakref.WeakKeyDictionary[Engine, Upkeep] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def upkeep_of(engine: Engine) -> Upkeep:
    """One for all threads of a process: what two of them count at once may be lost."""
    with _lock:
        return _all.setdefault(engine, Upkeep())
