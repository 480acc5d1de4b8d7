"""Celery above the outbox: Redis carries nothing but the word that there is work.

What is to be done stands in the database. A message that is lost, doubled or late changes
nothing but the moment at which a worker looks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from celery import Celery  # type: ignore[import-untyped]  # it brings no types

log = logging.getLogger("fluvial.wake")

TASK = "fluvial.work"
QUEUE = "fluvial"
WAKE_SECONDS = 0.05  # wakes of this time are one
EXPIRES_SECONDS = 30  # a wake that nobody took is worth nothing: workers look by themselves
REDIS_SECONDS = 2.0  # how long Redis may take to answer
LEASE_SECONDS = 60


def make_app(redis_url: str) -> Celery:
    app = Celery("fluvial", broker=redis_url, set_as_current=False)
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
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": LEASE_SECONDS, **socket},
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_publish_retry=False,
    )
    return app


def add_task(app: Celery, work: Callable[[], None]) -> None:
    """The one task: look what there is to do, and do it."""
    app.task(name=TASK, ignore_result=True, acks_late=True)(work)


class Waker:
    """Sends wakes from a thread of its own, so that Redis can neither slow nor fail a save."""

    def __init__(self, redis_url: str) -> None:
        self._app = make_app(redis_url)
        self._wanted = threading.Event()
        self._over = threading.Event()
        self._down = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def __call__(self) -> None:
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
        try:
            self._app.send_task(TASK, expires=EXPIRES_SECONDS, ignore_result=True, retry=False)
        except Exception as error:  # of kombu, redis and sockets: all of them mean "not now"
            if not self._down:
                log.warning("Redis does not answer; workers poll the database instead: %s", error)
            self._down = True
            self._over.wait(1.0)
        else:
            self._down = False
