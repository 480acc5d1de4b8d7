"""Long jobs: work that somebody has begun and that takes many transactions.

Each portion, and how far the work is after it, is one transaction: what is killed in between goes
on where it was, and others write between two portions. A request that waits for its job does the
portions itself, between other requests; workers do those that nobody waits for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import BusyError, Connection, GoneError
from fluvial.database.engine_tables import LONG_JOB
from fluvial.database.leases import Later, free
from fluvial.database.statement import Statement, param
from fluvial.kernel.crash_points import point
from fluvial.kernel.features import Seam
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, NotFound, Problem
from metamodel.storage import POSTGRESQL, SQLITE

from .engine import Engine
from .session import Session

log = logging.getLogger("fluvial.jobs")

WORK = "long jobs"  # the job of the workers
RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
HELD_SECONDS = 10.0  # for which a job is left to whoever did its last portion
OVER = -1.0  # a hold that ended before this very moment
AIM = 0.04  # seconds of one portion: others wait for less than twice as long
FIRST_SIZE, MOST_SIZE = 20, 500
SOON = 0.02  # seconds until a job is looked at again that another process works on
ROUND_SECONDS = 1.0  # of the workers, before other work gets its turn
KEPT = timedelta(days=90)
CONCERNS = "concerns"  # in a body: the person whose work is taken back, whoever does it
ANOTHER_FAILED = "It did not work for the person who started it. Try again to see why."

# What portions change.
SAVED = "state", "done", "total", "body", "place", "result", "error", "status", "ended_at"

_j = LONG_JOB.c
_COLUMNS = (
    _j.id, _j.kind, _j.title, _j.at, _j.by, _j.state, _j.done, _j.total, _j.body, _j.place,
    _j.result, _j.error, _j.status, _j.ending, _j.ended_at,
)  # fmt: skip


def _claim(make: Any) -> Statement:
    made = make(LONG_JOB).values({c.name: param(c.name, c) for c in _j})
    return Statement(made.on_conflict_do_nothing(index_elements=["id"]))


_ADD = {False: _claim(sqlite.insert), True: _claim(postgresql.insert)}
_this = _j.id == param("the_id", _j.id)
_running = _j.state == sa.literal(RUNNING, _j.state.type)
_ONE = Statement(sa.select(*_COLUMNS).where(_this))
_LOCKED = Statement(sa.select(*_COLUMNS).where(_this).with_for_update(skip_locked=True))
_ALL = Statement(sa.select(*_COLUMNS).order_by(_j.at.desc(), _j.id.desc()).limit(200))
_MINE = Statement(
    sa.select(*_COLUMNS)
    .where(_j.by == param("the_user", _j.by))
    .order_by(_j.at.desc(), _j.id.desc())
    .limit(200)
)
_NEXT = Statement(sa.select(_j.id).where(_running, free(LONG_JOB)).order_by(_j.at, _j.id).limit(1))
_RUNNING = Statement(sa.select(_j.id).where(_running).order_by(_j.at, _j.id))
_SET = Statement(
    LONG_JOB.update()
    .where(_this)
    .values(
        leased_until=Later("the_seconds"),
        **{name: param(f"the_{name}", _j[name]) for name in SAVED},
    )
)
_HOLD = Statement(LONG_JOB.update().where(_this).values(leased_until=Later("the_seconds")))
_AGAIN = Statement(
    LONG_JOB.update()
    .where(_this, ~_running)
    .values(
        state=param("the_state", _j.state),
        by=param("the_by", _j.by),
        ending=sa.false(),
        error="",
        leased_until=sa.null(),
    )
)
_END = Statement(LONG_JOB.update().where(_this, _running).values(ending=sa.true()))
_FORGET = Statement(LONG_JOB.delete().where(~_running, _j.at < param("the_at", _j.at)))


@dataclass
class LongJob:
    """One job. A portion moves `place` and `done` on, and says what came out of it. A job whose
    rows do not take equally long at all times says its `phase` in its place."""

    id: str
    kind: str
    title: str
    at: datetime
    by: str | None
    state: str
    done: int
    total: int | None
    body: dict[str, Any]
    place: dict[str, Any]
    result: Any
    error: str
    status: int
    ending: bool
    ended_at: datetime | None

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "at": self.at,
            "by": {"user": self.by} if self.by else None,
            "state": "cancelling" if self.ending and self.state == RUNNING else self.state,
            "done": self.done,
            "total": self.total,
            "result": self.result,
            "error": self.error,
            "ended_at": self.ended_at,
        }


@dataclass(frozen=True)
class LongJobKind:
    """A kind of long work. `portion` does about as many rows as it is told, inside a transaction,
    and says whether there is more; a job that is `ending` is brought to a sound end instead."""

    name: str
    portion: Callable[[Session, LongJob, int], bool]


LONG_JOB_KIND: Seam[LongJobKind] = Seam("work in portions")

# Rows that a portion did in good time, by the kind of job and the phase that it is in.
_sizes: dict[tuple[str, str], int] = {}


def begin(session: Session, kind: str, title: str, body: dict[str, Any], id: str = "") -> LongJob:
    """A new job, or the one that has this id already. It is left to the workers when whoever
    began it does no portion of it for some time, or says so."""
    connection, made = session.connection, id or new_id()
    values: dict[str, Any] = dict.fromkeys((c.name for c in _j), None)
    values |= {
        "id": made, "kind": kind, "title": title, "at": session.now, "by": session.actor.id,
        "state": RUNNING, "done": 0, "body": body, "place": {}, "error": "", "status": 0,
        "ending": False,
    }  # fmt: skip
    with connection.transaction():
        if _ADD[connection.dialect == POSTGRESQL].run(connection, **values):
            _HOLD.run(connection, the_id=made, the_seconds=HELD_SECONDS)
    return job_of(connection, made)


def leave(engine: Engine, connection: Connection, id: str) -> LongJob:
    """Nobody waits for a job any more: the workers go on with it."""
    with connection.transaction():
        _HOLD.run(connection, the_id=id, the_seconds=OVER)
        engine.woken(connection, WORK)
    return job_of(connection, id)


def found_job(connection: Connection, id: str) -> LongJob | None:
    row = _ONE.row(connection, the_id=id) if is_id(id) else None
    return LongJob(*row) if row is not None else None


def running_jobs(connection: Connection) -> list[str]:
    """All that are not done yet, also those that are left to who began them."""
    return [row[0] for row in _RUNNING.rows(connection)]


def job_of(connection: Connection, id: str) -> LongJob:
    found = found_job(connection, id)
    if found is None:
        raise NotFound("There is no such job.")
    return found


def visible_job(session: Session, id: str) -> LongJob:
    """A job of one's own, or one that takes back what one has done; an administrator's are all."""
    found = job_of(session.connection, id)
    if session.access.admin or found.by == session.actor.id:
        return found
    if session.actor.id is None or found.body.get(CONCERNS) != session.actor.id:
        raise NotFound("There is no such job.")
    return as_seen(session, found)


def as_seen(session: Session, job: LongJob) -> LongJob:
    """A job as somebody may see it: what it says of records is for the eyes of who does it."""
    if session.access.admin or job.by == session.actor.id:
        return job
    told = job.result if isinstance(job.result, dict) else {}
    figures = {name: value for name, value in told.items() if isinstance(value, int)}
    return replace(job, result=figures or None, error=job.error and ANOTHER_FAILED)


def visible_jobs(session: Session) -> list[LongJob]:
    """The newest first."""
    if session.access.admin:
        return [LongJob(*row) for row in _ALL.rows(session.connection)]
    return [LongJob(*row) for row in _MINE.rows(session.connection, the_user=session.actor.id)]


def cancel(session: Session, id: str) -> LongJob:
    found = visible_job(session, id)
    if not _END.run(session.connection, the_id=id):
        raise Conflict(f"This job is {found.state} already.")
    session.engine.woken(session.connection, WORK)
    return job_of(session.connection, id)


def retry(session: Session, id: str) -> LongJob:
    """Let a job that failed, or was cancelled, go on where it was."""
    found = visible_job(session, id)
    own = session.access.admin or found.by == session.actor.id
    return _again(session, found, found.by if own else session.actor.id)


def take_over(session: Session, job: LongJob) -> LongJob:
    """The same for somebody who may do this work, whoever began it: from now on it is theirs."""
    return _again(session, job, session.actor.id)


def _again(session: Session, job: LongJob, by: str | None) -> LongJob:
    said = {"the_id": job.id, "the_state": RUNNING, "the_by": by}
    if job.state == DONE or not _AGAIN.run(session.connection, **said):
        raise Conflict(f"This job is {job.state}; only one that failed can be tried again.")
    session.engine.woken(session.connection, WORK)
    return job_of(session.connection, job.id)


def fail(job: LongJob, problem: Problem) -> None:
    """End a job that cannot be done, with what its portion has written."""
    job.state, job.error, job.status = FAILED, problem.detail, problem.status
    job.result = problem.body()


def run(engine: Engine) -> bool:
    """Work for a while at a job that nobody waits for; whether there may be more."""
    connection = engine.database.connection()
    until = time.monotonic() + ROUND_SECONDS
    while (row := _NEXT.row(connection)) is not None:
        while advance(engine, connection, row[0]):
            if time.monotonic() > until:
                _HOLD.run(connection, the_id=row[0], the_seconds=OVER)  # for the next round
                return True
    return False


def advance(engine: Engine, connection: Connection, id: str) -> bool:
    """Do one portion of a job; whether it is still running."""
    try:
        with connection.transaction():
            clock = time.thread_time if connection.dialect == SQLITE else time.monotonic
            started = clock()  # what others do meanwhile says nothing of the portion
            row = _LOCKED.row(connection, the_id=id)
            if row is None or row[5] != RUNNING:
                return row is None and _others_at_work(connection, id)
            job = LongJob(*row)
            session = _session(engine, connection, job)
            phase = job.kind, str(job.place.get("phase", ""))
            size = _sizes.get(phase, FIRST_SIZE)
            more = _kind(engine, job.kind).portion(session, job, size)
            if not more and job.state == RUNNING:
                job.state = CANCELLED if job.ending else DONE
            _store(connection, job, session.now)
            point("in_long_job")
    except (BusyError, GoneError):
        raise
    except Exception as error:
        return _failed(engine, connection, id, error)
    _measure(phase, size, clock() - started)
    return job.state == RUNNING


def _others_at_work(connection: Connection, id: str) -> bool:
    """Another process does a portion just now; whether the job runs."""
    time.sleep(SOON)
    return job_of(connection, id).state == RUNNING


def forget(connection: Connection, now: datetime) -> None:
    _FORGET.run(connection, the_at=now - KEPT)


def _session(engine: Engine, connection: Connection, job: LongJob) -> Session:
    """Of the one who began it, with the rights of now."""
    actor = engine.people.actor(connection, job.by) if job.by else SYSTEM
    if actor is None:
        raise Problem("The person who started this job can no longer sign in.")
    return Session.begin(engine, actor, connection=connection)


def _kind(engine: Engine, name: str) -> LongJobKind:
    for kind in engine.brought(LONG_JOB_KIND):
        if kind.name == name:
            return kind
    raise Problem(f"Nothing does the work `{name}` any more.")


def _store(connection: Connection, job: LongJob, now: datetime) -> None:
    if job.state != RUNNING:
        job.ended_at = now
    values = {f"the_{name}": getattr(job, name) for name in SAVED}
    _SET.run(connection, the_id=job.id, the_seconds=HELD_SECONDS, **values)


def _failed(engine: Engine, connection: Connection, id: str, error: Exception) -> bool:
    """Note why a job cannot go on; what its portion did is undone already."""
    if not isinstance(error, Problem):
        log.error("job %s", id, exc_info=error)
        error = Problem("Something went wrong. The error has been logged.")
    with connection.transaction():
        job = job_of(connection, id)
        fail(job, error)
        _store(connection, job, engine.clock.now())
    return False


def _measure(phase: tuple[str, str], size: int, seconds: float) -> None:
    """Portions become smaller where they take too long, and larger where there is room."""
    if seconds > AIM:
        _sizes[phase] = max(1, size // 2)
    elif seconds < AIM / 3:
        _sizes[phase] = min(MOST_SIZE, size * 2)
