"""Forms of exports: what stands over the columns of a file and in its cells.

The engine's own form loses nothing and comes back through an import. Features bring others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from fluvial.kernel.features import Seam
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Path, Query
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.types import NUMBER

from .sheet_cells import SheetCell, number_cell

Record = Mapping[str, Any]


@dataclass(frozen=True)
class ExportColumn:
    heading: str
    cell: Callable[[Record], SheetCell | None]  # None is empty
    width: int = 0  # in characters; 0 is what a spreadsheet gives


@dataclass(frozen=True)
class ExportForm:
    """The columns of one export, and what they read."""

    paths: tuple[Path, ...]
    columns: Sequence[ExportColumn]
    want: Callable[[Sequence[Record]], None]  # told the records of a page before their cells
    lossless: bool = True  # else a text that is too long for a cell is shortened


class NamedForm(NamedTuple):
    name: str  # the value of the parameter `for`
    make: Callable[[Session, Query], ExportForm]


EXPORT_FORM: Seam[NamedForm] = Seam("a form of exports")


def lossless_form(session: Session, query: Query) -> ExportForm:
    """All fields, or those asked for, by the names by which an import finds them again."""
    type_ = session.catalog.objects[query.object]
    paths = query.fields
    if paths is None:
        hidden = session.access.object(type_.name).hidden
        paths = (("id",), *((f.name,) for f in type_.own_fields if f.name not in hidden))
    fields = [resolve(session.access, type_, path, "fields") for path in paths]
    columns = [
        ExportColumn(".".join(path), partial(_cell, field, path))
        for path, field in zip(paths, fields, strict=True)
    ]
    return ExportForm(paths, columns, lambda records: None)


def _cell(field: Field, path: Path, record: Record) -> SheetCell | None:
    value = at(record, path)
    if value is None or value == []:
        return None
    text = field.kind.cell(field, value)
    if isinstance(value, bool):
        return SheetCell(value, words=text)
    return number_cell(text) if field.type.name == NUMBER.name else SheetCell(text)


def at(record: Record, path: Path) -> Any:
    value: Any = record
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
