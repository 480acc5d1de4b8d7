"""How a file is most likely to be read: the sheet and the row whose cells name fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import IO

from fluvial.kernel.problems import Problem
from fluvial.runtime.session import Session

from .file_formats import open_table
from .options import Options
from .table_files import FileReading, Fits, Row, TableFile, without_unnamed
from .targets import Resolver

ROWS = 30  # among which the headings stand
SHEETS = 10  # that are looked at


def open_for(session: Session, object_name: str, source: IO[bytes], options: Options) -> TableFile:
    """The table of a file that is imported into an object type.

    Nothing but what the caller says decides; where the headings name no field, but those of
    another row or sheet do, the table knows what to say.
    """
    fits = fits_of(session, object_name, options)
    table = open_table(source, options.reading, fits)
    if not any(fits(table.heading(column)) for column in table.header):
        source.seek(0)
        better = proposed(source, options.reading, fits)
        source.seek(0)
        table = open_table(source, options.reading, fits)
        table.hint = _hint(options.reading, better, table)
    return table if options.map else without_unnamed(table)


def fits_of(session: Session, object_name: str, options: Options) -> Fits:
    type_ = session.object(object_name, "import")
    return Resolver(session.catalog, session.access, type_).fits(options.map)


def _hint(said: FileReading, better: FileReading, table: TableFile) -> str:
    parts = []
    if better.sheet and better.sheet not in (said.sheet, table.sheet):
        parts.append(f"`sheet`: {better.sheet}")
    if better.headings and better.headings not in (said.headings, table.headings):
        parts.append(f"`headings`: {better.headings}")
    return f" The headings may stand elsewhere: try {' and '.join(parts)}." if parts else ""


def proposed(source: IO[bytes], said: FileReading, fits: Fits) -> FileReading:
    """How a file is to be read, where it is not said: the row of the headings, and the sheet."""
    table = open_table(source, said, fits)
    rows = _top(table)
    if said.headings:
        return said
    best = (_named(rows, fits), replace(said, headings=_row_of(rows, fits)))
    if not said.sheet and len(table.sheets) > 1 and not best[0]:
        for sheet in table.sheets[1:SHEETS]:
            try:
                rows = _top(open_table(source, replace(said, sheet=sheet), fits))
            except Problem:
                continue  # an empty sheet is none
            named = _named(rows, fits)
            if named > best[0]:
                best = (named, replace(said, sheet=sheet, headings=_row_of(rows, fits)))
    return best[1]


def _top(table: TableFile) -> list[Row]:
    return [*table.above, *islice(table.rows, ROWS)]


def _named(rows: Sequence[Row], fits: Fits) -> int:
    return max((_fitting(row, fits) for row in rows), default=0)


def _fitting(row: Row, fits: Fits) -> int:
    return sum(fits(cell.strip()) for cell in row.cells if cell.strip())


def _row_of(rows: Sequence[Row], fits: Fits) -> int:
    """The row with the most names of fields; else the first that is as wide as the others."""
    counts = [_fitting(row, fits) for row in rows]
    if any(counts):
        return rows[counts.index(max(counts))].number
    filled = [sum(bool(cell.strip()) for cell in row.cells) for row in rows]
    usual = Counter(count for count in filled if count > 1).most_common(1)
    first = next(row.number for row in rows if row.cells)
    if not usual or filled[0] * 2 > usual[0][0]:
        return first
    wide = (row.number for row, count in zip(rows, filled, strict=True) if count >= usual[0][0])
    return next(wide, first)
