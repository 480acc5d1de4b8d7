"""The collector of garbage, held up while many objects are made of which none is garbage yet."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 30.0  # seconds without a look, where one batch begins before another one ends

_lock = threading.Lock()
_held = 0
_since = 0.0


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no circles of garbage meanwhile, in any thread.

    A batch makes so many objects that Python would look through all that the process holds,
    catalogs included, several times. For work that ends within a second or so, and that is over
    with its objects when this ends: those that are left are looked through then.
    """
    hold_up()
    try:
        yield
    finally:
        let_go()


def hold_up() -> None:
    """Begin not to look; each of these is ended by one `let_go`."""
    global _held, _since
    with _lock:
        if not _held:
            _since = time.monotonic()
        _held += 1
        gc.disable()


def let_go() -> None:
    global _held, _since
    with _lock:
        _held -= 1
        if not _held:
            gc.enable()
        late = time.monotonic() - _since > LONGEST
        if late:
            _since = time.monotonic()
    if late:
        gc.collect()


def settle() -> None:
    """What a server has at its start stays: later looks for garbage leave it out."""
    gc.collect()
    gc.freeze()
