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
from typing import Any

import orjson
import xlsxwriter  # type: ignore[import-untyped]

from fluvial.database.connection import Connection
from fluvial.kernel.problems import Unprocessable
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Path, Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.types import NUMBER

PAGE = 500
CHUNK = 65_536
RUNS = re.compile(r"'*[=+\-@\t\r\n]")  # what a spreadsheet would run; quotes before stay apart
MAX_SHEET_ROWS = 1_048_576
MAX_CELL = 32_767  # characters
MAX_EXACT = 15  # digits that a spreadsheet keeps of a number

FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}

Columns = list[tuple[str, Path, Field]]
Write = Callable[[Session, Query, Columns], Iterator[bytes]]


@dataclass(frozen=True)
class Export:
    parts: Iterator[bytes]
    executor: Executor  # the one thread on which the parts are made


def export(session: Session, query: Query, format_: str) -> Export:
    """An export of what the actor may see. What cannot be answered is refused before it begins."""
    columns = _columns(session, query)
    query = replace(query, fields=tuple(path for _, path, _ in columns), limit=PAGE)
    read_page(session, replace(query, limit=1))
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
    return Export(_parts(session, query, columns, _WRITERS[format_], executor), executor)


def _parts(
    session: Session, query: Query, columns: Columns, write: Write, executor: ThreadPoolExecutor
) -> Iterator[bytes]:
    connection: Connection | None = None
    try:
        connection = session.engine.database.connect()
        yield from write(replace(session, connection=connection), query, columns)
    finally:
        if connection is not None:
            connection.close()
        executor.shutdown(wait=False)


def _columns(session: Session, query: Query) -> Columns:
    """The columns by the names by which an import finds them again."""
    type_ = session.catalog.objects[query.object]
    paths = query.fields
    if paths is None:
        hidden = session.access.object(type_.name).hidden
        own = [(f.name,) for f in type_.own_fields if f.name not in hidden]
        paths = (("id",), *own)
    return [
        (".".join(path), path, resolve(session.access, type_, path, "fields")) for path in paths
    ]


def _records(session: Session, query: Query) -> Iterator[list[dict[str, Any]]]:
    while True:
        page = _page(session, query)
        if page["data"]:
            yield page["data"]
        if page["next"] is None:
            return
        query = replace(query, cursor=page["next"])


def _page(session: Session, query: Query) -> dict[str, Any]:
    # What was sent already cannot be taken back, so a connection that is lost is opened again.
    return session.connection.reading(lambda: read_page(session, query))


def _at(record: Mapping[str, Any], path: Path) -> Any:
    value: Any = record
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _write_csv(session: Session, query: Query, columns: Columns) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name for name, _, _ in columns])
    yield b"\xef\xbb\xbf"  # spreadsheets take it for UTF-8 only then
    for page in _records(session, query):
        for record in page:
            writer.writerow([safe(cell(field, _at(record, path))) for _, path, field in columns])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _write_jsonl(session: Session, query: Query, columns: Columns) -> Iterator[bytes]:
    for page in _records(session, query):
        yield b"".join(orjson.dumps(record) + b"\n" for record in page)


def _write_xlsx(session: Session, query: Query, columns: Columns) -> Iterator[bytes]:
    """The rows go to temporary files; the workbook is sent when it is whole."""
    with tempfile.TemporaryFile() as target, ExitStack() as half_made:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(target, options)
        half_made.callback(book.close)  # its temporary files go too when a row is refused
        sheet = book.add_worksheet(query.object[:31])
        bold = book.add_format({"bold": True})
        for at, (name, _, _) in enumerate(columns):
            sheet.write_string(0, at, name, bold)
        sheet.freeze_panes(1, 0)
        row = 0
        for page in _records(session, query):
            for record in page:
                row += 1
                if row >= MAX_SHEET_ROWS:
                    raise Unprocessable(_TOO_MANY)
                for at, (_, path, field) in enumerate(columns):
                    _write_cell(sheet, row, at, field, _at(record, path))
        half_made.close()
        target.seek(0)
        while chunk := target.read(CHUNK):
            yield chunk


def _write_cell(sheet: Any, row: int, at: int, field: Field, value: Any) -> None:
    text = cell(field, value)
    if not text:
        return
    if field.type.name == NUMBER.name and sum(c.isdigit() for c in text) <= MAX_EXACT:
        sheet.write_number(row, at, float(text))
    elif isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif len(text) > MAX_CELL:
        raise Unprocessable(_TOO_LONG.format(label=field.label, row=row + 1, count=len(text)))
    else:
        sheet.write_string(row, at, text)


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
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")

_WRITERS: Mapping[str, Write] = {"csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl}
