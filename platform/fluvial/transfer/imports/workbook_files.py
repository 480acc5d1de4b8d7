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
from .workbook_errors import Cells, error_rows

MAX_UNPACKED = 500_000_000  # bytes of an XLSX file without its compression
OTHERS = {
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods)",
    "word/document.xml": "a text document (.docx)",
    "ppt/presentation.xml": "a presentation (.pptx)",
    "Index/Document.iwa": "a Numbers or Pages document",
}


def open_workbook(source: IO[bytes], reading: FileReading) -> TableFile:
    try:
        archive = zipfile.ZipFile(source)
        if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
            raise TooLarge("The workbook is too large unpacked. Send the sheet as CSV.")
        _refuse_others(archive)
        source.seek(0)
        book = CalamineWorkbook.from_filelike(source)
        names = _sheets(book)
        if reading.sheet and reading.sheet not in names:
            message = f"There is no sheet `{reading.sheet}`. Available: {', '.join(names)}."
            raise refused(message, "/options/sheet", "unknown_sheet")
        if not names:
            raise refused("The workbook has no sheets.")
        sheet = reading.sheet or names[0]
        cells = book.get_sheet_by_name(sheet).iter_rows()
        table = table_of(_rows(cells, _failed(archive, sheet)), reading, "sheet")
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


def _failed(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, Cells]]:
    try:
        yield from error_rows(archive, sheet)
    except (*UNREADABLE, ExpatError) as error:
        raise refused(f"The workbook is not valid: {error}.") from error


def _rows(rows: Iterator[Any], failed: Iterator[tuple[int, Cells]]) -> Iterator[Row]:
    wrong = next(failed, None)
    for number, row in enumerate(rows, start=1):
        cells = [cell_text(value) for value in row]
        if wrong is not None and wrong[0] == number:
            for column, text in wrong[1].items():
                cells += [""] * (column + 1 - len(cells))
                cells[column] = FailedCell(text)
            wrong = next(failed, None)
        yield Row(number, cells)
    if wrong is not None:
        raise refused("The rows of the sheet are not in order. Save the workbook again.")
