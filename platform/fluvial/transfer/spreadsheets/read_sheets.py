"""The sheets of files that become objects: their headings, and what stands in their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from fluvial.kernel.problems import Problem, TooLarge, Unprocessable, fault
from fluvial.transfer.imports.file_formats import open_table, sheet_names
from fluvial.transfer.imports.preview import EMPTIES
from fluvial.transfer.imports.proposals import proposed
from fluvial.transfer.imports.table_files import FileReading, Row, TableFile
from metamodel.kinds.cell_kinds import CellColumn, counted

MAX_SHEETS = 20
MAX_CELLS = 4_000_000
SAMPLES = 3
FAULTS = 20  # rows that are not valid, which the page shows

Files = Sequence[tuple[str, Path]]  # what each is called, and where its bytes are


@dataclass
class Sheet:
    """One table of a file, whose rows become records."""

    file: int  # its place among the files
    name: str  # what people call it
    reading: FileReading
    header: list[str]
    columns: dict[str, CellColumn]  # by name; those without a heading are left out
    rows: int
    faults: list[dict[str, Any]]  # rows that cannot be read

    def samples(self, column: str) -> list[str]:
        return [str(text) for text in self.columns[column].texts[:SAMPLES]]


def read_sheets(files: Files, encodings: Mapping[int, str]) -> list[Sheet]:
    """Every sheet that has headings and rows; Unprocessable where there is none.

    `encodings` says, by its place, that of a file that does not show it.
    """
    found: list[Sheet] = []
    for at, (name, path) in enumerate(files):
        reading = FileReading(encoding=encodings.get(at, ""))
        for sheet_name, one in _readings(name, path, reading):
            sheet = _sheet(at, sheet_name, path, one)
            if sheet is not None:
                found.append(sheet)
    if not found:
        message = "There are no rows under a row of headings. Choose a file with a table."
        raise Unprocessable(message, errors=[fault("/file", "no_rows", message)])
    if len(found) > MAX_SHEETS:
        message = f"At most {MAX_SHEETS} sheets can be imported at once; these are {len(found)}."
        raise TooLarge(message)
    return found


def _readings(name: str, path: Path, reading: FileReading) -> Iterator[tuple[str, FileReading]]:
    """How each sheet of a file is to be read, with what it is called."""
    with path.open("rb") as source:
        names = sheet_names(source)
    stem = PurePosixPath(name).stem
    if not names:
        yield stem, reading
    for one in names:
        yield one if len(names) > 1 else stem, replace(reading, sheet=one)


def _sheet(at: int, name: str, path: Path, reading: FileReading) -> Sheet | None:
    """The sheet; None where it is empty."""
    try:
        with path.open("rb") as source:
            read = proposed(source, reading, lambda _: False)
        with path.open("rb") as source:
            table = open_table(source, replace(read, encoding=reading.encoding))
            return _taken(at, name, replace(read, encoding=reading.encoding), table)
    except Problem as problem:
        code = problem.errors[0].get("code") if problem.errors else ""
        if reading.sheet and code in ("does_not_read", "no_headings"):
            return None  # an empty sheet is none
        raise


def _taken(at: int, name: str, reading: FileReading, table: TableFile) -> Sheet | None:
    cells: list[list[str]] = [[] for _ in table.header]
    rows, faults = 0, list[dict[str, Any]]()
    width = len(table.header)
    for row in table.rows:
        rows += 1
        if rows * width > MAX_CELLS:
            raise TooLarge("The table is too large. Make the object first, then import into it.")
        for index, cell in enumerate(row.cells[:width]):
            cells[index].append(cell)
        if len(faults) < FAULTS:
            faults += _wrong(row)
    if not rows:
        return None
    columns = {
        heading: CellColumn(table.heading(heading), counted(cells[index], frozenset(EMPTIES)), rows)
        for index, heading in enumerate(table.header)
        if heading
    }
    return Sheet(at, name, reading, table.header, columns, rows, faults) if columns else None


def _wrong(row: Row) -> Iterable[dict[str, Any]]:
    return ({"row": row.number, "column": one.column, "message": one.message} for one in row.faults)
