"""Locks: each has a number of its own, and one that is held keeps others out."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluvial
from fluvial.database.connection import Connection, DatabaseError
from fluvial.database.locks import Lock, alone, hold, hold_named
from metamodel.storage import SQLITE
from tests.fluvial.database.connections import Connect


def test_no_two_locks_have_one_number() -> None:
    assert len({int(lock) for lock in Lock}) == len(Lock.__members__)


def test_numbers_of_locks_stand_in_one_place() -> None:
    floor = Path(fluvial.__file__).parent
    taking = {p.name for p in floor.rglob("*.py") if "pg_advisory" in p.read_text("utf-8")}
    assert "locks.py" in taking
    numbers = {f"{int(lock):_}" for lock in Lock}
    others = [path for path in floor.rglob("*.py") if path.name != "locks.py"]
    assert not [p for p in others if any(n in p.read_text("utf-8") for n in numbers)]


def free(other: Connection, statement: str) -> bool:
    """Whether another process would get a lock at once."""
    with other.transaction():
        other.script("SET LOCAL lock_timeout = '20ms'")
        try:
            with other.savepoint():
                other.query(statement)
        except DatabaseError:
            return False
    return True


def held(connection: Connection) -> int:
    """How many locks a connection holds; the server has locks of other tests too."""
    sql = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    return len(connection.query(sql))


def test_a_lock_is_held_until_the_transaction_ends(connect: Connect) -> None:
    one, other = connect(), connect()
    if one.dialect == SQLITE:
        with one.transaction():
            hold(one, Lock.SETUP)  # it asks for nothing
            hold_named(one, "counter", "x")
        assert one.statements == 0
        return
    with one.transaction():
        hold(one, Lock.SETUP)
        hold(one, Lock.SETUP)
        assert not free(other, f"SELECT pg_advisory_xact_lock({int(Lock.SETUP)})")
        assert free(other, f"SELECT pg_advisory_xact_lock({int(Lock.CUTOVER)})")
    assert free(other, f"SELECT pg_advisory_xact_lock({int(Lock.SETUP)})")


def test_names_are_locks_of_their_own(connect: Connect) -> None:
    one = connect()
    if one.dialect == SQLITE:
        pytest.skip("one writer at a time")
    with one.transaction():
        for name in (("a", "b"), ("a", "b"), ("ab",), ("a", ("b",)), ("b", "a")):
            hold_named(one, *name)
        assert held(one) == 4
    assert held(one) == 0


def test_one_worker_is_alone_at_it(connect: Connect) -> None:
    one, other = connect(), connect()
    with alone(one, Lock.INDEXES) as first, alone(other, Lock.INDEXES) as second:
        assert first
        assert second is (one.dialect == SQLITE)  # which has one writer anyway
        with alone(other, Lock.CUTOVER) as elsewhere:
            assert elsewhere
    with pytest.raises(LookupError), alone(other, Lock.INDEXES) as now:
        assert now
        raise LookupError
    with alone(one, Lock.INDEXES) as again:
        assert again
