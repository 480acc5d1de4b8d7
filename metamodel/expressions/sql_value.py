"""What the SQL target asks of its surroundings, and what it gives: elements with storages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Table, cast, func, literal_column
from sqlalchemy.types import UserDefinedType

from metamodel.calendars.calendar import read_calendar
from metamodel.catalog import ObjectType
from metamodel.expressions.decimals import plain
from metamodel.expressions.types import (
    BOOLEAN,
    CALENDAR,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    MONEY,
    MONTHS,
    NUMBER,
    PERSON,
    RECORD,
    Type,
)
from metamodel.storage import BOOLEAN as BOOLEAN_STORAGE
from metamodel.storage import DATE as DATE_STORAGE
from metamodel.storage import INTEGER, JSON, POSTGRESQL, TEXT, TIMESTAMP, UUID, Storage, decimal

Element = ColumnElement[Any]

# Results of arithmetic: as many digits as they need. Text on SQLite, so that nothing is lost.
EXACT = Storage(
    "exact", ("TEXT", "NUMERIC"), encoders=(plain, str), decoders=(Decimal, Decimal), to_wire=plain
)

# A calendar is handed over whole: functions of working time depend on nothing else.
CALENDAR_STORAGE = Storage(
    "calendar",
    ("TEXT", "JSONB"),
    encoders=(attrgetter("text"), attrgetter("text")),
    decoders=(read_calendar, read_calendar),
)

_STORAGES: Mapping[str, Storage] = {
    BOOLEAN.name: BOOLEAN_STORAGE,
    DATE.name: DATE_STORAGE,
    DATETIME.name: TIMESTAMP,
    DURATION.name: INTEGER,
    DAYS.name: INTEGER,
    MONTHS.name: INTEGER,
    RECORD.name: UUID,
    PERSON.name: UUID,
    CALENDAR.name: CALENDAR_STORAGE,
}
_POSTGRESQL = {
    TEXT.name: "TEXT",
    INTEGER.name: "BIGINT",
    BOOLEAN_STORAGE.name: "BOOLEAN",
    DATE_STORAGE.name: "DATE",
    TIMESTAMP.name: "TIMESTAMP WITH TIME ZONE",
    UUID.name: "UUID",
    JSON.name: "JSONB",
    CALENDAR_STORAGE.name: "JSONB",
}


class SqlContext(Protocol):
    """The database's side: tables, parameters and row permissions."""

    @property
    def dialect(self) -> str: ...

    @property
    def objects(self) -> Mapping[str, ObjectType]: ...

    @property
    def fresh(self) -> bool:
        """Whether formulas are worked out also where their values are stored."""

    def table(self, object: str) -> Table: ...

    def link(self, object: str, field: str) -> FromClause:
        """The link table of a multi_lookup: source, target, position."""

    def spans(self) -> FromClause:
        """The state log: record, field, state, from, until."""

    def of_part(self, part: FromClause) -> SqlContext:
        """The same with dated fields and links as of the day of each part of a period."""

    def parts(
        self, first: Element, after: Element, places: Iterable[tuple[str, str]]
    ) -> FromClause:
        """The parts of a period between the days on which fields change: `day` and `next`."""

    def column(self, object: str, alias: FromClause, field: str, suffix: str) -> Element:
        """A column of a field: of a dated one the value of the day that is read."""

    def constant(self, value: Any, storage: Storage) -> Element:
        """A parameter for a value. Those of `Expression.literals` come first, in order."""

    def parameter(self, name: str, storage: Storage) -> Element:
        """A parameter by name: me, now, today; names of the scope; `record.` and a path."""

    def me_set(self, field: str) -> Element | None:
        """One parameter with all the ids (or options) of a many-field of `me`."""

    def restrict(self, object: str, alias: FromClause) -> Element | None:
        """The condition under which a joined or collected record may be seen."""

    def trusted(self) -> SqlContext:
        """The same context for what the metadata itself asks: it sees every record."""


@dataclass(frozen=True)
class SqlValue:
    """An element and how its result decodes. Some values have a second one beside it."""

    element: Element
    storage: Storage
    # The currency, the team or group, or the object type of an any_lookup.
    second: Element | None = None
    second_storage: Storage = TEXT
    nullable: bool = True
    plain: bool = False  # a column or a parameter: cheap to name twice

    @property
    def parts(self) -> tuple[tuple[Element, Storage], ...]:
        first = (self.element, self.storage)
        return (first,) if self.second is None else (first, (self.second, self.second_storage))


def storage_of(type: Type) -> Storage:
    """How values of a type travel to and from the database."""
    if type.name in (NUMBER.name, MONEY.name):
        return EXACT if type.scale is None else decimal(type.scale)
    return _STORAGES.get(type.name, TEXT)


class _Named(UserDefinedType[Any]):
    """A type by its name in SQL, for casts."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def postgresql_type(storage: Storage) -> str:
    return _POSTGRESQL.get(storage.name, "NUMERIC")


def typed(sql: SqlContext, element: Element, storage: Storage) -> Element:
    """PostgreSQL must be told the type of a parameter; SQLite looks at the value."""
    if sql.dialect != POSTGRESQL:
        return element
    return cast(element, _Named(postgresql_type(storage)))


def bound(sql: SqlContext, value: Any, storage: Storage) -> SqlValue:
    """A value as a parameter."""
    if value is None:
        # Not null(): a comparison with that is written IS NULL, and is met.
        return SqlValue(typed(sql, literal_column("NULL"), storage), storage)
    element = typed(sql, sql.constant(value, storage), storage)
    return SqlValue(element, storage, nullable=False, plain=True)


def integer(value: int) -> Element:
    return literal_column(str(value))


def boolean(sql: SqlContext, value: bool) -> Element:
    if sql.dialect == POSTGRESQL:
        return literal_column("true" if value else "false")
    return literal_column("1" if value else "0")


def scale_of(storage: Storage) -> int | None:
    """The scale of numbers that are kept as whole numbers on SQLite."""
    if storage.name == INTEGER.name:
        return 0
    return storage.scale if storage.name.startswith("decimal") else None


def same_form(sql: SqlContext, *values: SqlValue) -> bool:
    """Whether the elements compare as they are."""
    if sql.dialect == POSTGRESQL:
        return True
    if len({value.storage.name for value in values}) == 1:
        return values[0].storage.name != EXACT.name
    scales = {scale_of(value.storage) for value in values}
    return len(scales) == 1 and None not in scales


def exact(sql: SqlContext, value: SqlValue) -> Element:
    """A number in the form that the functions of the database take."""
    scale = scale_of(value.storage)
    if sql.dialect == POSTGRESQL or scale is None:
        return value.element
    return func.fluvial_decimal(value.element, integer(scale))


def assembled(sql: SqlContext, parts: list[SqlValue]) -> SqlValue:
    """A value of several columns."""
    first = parts[0]
    if len(parts) == 1:
        return first
    # A person who may be a team, a group or a role: no two of them share an id or a name.
    storage = parts[-1].storage
    seconds = [
        part.element if part.storage.name == storage.name else typed(sql, part.element, storage)
        for part in parts[1:]
    ]
    second = func.coalesce(*seconds) if len(seconds) > 1 else seconds[0]
    return SqlValue(
        first.element,
        first.storage,
        second,
        storage,
        first.nullable,
        first.plain,
    )


def id_of(value: Any) -> Any:
    """The id of a record that is given with its object type, or alone."""
    return value[1] if isinstance(value, (tuple, list)) else value
