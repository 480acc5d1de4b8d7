"""Who writes to SQLite comes in turn, and each turn is measured."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

from fluvial.database.connection import BusyError, Connection
from fluvial.database.database import Database
from fluvial.database.writer_turns import WriterTurns
from fluvial.kernel.metrics import text
from tests.app import Client
from tests.waiting import until


def _wait(turns: WriterTurns, number: int) -> bool:
    return turns.waiting == number


def test_those_who_wait_come_in_the_order_in_which_they_came() -> None:
    turns, came = WriterTurns(), list[int]()

    def write(number: int) -> None:
        with turns.turn(10):
            came.append(number)

    turns.take(10)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        until(partial(_wait, turns, number + 1))
    turns.leave()
    turns.take(10)  # whoever leaves and comes again stands behind them
    assert came == [0, 1, 2, 3, 4]
    turns.leave()
    for thread in threads:
        thread.join()


def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    turns = WriterTurns()
    turns.take(1)
    with pytest.raises(BusyError):
        turns.take(0.01)
    turns.leave()
    turns.take(0.01)
    turns.leave()


def test_a_portion_after_another_lets_somebody_else_write_in_between(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db", threads=1)
    database.connection().script("CREATE TABLE t (writer TEXT)")

    def insert(connection: Connection, writer: str) -> None:
        with connection.transaction():
            connection.execute("INSERT INTO t VALUES (?)", [writer])

    def other() -> None:
        mine = database.connect()
        insert(mine, "other")
        mine.close()

    connection = database.connection()
    with connection.transaction():
        thread = threading.Thread(target=other)
        thread.start()
        until(lambda: database.turns.waiting == 1)
    for _ in range(3):
        insert(connection, "long")
    thread.join()
    rows = connection.query("SELECT writer FROM t ORDER BY rowid")
    assert [row[0] for row in rows] == ["other", "long", "long", "long"]
    database.close()


def test_turns_end_whatever_becomes_of_them(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db", threads=1)
    connection = database.connection()
    connection.script("CREATE TABLE t (a INTEGER CHECK (a < 1000))")
    with pytest.raises(ZeroDivisionError), connection.transaction():
        raise ZeroDivisionError
    with pytest.raises(Exception, match="CHECK"):
        connection.execute("INSERT INTO t VALUES (1000)")
    database.turns.forget()
    with connection.transaction():
        connection.execute_many("INSERT INTO t VALUES (?)", [[n] for n in range(7)])
    connection.execute("DELETE FROM t WHERE a = 1")
    assert database.turns.most_rows == 7
    assert sum(database.turns.counts) == 2 and database.turns.longest > 0
    told = text(database.turns.families())
    assert "fluvial_writer_most_rows 7" in told and "fluvial_writer_turn_seconds_count 2" in told
    database.close()


def test_the_metrics_tell_of_the_writer_where_there_is_one(client: Client) -> None:
    told = client.get("/metrics").text
    sqlite = client.app.engine.database.dialect == "sqlite"
    assert ("fluvial_writer_longest_turn_seconds" in told) is sqlite
