"""Questions that are more than the database, or this process, can answer: what people are told."""

from __future__ import annotations

from metamodel.errors import TooMuchWork

from .connection import OutOfRangeError, TooComplexError

TOO_LARGE = (TooMuchWork, TooComplexError, OutOfRangeError, RecursionError)


def too_large(error: Exception) -> str:
    if isinstance(error, TooMuchWork):
        return str(error)
    if isinstance(error, OutOfRangeError):
        return "A value is larger than its field, or than the database calculates with."
    return (
        "This is larger or deeper than the database reads. Ask for fewer fields, use a shorter "
        "expression, or read fewer formulas that read one another."
    )
