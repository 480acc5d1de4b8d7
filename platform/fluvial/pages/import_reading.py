"""How a file of an import is read: found out, shown with its first rows, and chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import IO, Any

import orjson

from fluvial.http.call import Call
from fluvial.kernel.problems import Unprocessable
from fluvial.transfer.imports.delimiters import NAMES
from fluvial.transfer.imports.file_formats import open_table
from fluvial.transfer.imports.options import Options, read_options
from fluvial.transfer.imports.proposals import fits_of, proposed
from fluvial.transfer.imports.table_files import FileReading, TableFile, encoding_label, legible
from fluvial.transfer.imports.text_encodings import LABELS, UNSAID, TextReading, text_readings
from metamodel.plain_figures import whole_of

from .frame import Context
from .sign_in import form_text

BELOW = 3  # rows under the headings that the page shows
WIDTH = 60  # characters of a cell
MEMBERS = ("encoding", "delimiter", "sheet", "headings")

Said = dict[str, Any]


def posted_reading(call: Call) -> Said:
    """What the page says of how the file is to be read; what it does not say is found out."""
    said: Said = {name: form_text(call, name) for name in MEMBERS if form_text(call, name)}
    row = whole_of(said.get("headings", ""))
    if row is not None:
        said["headings"] = row
    shown = page_reading(call)
    moved = said.get("sheet") != shown.get("sheet")
    if moved and said.get("headings") == shown.get("headings"):
        said.pop("headings", None)  # of the other sheet
    return said


def is_read_anew(call: Call) -> bool:
    """Whether the person asks for another reading than the page shows."""
    return posted_reading(call) != page_reading(call)


def page_reading(call: Call) -> Said:
    """How the page that was sent showed the file."""
    try:
        shown = orjson.loads(form_text(call, "read_as") or "{}")
    except orjson.JSONDecodeError:
        shown = None
    return shown if isinstance(shown, dict) else {}


def reading_in(said: Mapping[str, Any]) -> FileReading:
    """The reading of options; Unprocessable where it is not valid."""
    return read_options({name: said[name] for name in MEMBERS if name in said}).reading


def read_as(table: TableFile) -> Said:
    """How a table was read, as the options say it."""
    said: Said = {
        "encoding": table.encoding.removesuffix("-sig"),
        "delimiter": _sign(table.delimiter),
        "sheet": table.sheet,
        "headings": table.headings,
    }
    return {name: value for name, value in said.items() if value}


def likely(
    call: Call, object_name: str, source: IO[bytes], said: Mapping[str, Any]
) -> TableFile | list[TextReading]:
    """The table as it is most likely to be read, or the readings that only a person can tell."""
    reading, fits = reading_in(said), fits_of(call.session, object_name, Options())
    try:
        reading = proposed(source, reading, fits)
    except Unprocessable as problem:
        source.seek(0)
        found = text_readings(source) if problem.errors[0]["code"] == UNSAID else []
        if not found:
            raise
        return found
    source.seek(0)
    return open_table(source, reading, fits)


def question(name: str, readings: Sequence[TextReading]) -> Context:
    """The page that asks which of several texts is the right one."""
    shown = {one.encoding for one in readings}
    return {
        "file_name": name,
        "readings": [
            {"value": one.encoding, "label": one.label, "lines": one.lines} for one in readings
        ],
        "others": [
            {"value": name, "label": label} for name, label in LABELS.items() if name not in shown
        ],
    }


def shown_reading(table: TableFile) -> Context:
    """The choices of the page, and the first rows; it takes them from the table."""
    rows = [*table.above, *islice(table.rows, BELOW)]
    width = min(max((len(row.cells) for row in rows), default=0), len(table.header) + 3)
    encoding = table.encoding.removesuffix("-sig")
    delimiters = {**NAMES, **({} if table.delimiter in NAMES else {table.delimiter: "Other"})}
    return {
        "read_as": orjson.dumps(read_as(table)).decode(),
        "encoding": encoding,
        "encodings": [
            {"value": name, "label": encoding_label(name)} for name in {encoding: "", **LABELS}
        ],
        "delimiter": _sign(table.delimiter),
        "delimiters": [
            {"value": _sign(sign), "label": f"{name} ({sign})" if sign.strip() else name}
            for sign, name in delimiters.items()
        ],
        "sheet": table.sheet,
        "sheets": [{"value": name, "label": name} for name in table.sheets],
        "headings": table.headings,
        "rows": [
            {
                "number": row.number,
                "cells": [_cell(legible(row.cells), at) for at in range(width)],
                "heads": row.number == table.headings,
            }
            for row in rows[-(BELOW + 6) :]
        ],
    }


def _sign(delimiter: str) -> str:
    """A delimiter as a form hands it on: a browser or a server may cut blanks off."""
    return "tab" if delimiter == "\t" else delimiter


def _cell(cells: Sequence[str], at: int) -> str:
    text = cells[at] if at < len(cells) else ""
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
