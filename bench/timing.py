"""How long something takes, with nothing left to collect before it begins."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def timed(run: Callable[[], T]) -> tuple[float, T]:
    """Seconds and result."""
    gc.collect()
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result
