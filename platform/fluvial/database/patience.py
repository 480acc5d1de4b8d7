"""Waiting for other processes while the database is set up: not for ever, and not in silence."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from metamodel.storage import POSTGRESQL

from .connection import BusyError, Connection, DatabaseError
from .locks import Lock

log = logging.getLogger("fluvial.setup")

T = TypeVar("T")
PAUSE = 0.3  # seconds between two tries
SAY_EVERY = 10.0
LOCK_SECONDS = 5  # for each lock of a try on PostgreSQL

_HOLDER = """
SELECT a.pid, coalesce(host(a.client_addr), 'this machine'),
extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change))::int
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class WaitedError(DatabaseError):
    """Others were in the way for longer than somebody waits."""


def patiently(connection: Connection, seconds: float, work: Callable[[], T]) -> T:
    """Do it as soon as others let us; says what it waits for. WaitedError after so many seconds."""
    started = time.monotonic()
    next_word = 0.0
    while True:
        try:
            return work()
        except BusyError as error:
            waited = time.monotonic() - started
            other = f"{_holder(connection)}: {error}"
            if waited >= seconds:
                raise WaitedError(
                    f"The database could not be set up within {seconds:g} seconds. {other}. "
                    "Wait for the other process or end it, then start again; to wait longer, "
                    "set FLUVIAL_SETUP_SECONDS."
                ) from error
            if waited >= next_word:
                log.warning(
                    "Waiting for %s. %d of at most %g seconds (FLUVIAL_SETUP_SECONDS) are over.",
                    other[0].lower() + other[1:], waited, seconds,
                )  # fmt: skip
                next_word = waited + SAY_EVERY
        time.sleep(min(PAUSE, max(0.0, seconds - waited)))


def hold_if_free(connection: Connection, lock: Lock) -> None:
    """Hold a lock until the transaction ends; BusyError where somebody else has it."""
    if connection.dialect == POSTGRESQL:
        connection.script(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        if not connection.query("SELECT pg_try_advisory_xact_lock($1)", [int(lock)])[0][0]:
            raise BusyError("it holds the lock for setting up")


def _holder(connection: Connection) -> str:
    """Who sets the database up at the moment, as far as the database says."""
    found = []
    if connection.dialect == POSTGRESQL:
        found = connection.query(_HOLDER, [int(Lock.SETUP)])
    if not found:
        return "Another process is using the database"
    pid, host, seconds = found[0]
    return (
        f"Another process is setting up the database (connection {pid} from {host}, "
        f"for {seconds} seconds)"
    )
