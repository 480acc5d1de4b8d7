"""Answers that take long work: the request waits for its job, and others come in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from fluvial.database.connection import BusyError, GoneError
from fluvial.kernel.problems import Problem
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, FAILED, LongJob

from .call import PROBLEM_TYPE, Answer, Call

log = logging.getLogger("fluvial.http")

Shown = Callable[[Call, LongJob], Answer]
Left = Callable[[Call, str], Answer]
LEFT = "respond-async"
MOST_BUSY = 20  # times in a row that others are in the way of a portion


def job_answer(
    call: Call,
    begin: Callable[[], str],
    shown: Shown,
    patience: float | None = None,
    left: Left | None = None,
) -> Answer:
    """The answer once the job is over that `begin` begins. Until then a portion of it is done each
    time that the server asks; after `patience` seconds, `left` says that the workers do it."""
    later = left or running
    until = None if patience is None else time.monotonic() + patience

    def first() -> Answer:
        id = begin()
        if LEFT in call.headers.get("prefer", "").lower():
            return _left(call, id, later)
        return _step(call, id, shown, until, later)

    return Answer(202, next=first)


def _left(call: Call, id: str, left: Left) -> Answer:
    long_jobs.leave(call.engine, call.engine.database.connection(), id)
    return left(call, id)


def _step(
    call: Call, id: str, shown: Shown, until: float | None, left: Left, busy: int = 0
) -> Answer:
    connection = call.engine.database.connection()
    try:
        more = long_jobs.advance(call.engine, connection, id)
    except (BusyError, GoneError) as error:
        log.warning("job %s: %s", id, error)
        if busy == MOST_BUSY or isinstance(error, GoneError):
            return _left(call, id, left)
        return Answer(202, next=partial(_step, call, id, shown, until, left, busy + 1))
    if not more:
        return shown(call, long_jobs.job_of(connection, id))
    if until is not None and time.monotonic() > until:
        return _left(call, id, left)
    return Answer(202, next=partial(_step, call, id, shown, until, left))


def running(call: Call, id: str) -> Answer:
    """Says where to ask for a job that the workers do."""
    job = long_jobs.job_of(call.engine.database.connection(), id)
    return Answer.json({"job": job.wire()}, 202, [("location", f"/api/jobs/{id}")])


def result_of(call: Call, job: LongJob) -> Answer:
    """What a job has come to, as if it had been done at once."""
    if job.state == DONE:
        return Answer.json(job.result)
    seen = long_jobs.as_seen(call.session, job)
    if job.state == FAILED and seen is not job:
        return Answer.problem(Cancelled(seen.error, job=job.id))
    if job.state == FAILED:
        return Answer.json(job.result, job.status, []).of_type(PROBLEM_TYPE)
    return Answer.problem(Cancelled("This was cancelled.", job=job.id))


class Cancelled(Problem):
    status = 409
    title = "Cancelled"
