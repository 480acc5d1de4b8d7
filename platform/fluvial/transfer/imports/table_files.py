"""Reading tables: CSV in the encodings and dialects that spreadsheets write, and XLSX."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook

from fluvial.kernel.problems import TooLarge, Unprocessable, fault
from fluvial.kernel.zips import UNREADABLE

from .workbook_cells import cell_text

DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 500
MAX_CELL = 1_000_000
MAX_UNPACKED = 500_000_000  # bytes of an XLSX file without its compression
SAMPLE, SAMPLE_ROWS = 200_000, 30  # characters and rows that show the delimiter

SLOT = re.compile(r"\{([^{}]+)\}")

Row = tuple[int, list[str]]  # the number that a spreadsheet shows, and the cells


@dataclass
class TableFile:
    """A header and rows that are read as they are needed. The header is row 1."""

    header: list[str]
    rows: Iterator[Row]
    encoding: str = ""
    delimiter: str = ""
    sheets: list[str] = field(default_factory=list)


def open_table(source: IO[bytes], *, sheet: str | None = None) -> TableFile:
    """The table of a file, whichever of the formats it has."""
    head = source.read(4)
    source.seek(0)
    if not head:
        raise _refused("The file is empty.")
    if head == b"PK\x03\x04":
        return _open_workbook(source, sheet)
    return _open_csv(source)


def with_made(table: TableFile, made: Mapping[str, str]) -> TableFile:
    """The table with further columns by name, made of texts in which {column} is the row's cell.

    Where all cells of a text are empty, the made cell is empty as well.
    """
    places = {name: at for at, name in enumerate(table.header)}
    for text in made.values():
        for name in SLOT.findall(text):
            if name not in places:
                message = f"The file has no column `{name}`."
                errors = [fault("/options/fixed", "unknown_column", message)]
                raise Unprocessable(message, errors=errors)

    def filled(text: str, cells: list[str]) -> str:
        parts = {name: cells[places[name]].strip() for name in SLOT.findall(text)}
        if not any(parts.values()):
            return ""
        return " ".join(SLOT.sub(lambda slot: parts[slot[1]], text).split())

    width = len(table.header)

    def longer(cells: list[str]) -> list[str]:
        whole = [*cells[:width], *[""] * (width - len(cells))]
        return [*whole, *(filled(text, whole) for text in made.values())]

    rows = ((number, longer(cells)) for number, cells in table.rows)
    return replace(table, header=[*table.header, *made], rows=rows)


def _refused(message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault("/file", "does_not_read", message)])


def _open_csv(source: IO[bytes]) -> TableFile:
    encoding = _encoding(source)
    text = io.TextIOWrapper(_Kept(source), encoding=encoding, newline="")
    try:
        delimiter = _delimiter(text.read(SAMPLE))
    except UnicodeError as error:
        raise _refused("The file cannot be read as a table. Send CSV in UTF-8, or XLSX.") from error
    text.seek(0)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(text, delimiter=delimiter)
    rows = _csv_rows(reader)
    first = next(rows, None)
    if first is None:
        raise _refused("The file is empty.")
    return TableFile(_header(first[1]), rows, encoding=encoding, delimiter=delimiter)


class _Kept(io.BufferedReader):
    """Reads a file that stays open when its text wrapper is thrown away."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__(_Raw(source))

    def close(self) -> None:
        return None


class _Raw(io.RawIOBase):
    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._source.read(len(buffer))
        buffer[: len(read)] = read
        return len(read)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._source.seek(offset, whence)
        return self._source.tell()

    def tell(self) -> int:
        return self._source.tell()


def _encoding(source: IO[bytes]) -> str:
    """UTF-8 where all of it is, else what spreadsheets of western systems write."""
    head = source.read(4)
    source.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := source.read(65_536):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        source.seek(0)
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def _delimiter(sample: str) -> str:
    """The delimiter that parts the first rows into the same number of cells, the most of them."""
    lines = sample.splitlines(True)[:SAMPLE_ROWS]

    def fitness(delimiter: str) -> tuple[bool, int, bool]:
        rows = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not rows:
            return (False, 0, False)
        widths = rows[:-1] or rows  # the last row may be cut off: it only decides between equals
        return (len(set(widths)) == 1 and widths[0] > 1, widths[0], rows[-1] == widths[0])

    try:
        return max(DELIMITERS, key=fitness)
    except csv.Error:
        return ","


def _csv_rows(reader: Any) -> Iterator[Row]:
    number = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _refused(f"Row {number + 1} is not valid: {error}.") from error
        except UnicodeDecodeError as error:
            raise _refused(f"Row {number + 1} does not match the encoding of the file.") from error
        if row is None:
            return
        number += 1
        if any(row):
            yield number, row


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise _refused("The first row has no headings.")
    if len(header) > MAX_COLUMNS:
        raise TooLarge(
            f"A table can have at most {MAX_COLUMNS} columns; this one has {len(header)}."
        )
    doubles = sorted({name for name in header if name and header.count(name) > 1})
    if doubles:
        raise _refused(f"The heading `{doubles[0]}` appears twice. Rename one of the columns.")
    return header


def _open_workbook(source: IO[bytes], sheet: str | None) -> TableFile:
    try:
        with zipfile.ZipFile(source) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
                raise TooLarge("The workbook is too large unpacked. Send the sheet as CSV.")
        source.seek(0)
        book = CalamineWorkbook.from_filelike(source)
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            message = f"There is no sheet `{sheet}`. Available: {', '.join(names)}."
            raise Unprocessable(message, errors=[fault("/options/sheet", "unknown_sheet", message)])
        if not names:
            raise _refused("The workbook has no sheets.")
        rows = _sheet_rows(book.get_sheet_by_name(sheet or names[0]).iter_rows())
    except (*UNREADABLE, CalamineError) as error:
        raise _refused(f"The workbook is not valid: {error}.") from error
    first = next(rows, None)
    if first is None:
        raise _refused("The sheet is empty.")
    return TableFile(_header(first[1]), rows, sheets=names)


def _sheet_rows(rows: Iterator[Any]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        cells = [cell_text(value) for value in row]
        if any(cells):
            yield number, cells
