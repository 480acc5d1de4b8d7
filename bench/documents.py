"""Printed documents: one with many rows behind it, and many that one press makes and prints."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench import cpu
from bench.engines import fresh_engine
from fluvial.events.jobs import run_pending
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import batch_writes, transitions, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from reports.printed.document_data import subject_of, template_of
from reports.printed.making_documents import prepared, printed_of

ROUNDS = 7
PORTION, ITEMS = 100, 8  # documents between two lines of progress, and rows of each
WRITTEN = 40  # documents whose rows are written at once
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
BATCH: dict[str, Any] = {"kind": "object", "name": "batch", "title": "{name}", "fields": [
    {"name": "name", "kind": "text"}]}  # fmt: skip
ITEM: dict[str, Any] = {"kind": "object", "name": "item", "title": "{name}", "fields": [
    {"name": "batch", "kind": "lookup", "to": "batch", "inverse": "items"},
    {"name": "name", "kind": "text"}, {"name": "payer", "kind": "text"},
    {"name": "amount", "kind": "money", "currency": "EUR"},
    {"name": "cell", "kind": "lookup", "to": "cell", "inverse": "items"}]}  # fmt: skip
GATHER: dict[str, Any] = {
    "kind": "rule", "name": "gather", "on": {"object": "batch", "button": "Gather"},
    "do": [
        {"create": "sheet", "as": "sheet",
         "each": {"of": "items", "where": "cell == null", "group": ["payer"]},
         "set": {"name": "group.payer", "total": "sum(rows, amount)"},
         "lines": [{"create": "cell", "as": "line", "each": "rows",
                    "set": {"sheet": "sheet", "name": "name", "part": "'All'",
                            "day": "today()", "amount": "amount"},
                    "back": {"cell": "line"}}]},
        {"document": {"template": "print", "of": "sheet", "to": "sheet.pdf"}},
    ],
}  # fmt: skip


def measure_many(kind: str, records: int) -> str:
    """A Markdown table of what one press takes that makes records of rows, and prints them all."""
    sheet = {**SHEET, "fields": [*SHEET["fields"], {"name": "pdf", "kind": "file"}]}
    with fresh_engine(kind, "many", sheet, CELL, PRINT, BATCH, ITEM, GATHER) as made:
        lines = made.call(lambda: list(_many(made.engine, records)))
    return "\n".join(
        [
            f"{made.database}; one press for {records:,} documents of {ITEMS} rows each.",
            "",
            "| step | done | CPU | time |",
            "|---|---|---|---|",
            *lines,
        ]
    )


def _many(engine: Engine, records: int) -> Iterator[str]:
    session = Session.begin(engine)
    batch = writer.create(session, "batch", {"name": "All"})["id"]
    for at in range(0, records, WRITTEN):
        rows = [
            {"batch": batch, "name": f"Row {row}", "payer": f"Owner {owner}",
             "amount": {"amount": "1.00", "currency": "EUR"}}
            for owner in range(at, min(at + WRITTEN, records)) for row in range(ITEMS)
        ]  # fmt: skip
        batch_writes.create_many(session, "item", rows)
    began, used = time.perf_counter(), cpu.tree(os.getpid())
    transitions.act(session, "batch", batch, "gather", {})
    printed = 0
    yield _step("records made", records, began, used)
    began, used = time.perf_counter(), cpu.tree(os.getpid())
    while run_pending(engine):
        now = _printed(engine)
        if now // PORTION > printed // PORTION:
            print(f"{now:,} of {records:,} are printed", file=sys.stderr)
        printed = now
    yield _step("printed and kept", _printed(engine), began, used)


def _printed(engine: Engine) -> int:
    found = Query("sheet", where="pdf != null", fields=(("id",),), limit=1, total="exact")
    return int(read_page(Session.begin(engine), found)["total"])


def _step(name: str, done: int, began: float, used: cpu.Seconds) -> str:
    seconds = cpu.spent(used, cpu.tree(os.getpid()))
    return f"| {name} | {done:,} | {seconds:.1f} s | {time.perf_counter() - began:.1f} s |"


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
    read, printed, used = [], [], []
    for _ in range(ROUNDS + 1):
        began, before = time.perf_counter(), cpu.tree(os.getpid())
        ready = prepared(session, subject_of(session, template, sheet))
        read.append(time.perf_counter() - began)
        printed_of(session, ready)
        printed.append(time.perf_counter() - began - read[-1])
        used.append(cpu.spent(before, cpu.tree(os.getpid())))
    lines = [
        f"| a document with {rows:,} rows | seconds |", "|---|---|",
        f"| read and put into words | {statistics.median(read[1:]):.2f} |",
        f"| printed | {statistics.median(printed[1:]):.2f} |",
        f"| CPU of both, with the process that prints | {statistics.median(used[1:]):.2f} |",
        f"| the first one, with the start of the printer | {read[0] + printed[0]:.2f} |",
    ]  # fmt: skip
    return "\n".join(lines)
