"""Jobs: what workers repeat, brought by the engine's own parts and by features."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from fluvial.database.connection import BusyError, Connection, GoneError
from fluvial.kernel.features import Seam
from fluvial.runtime.engine import Engine
from metamodel.storage import POSTGRESQL

log = logging.getLogger("fluvial.jobs")


@dataclass(frozen=True)
class Job:
    """Work that the workers repeat: `run` does one portion and says whether there may be more."""

    name: str
    run: Callable[[Engine], bool]
    every: float = 1.0  # seconds between looks when nothing wakes it
    sends: bool = False  # it reaches other systems, so the tests of apps leave it out


JOB: Seam[Job] = Seam("what workers repeat")
# Forgets what has expired; in the workers, every few minutes.
HOUSEKEEPING: Seam[Callable[[Connection, datetime], object]] = Seam("when the workers keep house")


GROWN = 1_000  # rows written, after which SQLite counts anew; or a fifth of all, if that is more
_counted: weakref.WeakKeyDictionary[Engine, int] = weakref.WeakKeyDictionary()


def count_grown(engine: Engine) -> bool:
    """Let the database count what an import or an installation has filled: until then its plans
    are made for empty tables. PostgreSQL knows by itself which tables these are."""
    connection = engine.database.connection()
    if engine.database.dialect == POSTGRESQL:
        connection.analyze()
        return False
    counted, written = _counted.get(engine, 0), engine.database.changed_rows()
    if written - counted >= max(GROWN, counted // 5):
        connection.analyze()
        _counted[engine] = engine.database.changed_rows()
    return False


def keep_house(engine: Engine) -> bool:
    """Forget what has expired, and let the database count what it plans by."""
    connection, now = engine.database.connection(), engine.clock.now()
    for forget in engine.brought(HOUSEKEEPING):
        forget(connection, now)
    connection.analyze()
    return False


def run_pending(engine: Engine) -> bool:
    """One round of all jobs; whether there may be more to do at once."""
    return any([job.run(engine) for job in engine.brought(JOB)])


class Rounds:
    """Rounds of one worker: each job when it may have work, and none stops the others."""

    def __init__(self, engine: Engine, jobs: Iterable[Job] | None = None) -> None:
        self.engine = engine
        self.jobs = tuple(engine.brought(JOB) if jobs is None else jobs)
        self._next = dict.fromkeys((job.name for job in self.jobs), 0.0)
        self._unfinished: set[str] = set()

    def round(self, *, look: bool = True) -> bool:
        """Run what a commit has woken, what was not finished and what is due; whether there may
        be more at once. Where it is to `look`, jobs with a short interval are due at any time."""
        now = time.monotonic()  # one for all, so that they are due together the next time, too
        self._unfinished = {job.name for job in self.jobs if self._worked(job, now, look)}
        return bool(self._unfinished)

    def woken(self) -> bool:
        """Run what a commit has woken and what was not finished, and nothing that is only due."""
        self._unfinished = {
            job.name
            for job in self.jobs
            if (self.engine.wakes.take(job.name) or job.name in self._unfinished) and self._run(job)
        }
        return bool(self._unfinished)

    def rest(self) -> float:
        """Seconds until the next job is due."""
        return max(0.0, min(self._next.values(), default=0.0) - time.monotonic())

    def _worked(self, job: Job, now: float, look: bool) -> bool:
        """Run a job where there may be work for it; whether there may be more."""
        # Asked of each in its turn: the jobs before it may have woken it.
        woken = self.engine.wakes.take(job.name)
        due = now >= self._next[job.name] or (look and job.every <= 1)
        if not (woken or due or job.name in self._unfinished):
            return False
        self._next[job.name] = now + job.every
        return self._run(job)

    def _run(self, job: Job) -> bool:
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
