"""Tables in workbooks: the rows of one sheet."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from fluvial.kernel.problems import TooLarge
from fluvial.kernel.zips import UNREADABLE

from .table_files import FileReading, Row, TableFile, refused, table_of
from .workbook_cells import FailedCell, cell_text
from .workbook_marks import Marked, marked_rows

MAX_UNPACKED = 500_000_000  # bytes of an XLSX file without its compression
OTHERS = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods)",
    "word/document.xml": "a text document (.docx)",
    "ppt/presentation.xml": "a presentation (.pptx)",
    "Index/Document.iwa": "a Numbers or Pages document",
}


NOTHING = Marked({}, set())


def workbook_sheets(source: IO[bytes]) -> list[str]:
    """The sheets of a workbook, those that people see first."""
    try:
        _, book = _opened(source)
        return _sheets(book)
    except (*UNREADABLE, CalamineError, ExpatError) as error:
        raise refused(f"The workbook is not valid: {error}.") from error


def _opened(source: IO[bytes]) -> tuple[zipfile.ZipFile, CalamineWorkbook]:
    archive = zipfile.ZipFile(source)
    if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
        raise TooLarge("The workbook is too large unpacked. Send the sheet as CSV.")
    _refuse_others(archive)
    source.seek(0)
    return archive, CalamineWorkbook.from_filelike(source)


def open_workbook(source: IO[bytes], reading: FileReading) -> TableFile:
    try:
        archive, book = _opened(source)
        names = _sheets(book)
        if reading.sheet and reading.sheet not in names:
            message = f"There is no sheet `{reading.sheet}`. Available: {', '.join(names)}."
            raise refused(message, "/options/sheet", "unknown_sheet")
        if not names:
            raise refused("The workbook has no sheets.")
        sheet = reading.sheet or names[0]
        found = book.get_sheet_by_name(sheet)
        left = found.start[1] if found.start else 0
        rows = _rows(found.iter_rows(), left, _marked(archive, sheet))
        table = table_of(rows, reading, "sheet")
    except (*UNREADABLE, CalamineError, ExpatError) as error:
        raise refused(f"The workbook is not valid: {error}.") from error
    return replace(table, sheets=names, sheet=sheet)


def _refuse_others(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if any(name.lower() == "xl/workbook.xml" for name in names):
        return
    what = next((what for name, what in OTHERS.items() if name in names), "a ZIP archive")
    raise refused(f"The file is {what}. Save the table as a workbook (.xlsx) or as CSV.")


def _sheets(book: CalamineWorkbook) -> list[str]:
    """The sheets with cells; those that people see come first."""
    found = [one for one in book.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
    found.sort(key=lambda one: one.visible is not SheetVisibleEnum.Visible)
    return [one.name for one in found]


def _marked(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, Marked]]:
    try:
        yield from marked_rows(archive, sheet)
    except (*UNREADABLE, ExpatError) as error:
        raise refused(f"The workbook is not valid: {error}.") from error


def _rows(rows: Iterator[Any], left: int, marked: Iterator[tuple[int, Marked]]) -> Iterator[Row]:
    """The rows of a sheet; its reader leaves out the empty columns at the left."""
    before = [""] * left
    noted = next(marked, None)
    for number, row in enumerate(rows, start=1):
        mark = NOTHING
        if noted is not None and noted[0] == number:
            mark, noted = noted[1], next(marked, None)
        cells = [cell_text(value, at in mark.percents) for at, value in enumerate([*before, *row])]
        for column, text in mark.failed.items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = FailedCell(text)
        yield Row(number, cells)
    if noted is not None and noted[1].failed:
        raise refused("The rows of the sheet are not in order. Save the workbook again.")
