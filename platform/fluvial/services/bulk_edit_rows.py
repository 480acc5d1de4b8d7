"""The records of bulk work, and what each of them held before: what undo needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import LONG_JOB, column, table
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import JSON, UUID

FIRST = "00000000-0000-0000-0000-000000000000"
FORGOTTEN = 500  # rows that are forgotten in one transaction

BULK_ROW = table(
    "bulk_row",
    column("job", UUID, primary_key=True),
    column("record", UUID, primary_key=True),
    column("held", JSON, nullable=True),  # what undo needs, once it was changed
)
_r = BULK_ROW.c
_of_job = _r.job == param("the_job", _r.job)
_this = sa.and_(_of_job, _r.record == param("the_record", _r.record))
_ADD = insert(BULK_ROW)
_THERE = Statement(sa.select(_r.record).where(_this))
_NEXT = Statement(
    sa.select(_r.record, _r.held)
    .where(_of_job, _r.record > param("the_last", _r.record))
    .order_by(_r.record)
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_HELD = Statement(BULK_ROW.update().where(_this).values(held=param("the_held", _r.held)))
_DROP = Statement(BULK_ROW.delete().where(_this))
_LEFT = Statement(
    sa.select(_r.job, _r.record).where(~sa.exists().where(LONG_JOB.c.id == _r.job)).limit(FORGOTTEN)
)


def add(connection: Connection, job: str, record: str) -> None:
    if not has(connection, job, record):
        _ADD.run(connection, job=job, record=record, held=None)


def following(
    connection: Connection, job: str, last: str, size: int
) -> list[tuple[str, dict[str, Any] | None]]:
    """The next records of a job after `last`."""
    rows = _NEXT.rows(connection, the_job=job, the_last=last, the_limit=size)
    return [(str(record), held) for record, held in rows]


def has(connection: Connection, job: str, record: str) -> bool:
    return _THERE.row(connection, the_job=job, the_record=record) is not None


def keep(connection: Connection, job: str, record: str, held: Any) -> None:
    _HELD.run(connection, the_job=job, the_record=record, the_held=held)


def drop(connection: Connection, job: str, record: str) -> None:
    _DROP.run(connection, the_job=job, the_record=record)


def forget(connection: Connection, now: datetime) -> None:
    """Rows of jobs that are forgotten themselves."""
    del now
    while rows := _LEFT.rows(connection):
        with connection.transaction():
            for job, record in rows:
                drop(connection, job, record)
        if len(rows) < FORGOTTEN:
            break
