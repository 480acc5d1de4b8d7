"""Named points at which a test ends the process: FLUVIAL_FAULT_AT="after_commit:3".

Only where FLUVIAL_ENV is development. The process dies as by kill -9 at the third pass.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Mapping


def chosen(environ: Mapping[str, str]) -> tuple[str, int]:
    """The point that was asked for and the pass at which it kills."""
    if environ.get("FLUVIAL_ENV") != "development":
        return "", 0
    name, _, count = environ.get("FLUVIAL_FAULT_AT", "").partition(":")
    return name, int(count) if count.isdigit() else 1


_NAME, _PASS = chosen(os.environ)
_passes = itertools.count(1)


def point(name: str) -> None:
    """Mark a place where a crash must do no harm."""
    if name == _NAME and next(_passes) == _PASS:
        os.kill(os.getpid(), signal.SIGKILL)
