"""Transactions: all of it or nothing, and what waits for a commit is called in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluvial.database.connection import Connection, DatabaseError, UniqueError


class Stop(Exception):
    """Ends a block."""


@pytest.fixture(autouse=True)
def numbers(connection: Connection) -> Iterator[None]:
    connection.script("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    yield
    assert not connection.in_transaction


def add(connection: Connection, number: int) -> None:
    connection.execute(f"INSERT INTO numbers VALUES ({number})")


def held(connection: Connection) -> list[int]:
    return [n for (n,) in connection.query("SELECT number FROM numbers ORDER BY number")]


def test_a_transaction_is_undone_as_a_whole(connection: Connection) -> None:
    add(connection, 1)
    with pytest.raises(Stop), connection.transaction():
        add(connection, 2)
        with connection.transaction():
            add(connection, 3)
        assert connection.in_transaction
        raise Stop
    assert held(connection) == [1]


def test_a_transaction_in_another_one_is_a_part_of_it(connection: Connection) -> None:
    with connection.transaction():
        add(connection, 1)
        # Its failure does not undo what it wrote: whoever catches it needs a savepoint.
        with pytest.raises(Stop), connection.transaction():
            add(connection, 2)
            raise Stop
        assert connection.depth == 1
    assert held(connection) == [1, 2]


def test_a_savepoint_is_undone_alone(connection: Connection) -> None:
    with connection.transaction():
        add(connection, 1)
        with pytest.raises(UniqueError), connection.savepoint():
            add(connection, 2)
            with connection.savepoint():
                add(connection, 3)
            add(connection, 1)
        with connection.savepoint():
            add(connection, 4)
            with pytest.raises(Stop), connection.savepoint():
                add(connection, 5)
                raise Stop
    assert held(connection) == [1, 4]


def test_what_waits_is_called_after_the_commit_and_in_order(connection: Connection) -> None:
    calls: list[object] = []

    def note(what: object) -> None:
        connection.after_commit(lambda: calls.append((what, connection.in_transaction)))

    note("at once")
    assert calls == [("at once", False)]
    with connection.transaction():
        note(1)
        with connection.transaction():
            note(2)
        with connection.savepoint():
            note(3)
        with pytest.raises(Stop), connection.savepoint():
            note("undone")
            raise Stop
        note(4)
        assert len(calls) == 1
    assert calls[1:] == [(1, False), (2, False), (3, False), (4, False)]


def test_of_a_transaction_that_fails_nothing_is_called(connection: Connection) -> None:
    calls: list[int] = []
    with pytest.raises(Stop), connection.transaction():
        connection.after_commit(lambda: calls.append(1))
        raise Stop
    with connection.transaction():
        connection.after_commit(lambda: calls.append(2))
    assert calls == [2]


def test_what_is_called_may_begin_a_transaction(connection: Connection) -> None:
    def more() -> None:
        with connection.transaction():
            add(connection, 2)
            connection.after_commit(lambda: add(connection, 3))

    with connection.transaction():
        add(connection, 1)
        connection.after_commit(more)
    assert held(connection) == [1, 2, 3]


def test_a_failed_statement_leaves_the_connection_in_order(connection: Connection) -> None:
    with pytest.raises(DatabaseError), connection.transaction():
        add(connection, 1)
        connection.query("SELECT nothing FROM nowhere")
    add(connection, 2)
    assert held(connection) == [2]


def test_the_time_limit_is_that_of_the_innermost_block(connection: Connection) -> None:
    assert connection.time_limit is None
    with connection.limited(20):
        with pytest.raises(Stop), connection.limited(10):
            assert connection.time_limit == 10
            raise Stop
        with connection.limited(None):
            assert connection.time_limit is None
        assert connection.time_limit == 20
        assert held(connection) == []
    assert connection.time_limit is None
