"""How an attempt to send something ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: done, retry, failed, gone or wait (for a setting)."""

    result: str
    error: str | None = None
    response: str | None = None
    answer: Any = None  # of a call: what it says, in wire form
