"""Printed documents: the PDF of a record with many rows behind it, once the printer is warm."""

from __future__ import annotations

import statistics
import time
from typing import Any

from bench.engines import fresh_engine
from fluvial.records.writing import batch_writes, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from reports.printed.document_data import subject_of, template_of
from reports.printed.making_documents import prepared, printed_of

ROUNDS = 7
SHEET: dict[str, Any] = {"kind": "object", "name": "sheet", "title": "{name}", "fields": [
    {"name": "name", "kind": "text"},
    {"name": "total", "kind": "money", "currency": "EUR"}]}  # fmt: skip
CELL: dict[str, Any] = {"kind": "object", "name": "cell", "title": "{name}", "fields": [
    {"name": "sheet", "kind": "lookup", "to": "sheet", "inverse": "cells"},
    {"name": "name", "kind": "text"}, {"name": "part", "kind": "text"},
    {"name": "day", "kind": "date"},
    {"name": "amount", "kind": "money", "currency": "EUR"}]}  # fmt: skip
PRINT: dict[str, Any] = {
    "kind": "template", "name": "print", "for": "sheet", "channel": "document",
    "body": "<h1>{{ sheet.name }}</h1><p>{{ sheet.total }}</p>{{ tables.cells }}",
    "tables": [{"name": "cells", "rows": "cells", "group": ["part"], "sum": "amount",
                "columns": ["name", "day", "amount"], "sort": ["day"], "equals": "total"}],
}  # fmt: skip


def measure(kind: str, rows: int) -> str:
    """A Markdown table of what one document takes on one kind of database."""
    with fresh_engine(kind, "documents", SHEET, CELL, PRINT) as made:
        text = made.call(lambda: _told(made.engine, rows))
    return f"{made.database}\n\n{text}"


def _told(engine: Engine, rows: int) -> str:
    session = Session.begin(engine)
    total = {"amount": f"{rows}.00", "currency": "EUR"}
    sheet = writer.create(session, "sheet", {"name": "Sheet", "total": total})["id"]
    cells = [
        {"name": f"Cell {at}", "sheet": sheet, "part": f"Part {at % 8}",
         "day": f"2026-06-{at % 28 + 1:02d}", "amount": {"amount": "1.00", "currency": "EUR"}}
        for at in range(rows)
    ]  # fmt: skip
    batch_writes.create_many(session, "cell", cells)
    template = template_of(session, "sheet", "print")
    read, printed = [], []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        ready = prepared(session, subject_of(session, template, sheet))
        read.append(time.perf_counter() - began)
        printed_of(session, ready)
        printed.append(time.perf_counter() - began - read[-1])
    lines = [
        f"| a document with {rows:,} rows | seconds |", "|---|---|",
        f"| read and put into words | {statistics.median(read[1:]):.2f} |",
        f"| printed | {statistics.median(printed[1:]):.2f} |",
        f"| the first one, with the start of the printer | {read[0] + printed[0]:.2f} |",
    ]  # fmt: skip
    return "\n".join(lines)
