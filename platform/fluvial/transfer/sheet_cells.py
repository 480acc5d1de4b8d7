"""Cells of a workbook: numbers, days, moments and lengths as what they are, so that they add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from metamodel.kinds.duration import clock_text

MAX_EXACT = 15  # digits that a spreadsheet keeps of a number
FIRST_DAY = date(1900, 3, 1)  # before it spreadsheets count a day that never was

Content = str | bool | Decimal | date | datetime | timedelta


@dataclass(frozen=True)
class SheetCell:
    """A value and how a workbook shows it. `words` is what stands in a CSV, where that differs."""

    value: Content
    format: str = ""
    words: str = ""

    @property
    def text(self) -> str:
        if self.words:
            return self.words
        value = self.value
        if isinstance(value, Decimal):
            return f"{value:f}"
        if isinstance(value, datetime):
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        if isinstance(value, timedelta):
            return clock_text(int(value.total_seconds()))
        return str(value)


def number_cell(text: str, format: str = "", words: str = "", scale: int = 0) -> SheetCell:
    """A number, shifted by decimal places; as text where a spreadsheet would lose digits of it."""
    value = Decimal(text).scaleb(scale)
    if len(value.normalize().as_tuple().digits) > MAX_EXACT:
        return SheetCell(words or text)
    return SheetCell(value, format, words or text)


def day_cell(day: date, format: str) -> SheetCell:
    """A day or a moment on somebody's clock; as text where a spreadsheet has no such day."""
    early = (day.date() if isinstance(day, datetime) else day) < FIRST_DAY
    cell = SheetCell(day, format)
    return SheetCell(cell.text) if early else cell


def write_cell(sheet: Any, row: int, at: int, cell: SheetCell, shown_as: Any) -> None:
    """Write a cell; `shown_as` is the workbook's object for its format."""
    value = cell.value
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, Decimal):
        sheet.write_number(row, at, float(value), shown_as)
    elif isinstance(value, timedelta):
        sheet.write_number(row, at, value.total_seconds() / 86_400, shown_as)
    elif isinstance(value, date):
        sheet.write_datetime(row, at, value, shown_as)
    else:
        sheet.write_string(row, at, value)
