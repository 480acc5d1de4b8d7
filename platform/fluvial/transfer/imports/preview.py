"""The preview of an import: columns, first rows, and what the columns most likely mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import IO, Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable
from fluvial.runtime.session import Session

from .file_formats import open_table
from .options import Options
from .proposals import fits_of, proposed
from .table_files import TableFile
from .targets import ID, Resolver
from .text_encodings import UNSAID, TextReading, text_readings
from .value_evidence import SAMPLE, Evidence, evidence_of

ROWS = 20
SAMPLES = 3
EMPTIES = ("?", "-", "n/a", "N/A", "NULL", "null", "none")

_DATE = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\b")


def preview_of(
    session: Session, object_name: str, source: IO[bytes], options: Options
) -> dict[str, Any]:
    """The preview of a file as it is most likely to be read; `encodings` where that is a question,
    with the first lines in each of those that it may have.
    """
    fits = fits_of(session, object_name, options)
    reading, encodings = options.reading, list[TextReading]()
    try:
        reading = proposed(source, reading, fits)
    except Unprocessable as problem:
        source.seek(0)
        encodings = text_readings(source) if problem.errors[0]["code"] == UNSAID else []
        if not encodings:
            raise
        source.seek(0)
        reading = proposed(source, replace(reading, encoding=encodings[0].encoding), fits)
    source.seek(0)
    found = preview(session, object_name, open_table(source, reading, fits))
    found.pop("evidence")
    return found | {"encodings": [vars(one) for one in encodings]}


def preview(
    session: Session,
    object_name: str,
    table: TableFile,
    chosen: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """What a table holds, and how it is most likely meant; `chosen` says where columns go."""
    type_ = session.object(object_name, "import")
    resolver = Resolver(session.catalog, session.access, type_)
    sample = list(islice(table.rows, SAMPLE))
    rows = [row.cells for row in sample[:ROWS]]
    found = resolver.suggestions(table.header, table.repeated)
    suggested = {name: _said_by(table.header, rows, name, path) for name, path in found.items()}
    may = session.access.object(object_name).can("update")
    if may and ID not in suggested and ID in table.header and _holds_ids(table.header, rows, ID):
        suggested[ID] = ID  # our own export comes back
    count = len(sample) + sum(1 for _ in table.rows)
    texts = [cell.strip() for row in rows for cell in row]
    mapped = {column: name or "" for column, name in (chosen or suggested).items()}
    evidence = evidence_of(type_, mapped, table.header, sample)
    return {
        "columns": _columns(table.header, rows, suggested),
        "rows": rows,
        "count": count,
        "asks": evidence.asks,
        "evidence": evidence,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "sheets": table.sheets,
        "sheet": table.sheet,
        "headings": table.headings,
        "suggested": {
            "map": suggested,
            **_written(evidence, texts),
            "empty": [text for text in EMPTIES if text in texts],
            "key": _key(suggested.values(), [f.name for f in type_.own_fields if f.unique]),
        },
    }


def _columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], suggested: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "header": column,
            "samples": _samples(rows, index),
            "field": suggested.get(column),
        }
        for index, column in enumerate(header)
    ]


def _written(evidence: Evidence, texts: Iterable[str]) -> dict[str, str]:
    """The options of values that the cells show; what only a person can tell is left open."""
    found = {"dates": evidence.orders[0] if len(evidence.orders) == 1 else _order(texts)}
    if "dates" in evidence.asks:
        found["dates"] = "ymd"
    if evidence.numbers and len(evidence.marks) == 1:
        found["decimal"] = evidence.marks[0]
    if evidence.broken:
        found["line_breaks"] = "space"
    return found


def _samples(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    cells = (row[index].strip() for row in rows if index < len(row))
    return list(dict.fromkeys(cell for cell in cells if cell))[:SAMPLES]


def _order(texts: Iterable[str]) -> str:
    """The order of day, month and year: only one may fit all dates."""
    order = "ymd"
    for text in texts:
        found = _DATE.match(text)
        if found is None or len(found[1]) == 4:
            continue
        if int(found[1]) > 12:
            return "dmy"
        if int(found[2]) > 12:
            return "mdy"
        order = "dmy"
    return order


def _said_by(header: Sequence[str], rows: Sequence[Sequence[str]], column: str, path: str) -> str:
    """A look-up by what its records are called, or by their ids where the cells hold those."""
    field, key, _ = path.partition(".")
    return field if key and _holds_ids(header, rows, column) else path


def _holds_ids(header: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> bool:
    """Whether all cells of a column are ids, as our exports write records that are linked."""
    at = header.index(column)
    cells = {part for row in rows if at < len(row) for part in row[at].split(";")}
    ids = {cell.strip().rpartition(":")[2] for cell in cells} - {""}
    return bool(ids) and all(map(is_id, ids))


def _key(fields: Iterable[str], unique: Sequence[str]) -> list[str]:
    found = sorted((n for n in fields if n in (ID, *unique)), key=lambda name: name != ID)
    return found[:1]
