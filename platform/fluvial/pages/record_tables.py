"""Tables of records: columns along paths, and rows whose cells are ready HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from fluvial.auth.access import Access
from fluvial.http.assets import icon
from fluvial.kernel.problems import Problem
from fluvial.records.drafts.record_locks import Hold
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Path
from metamodel.catalog import Catalog, Field, ObjectType

from . import due_dates
from . import reader_format as marks
from .clock_cells import ClockCells
from .presenters import Cell, classes_of, empty, face_of, references, said
from .reader_format import NIL, ReaderFormat

ON_PHONES = 6  # columns that cards on a phone show
DEFAULT = 7  # columns of a list that nobody arranged


@dataclass(frozen=True, eq=False)
class TableColumn:
    """One column of a table: a field of the record, or of one that it looks up."""

    path: Path
    field: Field
    label: str
    linked: tuple[str, ...] = ()  # the object types on the way

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def sorts(self) -> bool:
        return self.field.kind.sorts(self.field)

    def value(self, record: Mapping[str, Any]) -> Any:
        found: Any = record
        for step in self.path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(step)
        return found


def column_of(access: Access, type_: ObjectType, name: str) -> TableColumn:
    """The column of a dotted name; Problem where there is none for the person."""
    path = tuple(name.split("."))
    resolve(access, type_, path, "columns")
    return column_along(access.catalog, type_, path)


def column_along(catalog: Catalog, type_: ObjectType, path: Path) -> TableColumn:
    """The column of a path of which it is known that it leads somewhere."""
    labels, current, linked = [], type_, []
    for step in path[:-1]:
        labels.append(current.fields[step].label)
        current = catalog.objects[current.fields[step].targets[0]]
        linked.append(current.name)
    field = current.fields[path[-1]]
    if path[1:] and current.title == f"{{{path[-1]}}}":
        label = " › ".join(labels)  # the account's name is the account
    else:
        label = " › ".join([*labels, field.label])
    return TableColumn(path, field, label, tuple(linked))


def columns_of(access: Access, type_: ObjectType, names: Iterable[str]) -> list[TableColumn]:
    """The columns that the person may see, each once; others are left out."""
    found = {}
    for name in names:
        try:
            found[name] = column_of(access, type_, name)
        except Problem:
            continue
    return list(found.values())


def default_names(access: Access, type_: ObjectType) -> list[str]:
    """The title, what states and places the record, then the first of the rest."""
    hidden = access.object(type_.name).hidden
    own = [f for f in type_.own_fields if f.name not in hidden and not face_of(f).rare]
    own = [f for f in own if f.option("in_lists", True)]
    state = type_.states.field if type_.states else ""
    first = [f for f in own if f"{{{f.name}}}" in type_.title]
    first += [f for f in own if f.name == state]
    first += [f for f in own if f.targets and not f.many]
    first += [f for f in own if f.required]
    names = list(dict.fromkeys(f.name for f in [*first, *own]))[:DEFAULT]
    return names or ["title"]


def paths_of(columns: Sequence[TableColumn], type_: ObjectType | None = None) -> tuple[Path, ...]:
    """What to read for the columns: also the title, and the state where something may be late."""
    paths = [("title",), *(column.path for column in columns)]
    if type_ is not None and type_.states and any(c.name in due_dates.NAMES for c in columns):
        paths.append((type_.states.field,))
    return tuple(dict.fromkeys(paths))


class RecordTable:
    """Shows records of one type in columns. Cells are made by one function for each column."""

    def __init__(
        self,
        type_: ObjectType,
        columns: Sequence[TableColumn],
        fmt: ReaderFormat,
        editable: Collection[str] = (),
    ) -> None:
        self.type = type_
        self.fmt = fmt
        self.lead, self.title, self.rest = _parted(columns)
        self._columns = columns
        self._clocks: ClockCells = {}
        self._editable = editable  # fields whose cells may be edited where they stand

    @property
    def heads(self) -> list[TableColumn]:
        return [self.title, *self.rest]

    def want(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Tell whose names the rows need, before they are loaded."""
        for column in self._columns:
            values = [column.value(record) for record in records]
            self.fmt.names.want(references(column.field, values))

    def rows(
        self,
        records: Sequence[Mapping[str, Any]],
        holds: Mapping[str, Hold] | None = None,
        clocks: ClockCells | None = None,
    ) -> list[dict[str, Any]]:
        """Cells of a record for which a lock holds are edited only where it leaves them open."""
        self.want(records)
        self.fmt.names.load()
        self._clocks = clocks or {}
        cells = self._cells(self._editable)
        if not holds:
            return [self._row(record, cells) for record in records]
        held = {
            hold.open: self._cells([name for name in self._editable if name in hold.open])
            for hold in holds.values()
        }
        found = []
        for record in records:
            hold = holds.get(record["id"])
            own = cells if hold is None else held[hold.open]
            found.append(self._row(record, own, hold.reason if hold is not None else ""))
        return found

    def _cells(self, editable: Collection[str]) -> list[Any]:
        return [
            _cell(column, self.fmt, place, edited=column.name in editable, clocks=self._clocks)
            for place, column in enumerate(self.rest)
        ]

    def _row(
        self, record: Mapping[str, Any], cells: Sequence[Any], locked: str = ""
    ) -> dict[str, Any]:
        href = self.fmt.href(self.type.name, record["id"])
        title = self._words(self.title, record) or record["title"]
        lead = (
            f'<span class="lead-no">{escape(self.lead.value(record))}</span>' if self.lead else ""
        )
        lock = _lock_mark(locked) if locked else ""
        html = [f'<td class="title"><a href="{escape(href)}">{lead}{escape(title)}{lock}</a></td>']
        html += [cell(record) for cell in cells]
        return {
            "id": record["id"],
            "rev": record["rev"],
            "href": href,
            "title": record["title"],
            "locked": locked,
            "cells": Markup("".join(html)),
        }

    def _words(self, column: TableColumn, record: Mapping[str, Any]) -> str:
        value = column.value(record)
        return "" if empty(value) else said(column.field, value, self.fmt)


def _lock_mark(reason: str) -> str:
    said = escape(reason)
    told = f'{icon("lock")}<span class="hidden">{said}</span>'
    return f' <span class="faint" title="{said}">{told}</span>'


def _parted(
    columns: Sequence[TableColumn],
) -> tuple[TableColumn | None, TableColumn, list[TableColumn]]:
    """A number stands in the cell of the title that follows it."""
    first, rest = columns[0], list(columns[1:])
    if face_of(first.field).lead and rest and rest[0].field.kind.titles:
        if len(rest[0].path) == 1:
            return first, rest[0], rest[1:]
    return None, first, rest


def _cell(
    column: TableColumn, fmt: ReaderFormat, place: int, *, edited: bool, clocks: ClockCells
) -> Any:
    """The function that makes one td of a record."""
    classes = head_classes(column, place)
    label = (
        f' data-label="{escape(column.label)}"'
        if face_of(column.field).is_named(column.field)
        else ""
    )
    label += f' data-col="{escape(column.name)}"' if edited else ""
    start = f'<td class="{classes}"{label}>' if classes else f"<td{label}>"
    show, nothing = _shown(column, fmt), face_of(column.field).nothing

    def cell(record: Mapping[str, Any]) -> str:
        value = column.value(record)
        clock = clocks.get((record["id"], column.name)) if clocks else None
        return f"{start}{clock or (nothing if empty(value) else show(value))}</td>"

    if column.name in due_dates.NAMES:
        return _due(column, fmt, start, show)
    if not _is_title(column, fmt):
        return cell
    behind = TableColumn(column.path[:-1], column.field, column.label)

    def linked(record: Mapping[str, Any]) -> str:
        other = behind.value(record)
        if not other or empty(other.get(column.path[-1])):
            return f"{start}{NIL}</td>"
        href = fmt.href(column.linked[-1], other["id"])
        return f'{start}<span class="clip">{marks.link(href, other[column.path[-1]])}</span></td>'

    return linked


def _due(column: TableColumn, fmt: ReaderFormat, start: str, show: Cell) -> Any:
    """A day or moment that says whether it has passed, as long as the record is open."""
    type_ = fmt.catalog.objects[column.field.object]

    def cell(record: Mapping[str, Any]) -> str:
        value = column.value(record)
        if empty(value):
            return f"{start}{NIL}</td>"
        tone = due_dates.tone(value, fmt) if due_dates.is_open(type_, record) else ""
        return f'{start}<span class="{tone}">{show(value)}</span></td>'

    return cell


def _shown(column: TableColumn, fmt: ReaderFormat) -> Cell:
    show = face_of(column.field).cell(column.field, fmt)

    def safe(value: Any) -> str:
        try:
            return show(value)
        except (TypeError, ValueError, KeyError, AttributeError):
            return escape(value)  # written when the field had another form

    return safe


def _is_title(column: TableColumn, fmt: ReaderFormat) -> bool:
    """Whether the column shows what the record behind a look-up is called."""
    if not column.linked or column.linked[-1] == "user":
        return False
    kind = column.field.kind
    if not (kind.titles and kind.editable):  # a number stands on its own
        return False
    return fmt.catalog.objects[column.linked[-1]].title == f"{{{column.path[-1]}}}"


def head_classes(column: TableColumn, place: int) -> str:
    hidden = "hide-s" if place >= ON_PHONES else ""
    return f"{classes_of(column.field)} {hidden}".strip()
