"""A worker as a process of its own that does long jobs, which a test may let die on the way."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.kernel.settings import load
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine


def main(_: Sequence[str]) -> None:
    long_jobs.FIRST_SIZE = long_jobs.MOST_SIZE = 20
    long_jobs.HELD_SECONDS = 0.0
    engine = Engine(load())
    worked_off(engine)
    engine.close()


def worked_off(engine: Engine) -> None:
    """Go on until no job has anything left to do."""
    while long_jobs.run(engine):
        pass
