"""Workers: embedded in the web process, on their own, or woken through Redis by Celery."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from fluvial.kernel.settings import Settings
from fluvial.runtime.engine import Engine

from .celery_app import Waker, end_celery, work_when_woken
from .jobs import JOB, Rounds

log = logging.getLogger("fluvial.worker")

IDLE_SECONDS = 1.0
GATHER_SECONDS = 0.05  # commits come in bursts; a round takes all of them together
TASK_ROUNDS = 1_000  # a task ends at some time, so that a worker that is told to stop can


class Loop:
    """Rounds of jobs until it is told to stop; woken by commits of its own process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._rounds = Rounds(engine)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            if not self._rounds.round(look=False):
                if self.engine.wakes.wait(self._rounds.rest()):
                    self._over.wait(GATHER_SECONDS)

    def stop(self) -> None:
        self._over.set()
        self.engine.wakes.call()


def start_embedded(engine: Engine) -> Callable[[], None]:
    """Start what works beside the web server; the answer stops it.

    With Redis other processes do the work, and this one only wakes them.
    """
    if engine.settings.redis_url:
        return start_waking(engine)
    loop = Loop(engine)
    thread = threading.Thread(target=loop.run, name="worker", daemon=True)
    thread.start()

    def stop() -> None:
        loop.stop()
        thread.join(timeout=15)

    return stop


def start_waking(engine: Engine) -> Callable[[], None]:
    """Wake Celery's workers after every commit that left work."""
    waker = Waker(engine.settings.redis_url)
    engine.wakers.append(waker)

    def stop() -> None:
        engine.wakers.remove(waker)
        waker.close()

    return stop


def main_worker(settings: Settings) -> int:
    """Work off what there is until a signal ends it. With Redis, Celery wakes it at once."""
    # From the first moment on: Celery takes the signal over while it runs.
    told = threading.Event()

    def leave() -> None:
        # Python swallows what a signal raises inside a finalizer: who goes on asks `told`.
        told.set()
        end_celery()
        raise SystemExit(0)

    _on_signal(leave)
    engine = _open(settings)
    loop = Loop(engine)
    if settings.redis_url:
        poller = threading.Thread(target=loop.run, name="poller", daemon=True)
        poller.start()
        try:
            _celery(engine, told)
        finally:
            loop.stop()
            poller.join(timeout=15)
    else:
        _on_signal(loop.stop)
        print("The worker is running. Press Ctrl-C to stop.", flush=True)
        if not told.is_set():
            loop.run()
    engine.close()
    return 0


def main_scheduler(settings: Settings) -> int:
    """Turn moments that have come into events and wake the workers. Several may run."""
    engine = _open(settings)
    over = threading.Event()
    _on_signal(over.set)
    stop = start_waking(engine) if settings.redis_url else None
    moments = [job for job in engine.brought(JOB) if job.name in MOMENTS]
    rounds = Rounds(engine, moments)
    print("The scheduler is running. Press Ctrl-C to stop.", flush=True)
    while not over.is_set():
        if not rounds.round():
            over.wait(IDLE_SECONDS)
    if stop is not None:
        stop()
    engine.close()
    return 0


MOMENTS = ("dated", "timers", "schedules")


def _open(settings: Settings) -> Engine:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = Engine(settings)
    engine.open()
    return engine


def _on_signal(stop: Callable[[], None]) -> None:
    def handle(number: int, frame: Any) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _celery(engine: Engine, told: threading.Event) -> None:
    rounds = threading.local()

    def work(jobs: Sequence[str]) -> None:
        """Do what the wake is about. Whatever comes by time alone is the poller's."""
        if not hasattr(rounds, "mine"):
            rounds.mine = Rounds(engine)
        for job in jobs or [job.name for job in rounds.mine.jobs if job.every <= 1]:
            engine.wakes.want(job)
        for _ in range(TASK_ROUNDS):
            if not rounds.mine.woken():
                return

    work_when_woken(engine.settings.redis_url, work, told)
