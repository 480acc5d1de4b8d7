"""Upkeep of the outbox on PostgreSQL, which keeps deleted rows until it vacuums.

Events come and go: a table with ten of them may have ten thousand that are gone, and each look at
it passes over those. The server's own vacuum comes once a minute at best, and knows nothing of a
backlog that an import has just left, for which plans made for an empty table are wrong.
"""

from __future__ import annotations

from fluvial.database.connection import Connection
from fluvial.runtime.per_engine import PerEngine
from metamodel.storage import POSTGRESQL

REMOVED = 2_000  # events, after which there is much to pass over
SMALL = 16  # pages that any plan looks through at once

# Pages stay, so that whoever plans for an outbox that is empty at the time uses its indexes.
_VACUUM = "VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE FALSE) fluvial_outbox"
_PAGES = (
    "SELECT pg_relation_size('fluvial_outbox') / current_setting('block_size')::bigint, relpages "
    "FROM pg_class WHERE oid = 'fluvial_outbox'::regclass"
)


class Upkeep:
    """What one process has taken from the outbox since it was last vacuumed."""

    def __init__(self) -> None:
        self.heard: frozenset[str] | None = None  # of which events that nobody hears are gone
        self._removed = 0

    def backlog(self, connection: Connection) -> None:
        """There is more than one batch: plans are made anew where it has grown much since."""
        if connection.dialect == POSTGRESQL:
            ((pages, known),) = connection.query(_PAGES)
            if int(pages) > 2 * max(int(known), SMALL):
                self._vacuum(connection)

    def removed(self, connection: Connection, events: int) -> None:
        """Note a batch; outside a transaction, as vacuuming is none's part."""
        self._removed += events
        if self._removed >= REMOVED and connection.dialect == POSTGRESQL:
            self._vacuum(connection)

    def _vacuum(self, connection: Connection) -> None:
        self._removed = 0
        connection.script(_VACUUM)


# What two threads count at once may be lost.
upkeep_of = PerEngine(lambda _: Upkeep())
