"""Tables: a header, and rows that are read as they are needed; what is wrong with a row is a
fault of it, so that the others may go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from fluvial.kernel.problems import TooLarge, Unprocessable, fault

from .text_encodings import LABELS, MISFIT
from .workbook_cells import FailedCell

MAX_COLUMNS = 500
ABOVE = 50  # rows in which the headings are looked for

SLOT = re.compile(r"\{([^{}]+)\}")

Fits = Callable[[str], bool]  # whether a heading names a field


class RowFault(NamedTuple):
    column: str
    code: str
    message: str


class Row(NamedTuple):
    number: int  # that a spreadsheet shows
    cells: list[str]
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True)
class FileReading:
    """How a caller says that a file is to be read; what is empty is found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    headings: int = 0  # the row in which they stand; 0 for the first that is not empty


@dataclass
class TableFile:
    """A header and rows that are read as they are needed.

    Names of columns are unique: the second `Tag` is `Tag (2)`, and `repeated` knows what it says.
    """

    header: list[str]
    rows: Iterator[Row]
    encoding: str = ""
    delimiter: str = ""
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""
    headings: int = 1
    above: list[Row] = field(default_factory=list)  # rows over the headings, and these
    repeated: dict[str, str] = field(default_factory=dict)
    hint: str = ""  # where headings may stand that name fields

    def heading(self, column: str) -> str:
        """The text over a column."""
        return self.repeated.get(column, column)


def refused(message: str, pointer: str = "/file", code: str = "does_not_read") -> Unprocessable:
    return Unprocessable(message, errors=[fault(pointer, code, message)])


def table_of(rows: Iterator[Row], reading: FileReading, place: str) -> TableFile:
    """The table of rows from the top of a file; `place` is what has them, for messages."""
    above: list[Row] = []
    for row in rows:
        above.append(row)
        if row.number == reading.headings:
            break
        if not reading.headings and (row.faults or any(row.cells)):
            break
        if reading.headings and row.number > reading.headings:
            break
        if len(above) > ABOVE:
            del above[0]
    last = above[-1] if above else None
    said = reading.headings
    if said and (last is None or last.number != said or not any(map(str.strip, last.cells))):
        raise refused(
            f"Row {said} is empty or not there, so it cannot hold the headings.",
            "/options/headings",
            "no_headings",
        )
    if last is None or not (last.faults or any(last.cells)):
        raise refused(f"The {place} is empty.")
    if last.faults:
        raise refused(f"Row {last.number}, with the headings: {last.faults[0].message}")
    header, repeated = _header(last)
    return TableFile(
        header,
        _judged(rows, header),
        headings=last.number,
        above=above,
        repeated=repeated,
    )


def without_unnamed(table: TableFile) -> TableFile:
    """The table, in which a cell under an empty heading is a fault: nothing says what it is."""
    unnamed = [at for at, name in enumerate(table.header) if not name]
    if not unnamed:
        return table

    def judged(row: Row) -> Row:
        filled = (at for at in unnamed if at < len(row.cells) and row.cells[at].strip())
        at = next(filled, None)
        if at is None or row.faults:
            return row
        message = (
            f"Column {letters(at)} has no heading, so nothing says what `{row.cells[at][:60]}` is. "
            "Write a heading over it, or map the columns that are imported."
        )
        return row._replace(faults=(RowFault("", "no_heading", message),))

    return replace(table, rows=map(judged, table.rows))


def _header(row: Row) -> tuple[list[str], dict[str, str]]:
    header = [cell.strip() for cell in row.cells]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise refused(f"Row {row.number} has no headings. Say which row has them.")
    if len(header) > MAX_COLUMNS:
        raise TooLarge(
            f"A table can have at most {MAX_COLUMNS} columns; this one has {len(header)}."
        )
    if misfit := next((name for name in header if MISFIT.search(name)), ""):
        raise refused(f"Row {row.number}, with the headings: {_wrong_byte(misfit)}")
    return _unique(header)


def _unique(header: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    names: list[str] = []
    repeated: dict[str, str] = {}
    for text in header:
        name, count = text, 1
        while text and (name in names or (count > 1 and name in header)):
            count += 1
            name = f"{text} ({count})"
        names.append(name)
        if name != text:
            repeated[name] = text
    return names, repeated


def _judged(rows: Iterable[Row], header: Sequence[str]) -> Iterator[Row]:
    """The rows that say something, each with what is wrong with it as a whole."""
    width = len(header)
    for row in rows:
        cells = row.cells
        if not row.faults:
            if not any(cells):
                continue
            faults = []
            if len(cells) > width and (more := [c.strip() for c in cells[width:] if c.strip()]):
                faults.append(_too_many(row, width, more[0]))
            for at, cell in enumerate(cells):
                if not cell.isascii() or "\0" in cell:
                    if MISFIT.search(cell):
                        column = header[at] if at < width else ""
                        faults.append(RowFault(column, "wrong_byte", _wrong_byte(cell)))
            if faults:  # no answer can hold a byte that is no letter: what is shown marks it
                row = row._replace(cells=legible(cells), faults=tuple(faults))
        yield row


def legible(cells: Sequence[str]) -> list[str]:
    """Cells with a mark in place of each byte that does not match the encoding."""
    return [MISFIT.sub("\ufffd", cell) for cell in cells]


def _too_many(row: Row, width: int, first: str) -> RowFault:
    named = "is 1 heading" if width == 1 else f"are {width} headings"
    message = (
        f"The row has {len(row.cells)} cells, but there {named}: nothing says what "
        f"`{first[:60]}` is. A cell that contains the delimiter must be in quotes."
    )
    return RowFault("", "too_many_cells", message)


def _wrong_byte(cell: str) -> str:
    found = MISFIT.search(cell)
    byte = ord(found[0]) & 0xFF if found else 0
    shown = MISFIT.sub("\ufffd", cell)[:60]
    return (
        f"The byte 0x{byte:02X} in `{shown}` does not match the encoding of the file. "
        "Choose another encoding, or correct the cell."
    )


def letters(index: int) -> str:
    """The letters over a column of a spreadsheet."""
    found, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def encoding_label(name: str) -> str:
    return LABELS.get(name.removesuffix("-sig"), name.upper())


def with_made(table: TableFile, made: Mapping[str, str]) -> TableFile:
    """The table with further columns by name, made of texts in which {column} is the row's cell.

    Where all cells of a text are empty, the made cell is empty as well.
    """
    places = {name: at for at, name in enumerate(table.header)}
    for text in made.values():
        for name in SLOT.findall(text):
            if name not in places:
                message = f"The file has no column `{name}`."
                raise refused(message, "/options/fixed", "unknown_column")

    def filled(text: str, cells: list[str]) -> str:
        parts = {name: cells[places[name]].strip() for name in SLOT.findall(text)}
        for name in parts:
            if isinstance(cells[places[name]], FailedCell):
                return cells[places[name]]
        if not any(parts.values()):
            return ""
        return " ".join(SLOT.sub(lambda slot: parts[slot[1]], text).split())

    width = len(table.header)

    def longer(cells: list[str]) -> list[str]:
        whole = [*cells[:width], *[""] * (width - len(cells))]
        return [*whole, *(filled(text, whole) for text in made.values())]

    rows = (row._replace(cells=longer(row.cells)) for row in table.rows)
    return replace(table, header=[*table.header, *made], rows=rows)
