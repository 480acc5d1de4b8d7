"""Leases: a row is worked on by one, until the database's clock says that its time is over."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column
from fluvial.database.leases import Later, claim, free
from fluvial.database.statement import Statement
from metamodel.storage import INTEGER, TEXT, TIMESTAMP
from tests.fluvial.database.connections import Connect, created

WORK = sa.Table(
    "work", sa.MetaData(),
    column("id", INTEGER, primary_key=True), column("lease", TEXT, nullable=True),
    column("leased_until", TIMESTAMP, nullable=True),
)  # fmt: skip
CLAIM = Statement(claim(WORK, free(WORK), [WORK.c.id.desc()], 60))
HELD = Statement(sa.select(WORK.c.id, WORK.c.lease).order_by(WORK.c.id))


def take(connection: Connection, lease: str, limit: int = 2, **more: float) -> int:
    with connection.transaction():
        CLAIM.run(connection, the_lease=lease, the_limit=limit, **more)
    return [one for _, one in HELD.rows(connection)].count(lease)


def made(connection: Connection) -> None:
    created(connection, WORK)
    for at in range(1, 6):
        connection.execute(f"INSERT INTO work (id) VALUES ({at})")


def test_rows_are_taken_in_order_and_by_one_worker_each(connect: Connect) -> None:
    one, other = connect(), connect()
    made(one)
    assert [take(one, "a"), take(other, "b"), take(one, "c"), take(other, "d")] == [2, 2, 1, 0]
    assert HELD.rows(one) == [(1, "c"), (2, "b"), (3, "b"), (4, "a"), (5, "a")]


def test_a_lease_that_has_run_out_is_taken_by_the_next_one(connect: Connect) -> None:
    one, other = connect(), connect()
    made(one)
    assert take(one, "a", 5, seconds_leased=-1) == 5
    assert take(other, "b", 4) == 4
    assert [lease for _, lease in HELD.rows(other)] == ["a", "b", "b", "b", "b"]
    # Seen from two minutes ahead, these have run out too.
    assert take(one, "c", 5, seconds_now=120) == 5
    assert take(one, "d", 5, seconds_now=-120) == 0


def test_the_databases_now_is_stored_as_moments_are(connect: Connect) -> None:
    connection = connect()
    now = Statement(sa.select(Later("first"), Later("second", 1.5)))
    first, second = now.rows(connection)[0]
    assert 1 < (second - first).total_seconds() < 5
    assert first.tzinfo is not None
