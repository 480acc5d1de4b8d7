"""Running DDL without holding the others up: short waits for locks, and many of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from metamodel.storage import POSTGRESQL

from .connection import BusyError, Connection

# That a table may be waited for: who comes later waits behind it. Where tries fail because
# transactions are long, waits grow, so that the change gets its turn.
LOCK_MILLISECONDS = (25, 400)
GROWTH = 1.3
PATIENCE = 8.0  # seconds of tries altogether
PAUSES = (0.02, 0.3)  # seconds between tries, growing; with some chance, so that two do not meet


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
    deadline = time.monotonic() + PATIENCE
    pause = PAUSES[0]
    while True:
        connection.script(f"SET LOCAL lock_timeout = '{int(wait)}ms'")
        try:
            with connection.savepoint():
                for statement in wanted:
                    connection.script(statement)
            break
        except BusyError as error:
            if time.monotonic() > deadline:
                raise LockedError(str(error)) from error
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * GROWTH, PAUSES[1])
        wait = min(wait * GROWTH, LOCK_MILLISECONDS[1])
    connection.script("SET LOCAL lock_timeout = 0")
