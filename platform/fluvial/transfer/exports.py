"""Exports: the records of a query as CSV, XLSX or JSON lines, page by page.

Each export has a thread and a connection of its own, so that a slow reader holds up nobody.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import orjson
import xlsxwriter  # type: ignore[import-untyped]

from fluvial.database.connection import Connection
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .export_forms import EXPORT_FORM, ExportColumn, ExportForm, lossless_form
from .sheet_cells import SheetCell, write_cell

PAGE = 500
CHUNK = 65_536
RUNS = re.compile(r"'*[=+\-@\t\r\n]")  # what a spreadsheet would run; quotes before stay apart
MAX_SHEET_ROWS = 1_048_576
MAX_CELL = 32_767  # characters

FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}

Write = Callable[[Session, Query, ExportForm], Iterator[bytes]]


@dataclass(frozen=True)
class Export:
    parts: Iterator[bytes]
    executor: Executor  # the one thread on which the parts are made


def export(session: Session, query: Query, format_: str, form: str = "") -> Export:
    """An export of what the actor may see. What cannot be answered is refused before it begins."""
    make = _form(session, form)
    made = make(session, query)
    read_page(session, replace(query, fields=made.paths, limit=1))
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
    return Export(_parts(session, query, make, _WRITERS[format_], executor), executor)


def _form(session: Session, name: str) -> Callable[[Session, Query], ExportForm]:
    forms = {form.name: form.make for form in session.engine.brought(EXPORT_FORM)}
    if name and name not in forms:
        message = f"`for` must be one of {', '.join(sorted(forms))}, or left out."
        raise Problem(message, errors=[fault("for", "unknown_value", message)])
    return forms[name] if name else lossless_form


def _parts(
    session: Session,
    query: Query,
    make: Callable[[Session, Query], ExportForm],
    write: Write,
    executor: ThreadPoolExecutor,
) -> Iterator[bytes]:
    connection: Connection | None = None
    try:
        connection = session.engine.database.connect()
        own = replace(session, connection=connection)
        form = make(own, query)
        yield from write(own, replace(query, fields=form.paths, limit=PAGE), form)
    finally:
        if connection is not None:
            connection.close()
        executor.shutdown(wait=False)


def _records(session: Session, query: Query) -> Iterator[list[dict[str, Any]]]:
    while True:
        page = read_page(session, query)
        if page["data"]:
            yield page["data"]
        if page["next"] is None:
            return
        query = replace(query, cursor=page["next"])


def _write_csv(session: Session, query: Query, form: ExportForm) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(column.heading) for column in form.columns])
    yield b"\xef\xbb\xbf"  # spreadsheets take it for UTF-8 only then
    for page in _records(session, query):
        form.want(page)
        for record in page:
            cells = [column.cell(record) for column in form.columns]
            writer.writerow([safe(cell.text) if cell else "" for cell in cells])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _write_jsonl(session: Session, query: Query, form: ExportForm) -> Iterator[bytes]:
    for page in _records(session, query):
        yield b"".join(orjson.dumps(record) + b"\n" for record in page)


def _write_xlsx(session: Session, query: Query, form: ExportForm) -> Iterator[bytes]:
    """The rows go to temporary files; the workbook is sent when it is whole."""
    with tempfile.TemporaryFile() as target, ExitStack() as half_made:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(target, options)
        half_made.callback(book.close)  # its temporary files go too when a row is refused
        sheet = _opened(book, query.object, form)
        shown_as = cache(lambda format: book.add_format({"num_format": format}) if format else None)
        row = 0
        for page in _records(session, query):
            form.want(page)
            for record in page:
                row += 1
                if row >= MAX_SHEET_ROWS:
                    raise Unprocessable(_TOO_MANY)
                for at, column in enumerate(form.columns):
                    cell = column.cell(record)
                    if cell is not None:
                        fitting = _fitting(cell, form, column, row)
                        write_cell(sheet, row, at, fitting, shown_as(cell.format))
        half_made.close()
        target.seek(0)
        while chunk := target.read(CHUNK):
            yield chunk


def _opened(book: Any, name: str, form: ExportForm) -> Any:
    """The sheet with its headings, which stay in sight."""
    sheet = book.add_worksheet(name[:31])
    bold = book.add_format({"bold": True})
    for at, column in enumerate(form.columns):
        if column.width:
            sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, column.heading, bold)
    sheet.freeze_panes(1, 0)
    return sheet


def _fitting(cell: SheetCell, form: ExportForm, column: ExportColumn, row: int) -> SheetCell:
    text = cell.value
    if not isinstance(text, str) or len(text) <= MAX_CELL:
        return cell
    if form.lossless:
        said = _TOO_LONG.format(label=column.heading, row=row + 1, count=len(text))
        raise Unprocessable(said)
    return SheetCell(text[: MAX_CELL - len(_CUT)] + _CUT)


def cell(field: Field, value: Any) -> str:
    """A value in wire form as the text of a cell, which an import reads again."""
    return "" if value is None or value == [] else field.kind.cell(field, value)


def safe(text: str) -> str:
    """Text that a spreadsheet would run gets a quote before it, which an import takes away."""
    if not text or text[0].isalnum():
        return text
    words = text.lstrip()  # an import takes spaces off first, and so may a spreadsheet
    return f"{text[: len(text) - len(words)]}'{words}" if _runs(words) else text


def _runs(text: str) -> bool:
    return RUNS.match(text) is not None and not _NUMBER.fullmatch(text)


_TOO_MANY = f"A sheet holds {MAX_SHEET_ROWS:,} rows. Export as CSV, or narrow the list."
_TOO_LONG = (
    "{label} in row {row} has {count:,} characters, and a cell of a workbook holds"
    f" {MAX_CELL:,}. Export as CSV."
)
_CUT = " … (too long for a cell; export as CSV)"
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?( [A-Z]{3}|%)?")  # amounts and shares run nothing

_WRITERS: Mapping[str, Write] = {"csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl}
