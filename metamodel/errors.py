"""What can go wrong with metadata and with values.

MetamodelError
├── MetadataError      a set of documents has faults; all of them, each with its place
├── ExpressionError    an expression is not valid, or does not fit its types
└── ValueFault         a value does not fit its field
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MetamodelError(Exception):
    """Root of the errors of this folder."""


@dataclass(frozen=True)
class Fault:
    """One fault of one document: where it is, what is wrong and how to fix it."""

    document: str  # "object/book"
    pointer: str  # JSON pointer into the document, "" for the whole
    code: str  # stable, for programs: "unknown_field"
    message: str  # for people: what is wrong
    hint: str = ""  # for people: the remedy
    file: str = ""  # the file it came from, where there is one

    def __str__(self) -> str:
        place = f"{self.file or self.document}{'#' + self.pointer if self.pointer else ''}"
        return f"{place}: {self.message}{' ' + self.hint if self.hint else ''}"


class MetadataError(MetamodelError):
    """A set of documents that cannot be put in force, with every fault at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class ExpressionError(MetamodelError):
    """An expression that is not valid, or whose parts do not fit.

    `at` is the offset of the mistake in the text and `length` how much of it is meant.
    """

    def __init__(
        self, message: str, *, source: str, at: int = 0, length: int = 0, hint: str = ""
    ) -> None:
        self.message = message
        self.source = source
        self.at = at
        self.length = length
        self.hint = hint
        super().__init__(f"{message}{' ' + hint if hint else ''} (at {at + 1} in: {source})")


class TooMuchWork(MetamodelError):
    """An expression does more than one request may."""

    def __init__(self) -> None:
        super().__init__(
            "This needs more work than one request may do: too many records, or too many days on "
            "which something changes, times too many functions. Ask for fewer records, for a "
            "shorter period, or for less about each of them."
        )


class ValueFault(MetamodelError):
    """A value that its field does not take: a stable code and a sentence with the remedy."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
