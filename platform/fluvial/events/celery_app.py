"""Celery above the outbox: Redis carries nothing but the word that there is work.

What is to be done stands in the database. A message that is lost, doubled or late changes
nothing but the moment at which a worker looks.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

from celery import Celery, signals  # type: ignore[import-untyped]  # it brings no types
from celery.exceptions import CPendingDeprecationWarning  # type: ignore[import-untyped]
from celery.worker import state as worker_state  # type: ignore[import-untyped]
from kombu.asynchronous import set_event_loop

from . import wake_transport

log = logging.getLogger("fluvial.wake")

TASK = "fluvial.work"
QUEUE = "fluvial"
WAKE_SECONDS = 0.05  # wakes of this time are one
EXPIRES_SECONDS = 30  # a wake that nobody took is worth nothing: workers look by themselves
REDIS_SECONDS = 2.0  # how long Redis may take to answer
LEASE_SECONDS = 60
CELERY_THREADS = 2
ARGUMENTS = (
    "worker", "--pool=threads", f"--concurrency={CELERY_THREADS}", "--loglevel=WARNING",
    "--without-gossip", "--without-mingle", "--without-heartbeat",
)  # fmt: skip
PAUSES = (1.0, 30.0)  # seconds before Celery is started anew, growing


def make_app(redis_url: str) -> Celery:
    wake_transport.use()
    app = Celery("fluvial", broker=redis_url, set_as_current=False)
    if redis_url.startswith("rediss:") and "ssl_cert_reqs=" not in redis_url:
        # Without it kombu talks to whoever answers, and only warns.
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    socket = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_prefetch_multiplier=1,
        task_default_queue=QUEUE,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": LEASE_SECONDS, **socket},
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_publish_retry=False,
    )
    return app


Work = Callable[[Sequence[str]], None]  # what a wake leads to: the jobs that have something to do


def add_task(app: Celery, work: Work) -> None:
    """The one task: do what there is to do for some jobs; for none named, look at all."""

    def woken(jobs: Sequence[str] = ()) -> None:
        work(jobs)

    app.task(name=TASK, ignore_result=True, acks_late=True)(woken)


def work_when_woken(redis_url: str, work: Work, told: threading.Event) -> None:
    """Be a Celery worker until somebody tells it to stop; one that ends by itself starts anew.

    Whatever brings Celery down, a fault of its own or of Redis, brings down no more than it.
    """
    pause = PAUSES[0]

    def note(**_: object) -> None:
        told.set()

    signals.worker_shutting_down.connect(note, weak=False)
    while True:
        started = time.monotonic()
        _be_worker(redis_url, work)
        if told.is_set():
            signals.worker_shutting_down.disconnect(note)
            return
        pause = PAUSES[0] if time.monotonic() - started > PAUSES[1] else min(pause * 2, PAUSES[1])
        log.error("Celery has ended by itself. It starts again in %d seconds.", pause)
        told.wait(pause)


def end_celery() -> None:
    """Have the worker of this process end as after a signal of its own, however far it is."""
    worker_state.should_stop = 0  # its exit code


def _be_worker(redis_url: str, work: Work) -> None:
    # What it advises of is chosen with care below.
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    set_event_loop(None)  # that of a worker before this one
    worker_state.reset_state()
    app = make_app(redis_url)
    add_task(app, work)
    try:
        app.worker_main(list(ARGUMENTS))
    except Exception:
        log.exception("Celery")
    finally:
        with suppress(Exception):
            app.close()


class Waker:
    """Sends wakes from a thread of its own, so that Redis can neither slow nor fail a save."""

    def __init__(self, redis_url: str) -> None:
        self._app = make_app(redis_url)
        self._wanted = threading.Event()
        self._jobs: set[str] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._down = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def __call__(self, job: str) -> None:
        with self._lock:
            self._jobs.add(job)
        self._wanted.set()

    def close(self) -> None:
        self._over.set()
        self._wanted.set()
        self._thread.join(timeout=REDIS_SECONDS * 2)
        with suppress(Exception):
            self._app.close()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._over.is_set():
                return
            self._wanted.clear()
            self._send()
            self._over.wait(WAKE_SECONDS)

    def _send(self) -> None:
        with self._lock:
            jobs, self._jobs = sorted(self._jobs), set()
        sent = {"expires": EXPIRES_SECONDS, "ignore_result": True, "retry": False}
        try:
            self._app.send_task(TASK, args=[jobs], **sent)
        except Exception as error:  # of kombu, redis and sockets: all of them mean "not now"
            if not self._down:
                log.warning("Redis does not answer; workers poll the database instead: %s", error)
            self._down = True
            self._over.wait(1.0)
        else:
            self._down = False
