"""The first rows of a table as they will be stored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .cells import Cells
from .options import Options
from .table_files import TableFile
from .targets import Resolver


class FirstCell(NamedTuple):
    """A cell, and the value that is read in it: None where it is a link, empty or a fault."""

    text: str
    field: Field
    value: Any
    faulty: bool


def first_rows(
    session: Session, object_name: str, table: TableFile, options: Options, count: int
) -> tuple[list[str], list[list[FirstCell]]]:
    """The headings that are imported, and their cells."""
    type_ = session.object(object_name, "import")
    resolver = Resolver(session.catalog, session.access, type_)
    targets = resolver.targets(table.header, options, table.repeated, table.hint)
    cells = Cells(session, object_name, targets, options, quoted=not table.sheets)
    rows = [list(_read(cells, row.cells)) for row in islice(table.rows, count)]
    return [table.heading(target.column) for target in targets], rows


def _read(cells: Cells, row: list[str]) -> Iterator[FirstCell]:
    for target in cells.targets:
        text, value, fault = cells.read(target, row)
        yield FirstCell(text, target.field, value, fault is not None)
