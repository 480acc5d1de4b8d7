"""Processes that start again and again: each day, for all records whose turn it is.

The records are gone through as a long job, in portions: the page of jobs shows how far it is, and
what is killed goes on where it was. A record is left out while the process is at work for it.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.long_jobs import LongJob, LongJobKind
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import TEXT, UUID

from .definition import Process
from .kept_names import RUN
from .run_rows import is_running
from .task_steps import start
from .versions import process_named, processes_of, versions

WORK = "processes that start again"
_SPACE = uuid.UUID("5b0c5f0e-94f0-4be2-8a0a-1f6c7f9f2a6d")


class _Last:
    """The statement that finds when a process was last started for a record, of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        run = tables_of(catalog).objects[RUN].c
        self.started = Statement(
            sa.select(run.started)
            .where(
                run.subject == sa.bindparam("the_subject", type_=Stored(UUID)),
                run.process == sa.bindparam("the_process", type_=Stored(TEXT)),
                run.deleted_at.is_(None),
            )
            .order_by(run.started.desc())
            .limit(1)
        )


def run(engine: Engine) -> bool:
    """Begin the jobs of processes whose moment of the day has come; whether there is one."""
    connection = engine.database.connection()
    session = Session.begin(engine, SYSTEM, connection=connection)
    waiting = [one for one in processes_of(session.catalog).values() if one.every and one.active]
    return any([_begin(session, process) for process in waiting])


def _begin(session: Session, process: Process) -> bool:
    moment = _moment(session, process)
    first = min((at for _, at in versions(session.connection, process.name)), default=None)
    if first is None or moment < first:
        return False  # it did not exist then
    id = str(uuid.uuid5(_SPACE, f"{process.name}|{moment.isoformat()}"))
    if long_jobs.found_job(session.connection, id) is not None:
        return False
    title = f"{process.label}: start for all whose turn it is"
    long_jobs.begin(session, WORK, title, {"process": process.name}, id)
    long_jobs.leave(session.engine, session.connection, id)
    return True


def _moment(session: Session, process: Process) -> datetime:
    """The last moment at which records were to be looked through."""
    zone = session.engine.clock.zone
    now = session.now.astimezone(zone)
    today = datetime.combine(now.date(), time.fromisoformat(process.at), zone)
    return today if today <= now else today - timedelta(days=1)


def portion(session: Session, job: LongJob, size: int) -> bool:
    """Start the process for the next records whose turn it is."""
    told = job.result or {"started": 0, "failed": 0}
    job.result = told
    process = process_named(session, job.body["process"])
    if job.ending or not process.every:
        return False
    query = Query(
        process.subject, (("id",),), process.where, sort=(SortKey(("created_at",)),),
        limit=size, cursor=job.place.get("cursor", ""),
    )  # fmt: skip
    page = read_page(session, query)
    for row in page["data"]:
        if not _its_turn(session, process, row["id"]):
            continue
        try:
            with session.connection.savepoint():
                start(session, process, (process.subject, row["id"]))
            told["started"] += 1
        except Problem:
            told["failed"] += 1
    job.done += len(page["data"])
    job.place["cursor"] = page["next"] or ""
    return bool(page["next"])


def _its_turn(session: Session, process: Process, record: str) -> bool:
    if is_running(session, process.name, record):
        return False
    row = session.catalog.derive(_Last).started.row(
        session.connection, the_subject=record, the_process=process.name
    )
    if row is None or row[0] is None:
        return True
    last: date = session.engine.clock.day_of(row[0])
    return last + timedelta(days=days_of(process.every)) <= session.today


def days_of(every: str) -> int:
    """The days of `14d` or `4w`."""
    return int(every[:-1]) * (7 if every.endswith("w") else 1)


KIND = LongJobKind(WORK, portion)
