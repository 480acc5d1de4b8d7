"""Cells of workbooks, as the person saw them and as a CSV file of the same sheet says them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

SHOWN = 15  # digits of a number that a spreadsheet shows
EXACT = 2**53  # up to here a binary fraction holds every whole number


class PlainCell(str):
    """A number of a workbook: its decimal mark is a point, whatever the file is said to have."""

    __slots__ = ()


class FailedCell(str):
    """What a formula without a result shows, such as #REF!."""

    __slots__ = ()


def cell_text(value: Any, percent: bool = False) -> str:
    """The text of a spreadsheet's cell, as a person would write it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return PlainCell(f"{_figures(value * 100)}%" if percent else _figures(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, timedelta):
        return _length(round(value.total_seconds()))
    return str(value)


def _figures(value: float) -> str:
    """A number without an exponent, and without what a binary fraction left at its end."""
    if value == int(value) and abs(value) < EXACT:
        return str(int(value))
    whole = abs(value) >= EXACT
    return format(Decimal(repr(value) if whole else f"{value:.{SHOWN}g}"), "f")


def _length(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), 3600)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}"
