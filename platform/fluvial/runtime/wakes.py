"""Wakes: which jobs of the workers a commit of this process has left something to do."""

from __future__ import annotations

import threading


class Wakes:
    """The jobs that are wanted. Whoever takes one does all that there is for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted: set[str] = set()
        self._called = False

    def want(self, job: str) -> None:
        with self._changed:
            self._wanted.add(job)
            self._changed.notify_all()

    def call(self) -> None:
        """End the waiting, without any work: somebody wants to stop."""
        with self._changed:
            self._called = True
            self._changed.notify_all()

    def take(self, job: str) -> bool:
        """Whether the job is wanted; it is the caller's from now on."""
        with self._changed:
            if job not in self._wanted:
                return False
            self._wanted.remove(job)
            return True

    def wait(self, seconds: float) -> bool:
        """Wait until something is wanted; whether that has happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._wanted) or self._called, seconds)
