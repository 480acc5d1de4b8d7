"""The tables of a printed document as files: a workbook with a sheet for each, or one as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from fluvial.transfer.exports import safe
from fluvial.transfer.sheet_cells import SheetCell, day_cell, number_cell, write_cell

DAY, MOMENT, LENGTH = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "[h]:mm"
WRITTEN = {"YYYY": "%Y", "MM": "%m", "DD": "%d"}  # parts of days, as a table names them
_UNFIT = re.compile(r"[\[\]:*?/\\']")  # for names of sheets


def workbook(tables: Mapping[str, Mapping[str, Any]], zone: ZoneInfo) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    bold = book.add_format({"bold": True})

    @cache
    def shown_as(format: str, strong: bool) -> Any:
        return book.add_format({"num_format": format or "General", "bold": strong})

    taken: set[str] = set()
    for table in tables.values():
        sheet = book.add_worksheet(_sheet_name(table["label"], taken))
        for at, (heading, wide) in enumerate(_headings(table)):
            sheet.write_string(0, at, heading, bold)
            sheet.set_column(at, at, wide)
        sheet.freeze_panes(1, 0)
        for row, line in enumerate(table["lines"], 1):
            strong = line["is"] != "row"
            for at, cell in enumerate(_line_cells(table, line, zone)):
                if cell is not None:
                    write_cell(sheet, row, at, cell, shown_as(cell.format, strong))
    book.close()
    return target.getvalue()


def comma_separated(table: Mapping[str, Any], zone: ZoneInfo) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(heading) for heading, _ in _headings(table)])
    for line in table["lines"]:
        cells = _line_cells(table, line, zone)
        writer.writerow([safe(cell.text) if cell is not None else "" for cell in cells])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _sheet_name(label: str, taken: set[str]) -> str:
    plain = _UNFIT.sub(" ", label).strip()[:31] or "Table"
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain[:27]} ({number})", number + 1
    taken.add(name.lower())
    return name


def _money_columns(table: Mapping[str, Any]) -> list[bool]:
    """The columns with amounts: their currency stands in a column of its own beside them."""
    lines = table["lines"]
    return [
        any(_kinds(line["cells"][at]) == "amount" for line in lines)
        for at in range(len(table["columns"]))
    ]


def _headings(table: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    for column, money in zip(table["columns"], _money_columns(table), strict=True):
        wide = 14 if column["is"] == "number" else 28
        yield column["label"], wide
        if money:
            yield "", 6


def _line_cells(
    table: Mapping[str, Any], line: Mapping[str, Any], zone: ZoneInfo
) -> Iterable[SheetCell | None]:
    dates = table.get("dates", "")  # a table that was kept long ago says nothing
    for value, money in zip(line["cells"], _money_columns(table), strict=True):
        amounts = value if isinstance(value, list) and _kinds(value) == "amount" else [value]
        if money and len(amounts) == 1 and _kinds(value) == "amount":
            held = amounts[0]["v"]
            yield number_cell(str(held["amount"]), "#,##0.00##")
            yield SheetCell(str(held["currency"]))
            continue
        if dates and _kinds(value) == "day" and isinstance(value, Mapping) and value.get("v"):
            yield _written_day(date.fromisoformat(value["v"]), dates)
            continue
        yield _cell(value, zone)
        if money:
            yield None


def _written_day(day: date, dates: str) -> SheetCell:
    pattern = dates
    for part, written in WRITTEN.items():
        pattern = pattern.replace(part, written)
    return replace(day_cell(day, dates.lower()), words=day.strftime(pattern))


def _kinds(value: Any) -> str:
    one = value[0] if isinstance(value, list) and value else value
    return str(one.get("$", "")) if isinstance(one, Mapping) else ""


def _cell(value: Any, zone: ZoneInfo) -> SheetCell | None:
    if value is None or value in ("", []):
        return None
    if isinstance(value, bool):
        return SheetCell(value)
    if isinstance(value, list):
        return SheetCell(", ".join(cell.text for one in value if (cell := _cell(one, zone))))
    if not isinstance(value, Mapping):
        return SheetCell(str(value))
    kind, held = value["$"], value.get("v")
    if held is None:
        return None
    if kind == "record":
        return SheetCell(str(held["title"])) if held.get("title") else None
    if kind == "decimal":
        return number_cell(str(held))
    if kind == "day":
        return day_cell(date.fromisoformat(held), DAY)
    if kind == "moment":
        moment = datetime.fromisoformat(held).astimezone(zone).replace(tzinfo=None)
        return day_cell(moment, MOMENT)
    if kind == "seconds":
        return SheetCell(timedelta(seconds=int(held)), LENGTH)
    if kind == "amount":
        return SheetCell(f"{held['amount']} {held['currency']}")
    return SheetCell(str(value.get("l", held)))
