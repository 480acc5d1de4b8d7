"""How text from outside (CSV cells, URL parameters, form inputs) is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextFormat:
    """The marks and orders in which a text says a value."""

    dates: str = "ymd"  # "dmy", "mdy" or "ymd"
    empty: frozenset[str] = frozenset()  # cells that mean empty, beside ""
    decimal: str = "."  # decimal mark
    zone: str = "UTC"  # of moments that do not name theirs
