"""Processes that start while another one sets up the database: they wait, say so, and end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from fluvial.cli import TRY_AGAIN
from fluvial.database import patience
from fluvial.database.connection import BusyError
from fluvial.database.database import Database, sqlite_path
from fluvial.database.locks import Lock
from fluvial.database.patience import WaitedError, patiently
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from tests.app import environment
from tests.fluvial.processes import PATIENCE, Product, products
from tests.forks import Forked
from tests.waiting import until

__all__ = ["products"]


@pytest.fixture
def other(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """Another process that sets up the database and does not come to an end."""
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [int(Lock.SETUP)])
        yield connection


@pytest.mark.parametrize(
    "command", ["serve", "migrate", "worker", "scheduler", "doctor", "app list"]
)
def test_a_process_ends_where_another_one_sets_up_for_too_long(
    other: psycopg.Connection, postgresql_url: str, tmp_path: Path, command: str
) -> None:
    environ = environment(postgresql_url, tmp_path, setup_seconds="1")
    log = tmp_path / "said.log"
    process = Forked("fluvial.cli", command.split(), environ, log)
    assert process.wait(PATIENCE) == TRY_AGAIN
    (waiting, ended) = [line for line in process.said().splitlines() if "setting up" in line]
    here = f"setting up the database (connection {other.info.backend_pid} from 127.0.0.1, for "
    assert here in waiting and "of at most 1 seconds" in waiting
    assert ended.startswith("fluvial: The database could not be set up within 1 seconds.")
    assert here in ended and "FLUVIAL_SETUP_SECONDS" in ended
    assert "Traceback" not in process.said()


def test_a_process_starts_as_soon_as_the_other_one_is_done(
    other: psycopg.Connection, postgresql_url: str, tmp_path: Path, products: list[Product]
) -> None:
    product = Product(tmp_path, postgresql_url, {})
    products.append(product)
    server = product.start("serve")

    def said() -> str:
        return server.log.read_text(encoding="utf-8") if server.log.exists() else ""

    until(lambda: "setting up the database" in said())
    other.rollback()
    until(lambda: "ready in" in said())
    assert server.stop() == 0


def test_an_sqlite_file_that_is_in_use_is_waited_for(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.database.sqlite.BUSY_SECONDS", 0.1)
    connection = Database(sqlite_url).connect()
    path = sqlite_path(sqlite_url)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        def begin() -> str:
            with connection.transaction():
                return "begun"

        with pytest.raises(WaitedError, match="Another process is using the database"):
            patiently(connection, 0.2, begin)
        holder.execute("ROLLBACK")
        assert patiently(connection, 0.2, begin) == "begun"
    connection.close()


def busy(times: int) -> Callable[[], str]:
    left = [times]

    def work() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise BusyError("locked")
        return "done"

    return work


@pytest.mark.parametrize("times", [0, 1, 3])
def test_what_is_waited_for_is_said_once_in_a_while(
    sqlite_url: str,
    times: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0.01)
    connection = Database(sqlite_url).connect()
    assert patiently(connection, 60, busy(times)) == "done"
    assert len(caplog.records) == min(times, 1)
    connection.close()


@pytest.mark.parametrize("text", ["-1", "soon", "1.5", "٣", "9" * 30])
def test_a_number_in_the_settings_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    for name in ("SETUP_SECONDS", "PORT", "THREADS"):
        with pytest.raises(Problem, match=f"FLUVIAL_{name} must be a whole number"):
            load({"FLUVIAL_DATA_DIR": str(tmp_path), f"FLUVIAL_{name}": text})
