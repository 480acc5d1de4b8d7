"""The reads of a process that took long: what was asked, how often, how long at worst."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

KEPT = 100  # questions; those that were not asked for the longest time leave first


@dataclass(frozen=True)
class SlowQuestion:
    """What was asked, without the values that it was asked with."""

    object: str
    read: str  # list, count, summary, board
    where: str = ""
    equal: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    search: bool = False


@dataclass
class Slow:
    question: SlowQuestion
    times: int
    worst: float  # seconds
    last: datetime


class SlowQuestions:
    """Bounded, and of this process since it began."""

    def __init__(self, limit: float) -> None:
        self.limit = limit  # seconds; 0 notes nothing
        self.total = 0
        self._kept: OrderedDict[SlowQuestion, Slow] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, question: SlowQuestion, seconds: float, now: datetime) -> None:
        with self._lock:
            self.total += 1
            known = self._kept.pop(question, None) or Slow(question, 0, 0.0, now)
            self._kept[question] = known
            known.times += 1
            known.worst, known.last = max(known.worst, seconds), now
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def all(self) -> list[Slow]:
        """Those that took the most time in all come first."""
        with self._lock:
            return sorted(self._kept.values(), key=lambda s: -s.worst * s.times)
