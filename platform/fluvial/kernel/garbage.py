"""The collector of garbage, held up while many objects are made of which none is garbage yet."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_held = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no circles of garbage meanwhile, in any thread.

    A batch makes so many objects that Python would look through all that the process holds,
    catalogs included, several times. For work that ends within a second or so.
    """
    global _held
    with _lock:
        _held += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _held -= 1
            if not _held:
                gc.enable()
