"""Turns of the one writer of SQLite: first come, first served, and how long each was.

SQLite lets those who wait look again and again, so whoever writes one transaction after another
would keep the others out by chance. The threads of a process stand in a queue instead.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from fluvial.kernel.metrics import BOUNDS, Family, gauge, histogram

from .connection import BusyError


class WriterTurns:
    """Who writes, who waits, and what the turns were like since the start of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False
        self._since = 0.0
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.longest = 0.0
        self.most_rows = 0

    def take(self, patience: float) -> None:
        """Wait for the turn; BusyError after so many seconds."""
        with self._lock:
            if not self._taken:
                self._begin()
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience):
            return
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise BusyError("another transaction of this process writes for too long")

    def leave(self, rows: int = 0) -> None:
        """End the turn, in which so many rows were written; the next one begins."""
        with self._lock:
            seconds = time.monotonic() - self._since
            self.counts[bisect_left(BOUNDS, seconds)] += 1
            self.seconds += seconds
            self.longest = max(self.longest, seconds)
            self.most_rows = max(self.most_rows, rows)
            self._taken = False
            if self._waiting:
                self._begin()
                self._waiting.popleft().set()

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        self.take(patience)
        try:
            yield
        finally:
            self.leave()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def forget(self) -> None:
        """Measure anew."""
        with self._lock:
            self.counts = [0] * (len(BOUNDS) + 1)
            self.seconds, self.longest, self.most_rows = 0.0, 0.0, 0

    def families(self) -> Iterator[Family]:
        with self._lock:
            counts, seconds = list(self.counts), self.seconds
        about = "Time for which a transaction held the writer of SQLite."
        yield histogram("fluvial_writer_turn_seconds", about, counts, seconds)
        about = "The longest of these turns."
        yield gauge("fluvial_writer_longest_turn_seconds", about, self.longest)
        about = "The most rows that one of these transactions wrote."
        yield gauge("fluvial_writer_most_rows", about, self.most_rows)

    def _begin(self) -> None:
        self._taken = True
        self._since = time.monotonic()
