"""Writer locks: PostgreSQL writers that would meet from both ends lock one after another.

A change of a parent that its children show locks the parent first, then the children; a change of
a child that its parent counts goes the other way. The first kind waits until it is alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from fluvial.database.locks import Lock
from fluvial.runtime.session import Session
from metamodel.dependencies import graph_of
from metamodel.storage import POSTGRESQL

_ALONE = "SELECT pg_advisory_xact_lock($1::int, $2::int)"
_WITH_OTHERS = "SELECT pg_advisory_xact_lock_shared($1::int, $2::int)"


def lock_writers(
    session: Session, object_name: str, names: Iterable[str] | None = None, *, new: bool = False
) -> None:
    """Before a record is locked: wait for those who go the other way.

    `names` are the fields that are to be written; None are all of them, also of what is new.
    """
    if session.connection.dialect != POSTGRESQL:
        return
    lock = session.catalog.derive(graph_of).writer_locks.get(object_name)
    if lock is None:
        return
    if new:
        alone = lock.newborn
    else:
        alone = bool(lock.alone) if names is None else not lock.alone.isdisjoint(names)
    number = zlib.crc32(lock.name.encode()) - 2**31
    session.connection.query(_ALONE if alone else _WITH_OTHERS, [int(Lock.WRITERS), number])
