"""What a week grid shows: rows, the sums of their days, and the sheet of the week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.pages.reader_format import ReaderFormat
from fluvial.records.drafts.record_locks import Hold, holds_on
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading import reader
from fluvial.records.reading.query import MAX_LIMIT, Query
from fluvial.runtime.session import Session
from forms.record_defaults import defaults_of_new
from metamodel.catalog import Field, ObjectType

from .week_grids import WeekGrid, grids_for

DAYS = 7
MOST_RECORDS = 2000
Key = tuple[str, ...]  # what a row's fields hold, "" for nothing


@dataclass
class WeekCell:
    """One day of a row: the records, their sum, and why it cannot be typed into."""

    records: list[Mapping[str, Any]] = field(default_factory=list)
    amount: Any = None
    closed: str = ""


@dataclass(frozen=True)
class SheetOfWeek:
    """The record of the person and the week."""

    type: ObjectType
    values: Values
    hold: Hold | None

    @property
    def id(self) -> str:
        return str(self.values["id"])


@dataclass(frozen=True)
class Week:
    """The week of a person in a grid."""

    grid: WeekGrid
    type: ObjectType
    of: str  # as a filter writes it: the id of a record, or user:ID
    monday: date
    rows: Mapping[Key, Mapping[date, WeekCell]]
    sheet: SheetOfWeek | None
    creates: bool
    closed: str  # why nothing can be typed at all

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=at) for at in range(DAYS)]

    @property
    def amount(self) -> Field:
        return self.type.fields[self.grid.amount]


def find_grid(session: Session, name: str) -> WeekGrid:
    for grid in grids_for(session.catalog, session.access):
        if grid.name == name:
            return grid
    raise NotFound(f"There is no week grid `{name}`.")


def own(session: Session, grid: WeekGrid) -> str:
    """Whose week the reader sees first: their own; "" where there is none."""
    type_ = session.object(grid.object)
    value = defaults_of_new(session, type_, {}).get(grid.person)
    if value is None and type_.fields[grid.person].type.people and session.actor.id:
        value = {"user": session.actor.id}
    return said(value)


def said(value: Any) -> str:
    """A person or a look-up as a filter writes it."""
    if isinstance(value, Mapping):
        return ":".join(next(iter(value.items())))
    return "" if value is None else str(value)


def key_of(grid: WeekGrid, record: Mapping[str, Any]) -> Key:
    return tuple("" if record.get(name) is None else str(record[name]) for name in grid.rows)


def read_week(
    session: Session, grid: WeekGrid, of: str, monday: date, more: Sequence[Key] = ()
) -> Week:
    """The week with the rows of the one before, so that they need not be looked for again."""
    type_ = session.object(grid.object)
    found: dict[Key, dict[date, WeekCell]] = {}
    for record in _records(session, grid, of, monday):
        cells = found.setdefault(key_of(grid, record), {})
        day = date.fromisoformat(record[grid.day])
        cells.setdefault(day, WeekCell()).records.append(record)
    sheet = _sheet(session, grid, of, monday)
    access = session.access.object(type_.name)
    may = access.can("create") or access.can("update")
    closed = "" if may else f"Your roles do not let you change {type_.plural.lower()}."
    if sheet is not None and sheet.hold is not None:
        closed = sheet.hold.reason
    if not closed:
        before = _records(session, grid, of, monday - timedelta(days=DAYS))
        for key in (*(key_of(grid, record) for record in before), *more):
            found.setdefault(key, {})
    _sum(session, type_, grid, found)
    return Week(grid, type_, of, monday, found, sheet, access.can("create"), closed)


def _records(
    session: Session, grid: WeekGrid, of: str, monday: date
) -> Iterator[Mapping[str, Any]]:
    sunday = monday + timedelta(days=DAYS - 1)
    where = f"{grid.day} >= '{monday}' and {grid.day} <= '{sunday}'"
    names = tuple((name,) for name in ("id", "rev", *grid.fields[1:]))
    query = Query(grid.object, names, where, ((grid.person, of),), limit=MAX_LIMIT)
    count, cursor = 0, ""
    while count < MOST_RECORDS:
        page = reader.read_page(session, query if not cursor else _next(query, cursor))
        yield from page["data"]
        count, cursor = count + len(page["data"]), page["next"] or ""
        if not cursor:
            return


def _next(query: Query, cursor: str) -> Query:
    return Query(
        query.object, query.fields, query.where, query.equals, limit=query.limit, cursor=cursor
    )


def _sheet(session: Session, grid: WeekGrid, of: str, monday: date) -> SheetOfWeek | None:
    sheet = grid.sheet
    if sheet is None or not session.access.object(sheet.object).can("read"):
        return None
    hidden = session.access.object(sheet.object).hidden
    if not hidden.isdisjoint((sheet.person, sheet.week)):
        return None
    where = f"{sheet.week} == '{monday}'"
    query = Query(sheet.object, (("id",),), where, ((sheet.person, of),), limit=1)
    found = reader.read_page(session, query)["data"]
    if not found:
        return None
    type_ = session.object(sheet.object)
    values = load_row(session, type_.name, found[0]["id"], "read")
    if values is None:
        return None
    return SheetOfWeek(type_, values, holds_on(session, type_, [values["id"]]).get(values["id"]))


def _sum(
    session: Session, type_: ObjectType, grid: WeekGrid, rows: Mapping[Key, Mapping[date, WeekCell]]
) -> None:
    cells = [cell for row in rows.values() for cell in row.values()]
    holds = holds_on(session, type_, [one["id"] for cell in cells for one in cell.records])
    amount = type_.fields[grid.amount]
    for cell in cells:
        known = [one[grid.amount] for one in cell.records if one[grid.amount] is not None]
        cell.amount = added(amount, known)
        held = [holds[one["id"]].reason for one in cell.records if one["id"] in holds]
        if held:
            cell.closed = held[0]
        elif len(cell.records) > 1:
            cell.closed = f"{len(cell.records)} {type_.plural.lower()} of this day: open them."
        elif len(known) < len(cell.records):
            cell.closed = f"{type_.label} without {amount.label.lower()}: open it."


def added(amount: Field, wire: Sequence[Any]) -> Any:
    """The sum of values in wire form, in canonical form; None where there are none."""
    values = [amount.kind.parse(amount, one) for one in wire]
    return sum(values[1:], values[0]) if values else None


def title_of(fmt: ReaderFormat, grid: WeekGrid, type_: ObjectType, key: Key) -> str:
    """What a row is called; the titles have to be loaded."""
    parts = []
    for name, text in zip(grid.rows, key, strict=True):
        known = type_.fields[name]
        if text and known.to:
            parts.append(fmt.names.title(known.to, text) or f"Hidden {known.label.lower()}")
        elif text:
            parts.append({o.name: o.label for o in known.type.options}.get(text, text))
    return " · ".join(parts) or f"No {type_.fields[grid.rows[0]].label.lower()}"


def want_titles(
    fmt: ReaderFormat, grid: WeekGrid, type_: ObjectType, keys: Sequence[Key], of: str
) -> None:
    for key in keys:
        for name, text in zip(grid.rows, key, strict=True):
            known = type_.fields[name]
            if text and known.to:
                fmt.names.want([(known.to, text)])
    fmt.names.want([place_of(type_.fields[grid.person], of)])
    fmt.names.load()


def place_of(person: Field, of: str) -> tuple[str, str]:
    """The object and the id of whose week it is."""
    return (person.to, of) if person.to and not person.type.people else ("user", of[5:])
