"""The jobs that workers repeat: the engine's own and those of the features."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fluvial.database import rate_limits
from fluvial.database.connection import BusyError, GoneError
from fluvial.database.engine_tables import SESSION
from fluvial.database.statement import Statement, param
from fluvial.http import idempotency
from fluvial.kernel.feature import Job
from fluvial.metadata_changes import cutover, index_builds
from fluvial.records.calculated import recalculation_job
from fluvial.transfer import files

from . import apply_planned, outbox

if TYPE_CHECKING:
    from fluvial.runtime.engine import Engine

log = logging.getLogger("fluvial.jobs")

_END_SESSIONS = Statement(
    SESSION.delete().where(SESSION.c.expires_at < param("the_now", SESSION.c.expires_at))
)


def keep_house(engine: Engine) -> bool:
    """Forget what has expired, and let the database count what it plans by."""
    connection = engine.database.connection()
    now = engine.clock.now()
    idempotency.expire(connection, now)
    _END_SESSIONS.run(connection, the_now=now)
    rate_limits.forget(connection, now)
    files.sweep(engine)
    connection.analyze()
    return False


OUTBOX_JOB = Job("outbox", outbox.run)
DATED_JOB = Job("dated", apply_planned.run)
RECALCULATION_JOB = Job("recalculation", recalculation_job.run)
CHANGES_JOB = Job("changes", cutover.run)
INDEXES_JOB = Job("indexes", index_builds.run)
HOUSE_JOB = Job("house", keep_house, every=600)


def jobs_of(engine: Engine) -> tuple[Job, ...]:
    """Events first, then what they made."""
    features = (job for feature in engine.features for job in feature.jobs)
    own = (RECALCULATION_JOB, CHANGES_JOB, INDEXES_JOB, HOUSE_JOB)
    return (OUTBOX_JOB, DATED_JOB, *features, *own)


def run_pending(engine: Engine) -> bool:
    """One round of all jobs; whether there may be more to do at once."""
    return any([job.run(engine) for job in jobs_of(engine)])


class Rounds:
    """Rounds of one worker: each job when it is due, and none stops the others."""

    def __init__(self, engine: Engine, jobs: Iterable[Job] | None = None) -> None:
        self.engine = engine
        self.jobs = tuple(jobs_of(engine) if jobs is None else jobs)
        self._next = dict.fromkeys((job.name for job in self.jobs), 0.0)

    def round(self) -> bool:
        return any([self._run(job) for job in self.jobs])

    def _run(self, job: Job) -> bool:
        now = time.monotonic()
        # Jobs with a long interval wait for it; the others look at every round.
        if job.every > 1 and now < self._next[job.name]:
            return False
        self._next[job.name] = now + job.every
        try:
            more = job.run(self.engine)
        except (BusyError, GoneError) as error:
            log.warning("%s: %s", job.name, error)
            self.engine.metrics.job(job.name, "busy")
        except Exception:
            log.exception("%s", job.name)
            self.engine.metrics.job(job.name, "failed")
        else:
            self.engine.metrics.job(job.name, "done")
            return more
        return False
