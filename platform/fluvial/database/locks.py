"""The numbers of PostgreSQL's advisory locks, all in one place: equal ones would wait in turn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from metamodel.storage import POSTGRESQL

from .connection import Connection


class Lock(IntEnum):
    """What only one transaction, or one worker, does at a time."""

    SETUP = 7_103_401  # make the engine's tables
    WRITERS = 7_103_402  # with a second number: writers that would meet from both ends
    CUTOVER = 7_103_403  # copy the values of changed fields
    ADMINISTRATORS = 7_103_404  # change who administers
    INDEXES = 7_103_405  # build indexes beside the others' work
    MAILBOXES = 7_103_406  # fetch mails from other servers


def hold(connection: Connection, lock: Lock) -> None:
    """Wait for a lock and hold it until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect == POSTGRESQL:
        connection.query("SELECT pg_advisory_xact_lock($1)", [int(lock)])


def hold_named(connection: Connection, *name: object) -> None:
    """The same for what has a name of its own, such as a counter or a column of a board.

    Names become numbers of 64 bits, far above the ones of `Lock`; two names that meet by chance
    wait for each other, and nothing more.
    """
    if connection.dialect == POSTGRESQL:
        digest = hashlib.sha256(repr(name).encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [number])


@contextmanager
def alone(connection: Connection, lock: Lock) -> Iterator[bool]:
    """Whether this worker is the only one at it, beyond transactions and until the block ends."""
    if connection.dialect != POSTGRESQL:
        yield True
    elif not connection.query("SELECT pg_try_advisory_lock($1)", [int(lock)])[0][0]:
        yield False
    else:
        try:
            yield True
        finally:
            connection.query("SELECT pg_advisory_unlock($1)", [int(lock)])
