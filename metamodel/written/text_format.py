"""How text from outside (cells of tables, parameters of addresses, inputs of pages) is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextFormat:
    """The marks, orders and units in which a text says a value.

    The defaults are those of the API: what it writes, it reads.
    """

    dates: str = "ymd"  # "dmy", "mdy" or "ymd"
    empty: frozenset[str] = frozenset()  # cells that mean empty, beside ""
    decimal: str = "."  # decimal mark; "" where nobody has said it: what may be both is refused
    zone: str = "UTC"  # of moments that do not name theirs
    locale: str = "en"  # whose names of months and signs of currencies it may use, beside English
    unit: str = "seconds"  # of a length without one: "hours", ...; "" where nobody has said it
    line_breaks: str = ""  # "space": in one line of text they become a space
    typed: bool = False  # by a person, who is told of what may be read in two ways
