"""Whole numbers in texts that come from outside: addresses, forms, pointers, schedules.

`str.isdigit` also holds for ² and for figures of other scripts, which `int` refuses or reads, and
`int` refuses a number of some thousand figures. So nobody asks both of a text on their own.
"""

from __future__ import annotations

MOST = 9  # figures


def whole_of(text: str) -> int | None:
    """The number that up to nine plain figures say; None for every other text."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST
    return int(text) if plain else None
