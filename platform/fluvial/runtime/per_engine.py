"""What a process has once for each engine, made when it is first asked for."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from .engine import Engine

T = TypeVar("T")


class PerEngine(Generic[T]):
    """One for all threads of a process; it goes with its engine.

    `make` may have something closed with the engine through `engine.closers`, and holds no
    reference to the engine: the thing would keep it alive.
    """

    def __init__(self, make: Callable[[Engine], T]) -> None:
        self._make = make
        self._made: weakref.WeakKeyDictionary[Engine, T] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def __call__(self, engine: Engine) -> T:
        with self._lock:
            found = self._made.get(engine)
            if found is None:
                found = self._made[engine] = self._make(engine)
            return found
