"""Events: what the outbox says of a change once it is committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """One committed change. `changes` are {field: [old, new]} in wire form."""

    id: str
    at: datetime
    object: str
    record: str
    rev: int
    event: str  # created, updated, deleted, restored
    actor: str | None
    cause: Any
    changes: Mapping[str, Any]
