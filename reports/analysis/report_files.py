"""A report as a file: a table of its innermost groups, with a column for each value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from fluvial.pages.reader_format import ReaderFormat
from fluvial.transfer.exports import safe
from fluvial.transfer.sheet_cells import SheetCell, day_cell, number_cell, write_cell
from metamodel.currencies import Amount, minor_units
from metamodel.expressions.decimals import plain, round_half_up
from metamodel.expressions.types import DATE, DATETIME, DURATION
from metamodel.storage import at_least

from .report_answers import steps_of
from .report_cube import Key
from .report_reader import ReadReport
from .report_table import TOTAL, ReportTable
from .report_values import CALCULATED_SCALE, ShownMeasure

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WIDTH = 18
BEFORE = "{} (before)"


def file_of(read: ReadReport, fmt: ReaderFormat, format_: str) -> bytes:
    table = ReportTable(read, fmt)
    return _csv(table) if format_ == "csv" else _xlsx(table)


def headings(table: ReportTable) -> list[str]:
    """Groups, then the columns with their measures, then the measures of whole rows."""
    read, found = table.read, [words.label for words in table.read.groups]
    for label in (*table.column_labels(), ""):
        found += _measure_heads(read, f"{label}: " if label else "")
    return [*found, *(head for step in table.steps(()) for head in _step_heads(step))]


def _measure_heads(read: ReadReport, before: str) -> Iterator[str]:
    for one in read.values.shown:
        yield f"{before}{one.label}"
        if read.compares:
            yield BEFORE.format(f"{before}{one.label}")


def _step_heads(step: dict[str, Any]) -> list[str]:
    label = step["label"]
    return [label, f"{label} (of the step before)", f"{label} (of the start)", f"{label} (after)"]


def rows_of(table: ReportTable) -> Iterator[list[SheetCell | None]]:
    """The innermost groups, and the totals of all."""
    read = table.read
    for row in read.walk():
        if len(row) == len(read.groups):
            yield [*_labels(table, row), *_values(table, row)]
    labels: list[SheetCell | None] = [None] * len(read.groups)
    if labels:
        labels[0] = SheetCell(TOTAL)
    yield [*labels, *_values(table, ())]


def _labels(table: ReportTable, row: Key) -> list[SheetCell | None]:
    cube = table.read.cube
    return [
        SheetCell(words.said(cube.values[at, key]))
        for at, (words, key) in enumerate(zip(table.read.groups, row, strict=True))
    ]


def _values(table: ReportTable, row: Key) -> Iterator[SheetCell | None]:
    read = table.read
    for column in (*read.column_keys, ()):
        cell = read.cube.cell(row, column)
        now = read.measured(cell)
        before = read.measured(cell, before=True) if read.compares else {}
        for one in read.values.shown:
            yield sheet_cell(one, now[one.key])
            if read.compares:
                yield sheet_cell(one, before[one.key])
    if read.report.funnel:
        for step in steps_of(read, read.cube.cell(row), read.where(row)):
            shares = (step["of_step"], step["of_start"])
            yield number_cell(str(step["count"]))
            yield from (number_cell(one, "0.0%") if one else None for one in shares)
            seconds = step["seconds"]
            yield None if seconds is None else number_cell(plain(Decimal(seconds)))


def sheet_cell(one: ShownMeasure, value: Any) -> SheetCell | None:
    """A value as a number that adds up; amounts in several currencies are a text."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return SheetCell(" · ".join(f"{_amount(each)} {each.currency}" for each in value))
    if isinstance(value, Amount):
        return number_cell(_amount(value), f"#,##0.00 [${value.currency}]")
    if one.type.name in (DATE.name, DATETIME.name):
        moment = one.type.name == DATETIME.name
        plain_day = value.replace(tzinfo=None) if moment else value
        return day_cell(plain_day, "yyyy-mm-dd hh:mm" if moment else "yyyy-mm-dd")
    if one.type.name == DURATION.name:
        return number_cell(str(value))
    text = plain(round_half_up(Decimal(value), CALCULATED_SCALE))
    return number_cell(text, "0.0%" if one.percent else "")


def _amount(value: Amount) -> str:
    rounded = round_half_up(value.amount, CALCULATED_SCALE)
    return at_least(f"{rounded:f}", minor_units(value.currency))


def _csv(table: ReportTable) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(heading) for heading in headings(table)])
    for row in rows_of(table):
        writer.writerow([safe(cell.text) if cell else "" for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()  # spreadsheets take it for UTF-8 only then


def _xlsx(table: ReportTable) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet(_sheet_name(table.read.report.label))
    formats: dict[str, Any] = {"": None}
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, len(table.read.groups))
    _headings(sheet, headings(table), bold)
    for at, row in enumerate(rows_of(table), 1):
        for place, cell in enumerate(row):
            if cell is None:
                continue
            if cell.format not in formats:
                formats[cell.format] = book.add_format({"num_format": cell.format})
            write_cell(sheet, at, place, cell, formats[cell.format])
    book.close()
    return target.getvalue()


def _headings(sheet: Any, texts: Sequence[str], bold: Any) -> None:
    for at, text in enumerate(texts):
        sheet.set_column(at, at, WIDTH)
        sheet.write_string(0, at, text, bold)


def _sheet_name(label: str) -> str:
    """A name that workbooks take."""
    name = "".join(" " if character in "[]:*?/\\" else character for character in label)
    return name.strip(" '")[:31] or "Report"
