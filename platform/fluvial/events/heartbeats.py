"""Heartbeats: leases are short, and whoever is still at work keeps its own from running out.

A worker that was killed beats no more, so others have its work within LEASE_SECONDS. One whose
work is slow keeps it, however long it takes. The beat goes by the database's clock, and over the
rows that another transaction is just writing it passes: nobody can take those anyway.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from fluvial.database.connection import DatabaseError
from fluvial.database.leases import Later
from fluvial.database.statement import Statement, param
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine

log = logging.getLogger("fluvial.heartbeat")

LEASE_SECONDS = 10.0
BEAT_SECONDS = 2.5


def extending(table: sa.Table) -> Statement:
    """The statement that keeps the rows of `the_lease`."""
    held = (
        sa.select(table.c.id)
        .where(table.c.lease == param("the_lease", table.c.lease))
        .with_for_update(skip_locked=True)
    )
    return Statement(
        table.update().where(table.c.id.in_(held)).values(leased_until=Later("the_seconds"))
    )


class Heartbeats:
    """The leases that a process holds, and the thread that keeps them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = weakref.ref(engine)
        self._held: dict[str, Statement] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        engine.closers.append(self.close)

    def hold(self, lease: str, statement: Statement) -> None:
        with self._lock:
            self._held[lease] = statement
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
                self._thread.start()

    def let_go(self, lease: str) -> None:
        with self._lock:
            self._held.pop(lease, None)

    @contextmanager
    def holding(self, lease: str, statement: Statement) -> Iterator[None]:
        """Keep a lease for as long as the block lasts."""
        self.hold(lease, statement)
        try:
            yield
        finally:
            self.let_go(lease)

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            engine = self._engine()
            if engine is None:
                return
            with self._lock:
                held = list(self._held.items())
            try:
                for lease, statement in held:
                    connection = engine.database.connection()
                    statement.run(connection, the_lease=lease, the_seconds=LEASE_SECONDS)
            except DatabaseError as error:  # the next beat may reach it
                log.warning("A lease was not extended: %s", error)


heartbeats_of = PerEngine(Heartbeats)
