"""Exports for people: the columns of a list, with the words of the page and values that add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query
from fluvial.runtime.languages import in_words
from fluvial.runtime.session import Session
from fluvial.transfer.export_forms import ExportColumn, ExportForm, NamedForm
from fluvial.transfer.sheet_cells import SheetCell
from metamodel.errors import ValueFault

from .presenters import empty, face_of, references
from .reader_format import ReaderFormat, format_of
from .record_tables import TableColumn, column_of

WIDTHS = (10, 40)  # in characters, of the columns of a sheet


def people_form(session: Session, query: Query) -> ExportForm:
    """The columns of a list as its page shows them, in the reader's language and zone."""
    session = in_words(session)
    type_ = session.catalog.objects[query.object]
    hidden = session.access.object(type_.name).hidden
    own = tuple((f.name,) for f in type_.own_fields if f.name not in hidden)
    paths = query.fields or own or (("title",),)
    columns = [column_of(session.access, type_, ".".join(path)) for path in paths]
    fmt = format_of(session)

    def want(records: Sequence[Any]) -> None:
        for column in columns:
            values = [column.value(record) for record in records]
            fmt.names.want(references(column.field, values))
        fmt.names.load()

    made = [
        ExportColumn(_heading(column, fmt), _cell(column, fmt), _width(column))
        for column in columns
    ]
    return ExportForm(paths, made, want, lossless=False)


def _heading(column: TableColumn, fmt: ReaderFormat) -> str:
    more = face_of(column.field).about(column.field, fmt)
    return f"{column.label} ({more})" if more else column.label


def _width(column: TableColumn) -> int:
    least, most = WIDTHS
    usual = most if column.field.kind.titles or column.field.kind.long else 2 * least
    return max(least, min(most, max(len(column.label) + 2, usual)))


def _cell(column: TableColumn, fmt: ReaderFormat) -> Callable[[Any], SheetCell | None]:
    face, field = face_of(column.field), column.field

    def cell(record: Any) -> SheetCell | None:
        value = column.value(record)
        if empty(value):
            return None
        try:
            return face.sheet(field, value, fmt)
        except (TypeError, ValueError, KeyError, AttributeError, ValueFault, Problem):
            return SheetCell(str(value))  # written when the field had another form

    return cell


PEOPLE = NamedForm("people", people_form)
