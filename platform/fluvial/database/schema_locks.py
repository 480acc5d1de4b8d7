"""Running DDL without holding the others up: short waits for locks, and many of them."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Sequence

from metamodel.storage import POSTGRESQL

from .connection import BusyError, Connection, DatabaseError

# That a table may be waited for: who comes later waits behind it. Where tries fail because
# many transactions overlap, waits grow, so that the change gets its turn.
LOCK_MILLISECONDS = (25, 400)
GROWTH = 1.3
LOCK_SECONDS = 8.0  # seconds of tries altogether
PAUSES = (0.02, 0.3)  # seconds between tries, growing; with some chance, so that two do not meet
LONG = "300 milliseconds"  # who has been at a table for so long will not make way in a moment
LOOK = 0.03  # seconds until such a table is looked at again

# Those who are at one of the tables that the words of a statement name. Who only reads is in the
# way of statements that need a table for themselves.
_HELD = f"""
SELECT 1 FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = current_schema()::regnamespace
JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND c.relname = ANY(CAST($1 AS TEXT[])) AND (l.mode <> 'AccessShareLock' OR $2)
AND a.xact_start < clock_timestamp() - INTERVAL '{LONG}' LIMIT 1
"""
POINT = "altering"
_ALONE = ("ALTER ", "DROP ")


class LockedError(BusyError):
    """Others hold a table for longer than a change waits."""


def alter(connection: Connection, statements: Iterable[str]) -> None:
    """Run DDL inside the transaction. On PostgreSQL it makes way for others and tries again."""
    wanted = list(statements)
    if not wanted:
        return
    if connection.dialect != POSTGRESQL:
        for statement in wanted:
            connection.script(statement)
        return
    wait = float(LOCK_MILLISECONDS[0])
    deadline = time.monotonic() + LOCK_SECONDS
    pause = PAUSES[0]
    while True:
        while time.monotonic() < deadline and _held_for_long(connection, wanted):
            time.sleep(LOOK)  # nobody has to wait behind us meanwhile
        try:
            _try(connection, wanted, int(wait))
            return
        except BusyError as error:
            if time.monotonic() > deadline:
                raise LockedError(str(error)) from error
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * GROWTH, PAUSES[1])
        wait = min(wait * GROWTH, LOCK_MILLISECONDS[1])


def _try(connection: Connection, statements: Sequence[str], milliseconds: int) -> None:
    """All of it in one round trip: each further one would be a time in which others wait."""
    parts = (
        f"SET LOCAL lock_timeout = '{milliseconds}ms'",
        f"SAVEPOINT {POINT}",
        *statements,
        f"RELEASE SAVEPOINT {POINT}",
        "SET LOCAL lock_timeout = 0",
    )
    try:
        connection.script(";\n".join(parts))
    except DatabaseError:
        connection.script(f"ROLLBACK TO SAVEPOINT {POINT}")
        raise


def _held_for_long(connection: Connection, statements: Sequence[str]) -> bool:
    words = {word for statement in statements for word in re.findall(r"\w+", statement)}
    alone = any(statement.startswith(_ALONE) for statement in statements)
    return bool(connection.query(_HELD, ["{" + ",".join(sorted(words)) + "}", alone]))
