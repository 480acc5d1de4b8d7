"""The records of a collection that a ledger looks at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LedgerRows:
    """The records of a collection: their object type, and the look-up to the charged record."""

    object: str
    link: str
    dated: tuple[str, str] | None = None  # the fields from and until which they hold
    moments: bool = False  # ... are moments, and no days
