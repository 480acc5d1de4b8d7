"""Operations on values: one Python meaning each, under which databases register or define it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func

from metamodel import segments
from metamodel.calendars import working_calls
from metamodel.expressions.types import (
    BOOLEAN,
    CALENDAR,
    DATE,
    DATETIME,
    DURATION,
    NUMBER,
    TEXT,
    Type,
    number,
)
from metamodel.storage import POSTGRESQL, SQLITE

from . import chronology, decimals, strings, tiers

PREFIX = "fluvial_"  # of the functions in the database

Native = Callable[..., ColumnElement[Any]]

WHOLE = number(0)
INTEGER = DURATION  # whole numbers that are no number of the language: seconds, months, digits


@dataclass(frozen=True, eq=False)
class Operation:
    """A pure function of values that are not empty; with an empty one it is empty itself."""

    name: str
    run: Callable[..., Any]
    takes: tuple[Type, ...]  # how the database hands its arguments over
    gives: Type
    native: Mapping[str, Native] = field(default_factory=dict)  # by dialect, where it is at hand
    total: bool = False  # of arguments that are not empty it always has a result

    @property
    def function(self) -> str:
        return PREFIX + self.name


def _length(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.length(text)


def _holds(text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.instr(text, part) > 0


def _position(text: ColumnElement[Any], part: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.strpos(text, part) > 0


def segment_units(
    start: date, end: date, first: date, after: date, convention: str
) -> Decimal | None:
    found = segments.units(start, end, first, after, convention)
    return None if found is None else Decimal(found)


def _operation(name: str, run: Callable[..., Any], *types: Type, **more: Any) -> Operation:
    return Operation(name, run, types[:-1], types[-1], **more)


ADD = _operation("add", decimals.add, NUMBER, NUMBER, NUMBER)
SUBTRACT = _operation("subtract", decimals.subtract, NUMBER, NUMBER, NUMBER)
MULTIPLY = _operation("multiply", decimals.multiply, NUMBER, NUMBER, NUMBER)
DIVIDE = _operation("divide", decimals.divide, NUMBER, NUMBER, NUMBER)
NEGATE = _operation("negate", decimals.negate, NUMBER, NUMBER)
ABSOLUTE = _operation("absolute", decimals.absolute, NUMBER, NUMBER)
ROUND = _operation("round", decimals.round_half_up, NUMBER, INTEGER, NUMBER)
FIX = _operation("fix", decimals.fix, NUMBER, INTEGER, NUMBER)
FLOOR = _operation("floor", decimals.floor, NUMBER, NUMBER)
CEILING = _operation("ceiling", decimals.ceiling, NUMBER, NUMBER)
COMPARE = _operation("compare", decimals.compare, NUMBER, NUMBER, INTEGER)
READ_NUMBER = _operation("read_number", decimals.read, TEXT, NUMBER)
WRITE_NUMBER = _operation("write_number", decimals.written, NUMBER, INTEGER, TEXT)

TIERED = _operation("tiered", tiers.tiered, TEXT, NUMBER, TEXT, NUMBER)

SECONDS = _operation("seconds", decimals.seconds, NUMBER, INTEGER, DURATION)
MONTHS_OF = _operation("months", decimals.times, NUMBER, INTEGER, INTEGER)
PER_UNIT = _operation("per_unit", decimals.per_unit, DURATION, INTEGER, NUMBER)
ADD_DURATIONS = _operation("add_durations", decimals.add_durations, DURATION, DURATION, DURATION)
SUBTRACT_DURATIONS = _operation(
    "subtract_durations", decimals.subtract_durations, DURATION, DURATION, DURATION
)
SCALE_DURATION = _operation("scale_duration", decimals.scale_duration, DURATION, NUMBER, DURATION)
SPLIT_DURATION = _operation("split_duration", decimals.split_duration, DURATION, NUMBER, DURATION)
RATIO = _operation("ratio", decimals.ratio, DURATION, DURATION, NUMBER)
WRITE_DURATION = _operation("write_duration", decimals.clock, DURATION, TEXT)

START_OF_DAY = _operation("start_of_day", chronology.start_of_day, DATE, TEXT, DATETIME)
LOCAL_DATE = _operation("local_date", chronology.local_date, DATETIME, TEXT, DATE)
SHIFT_DATE = _operation("shift_date", chronology.shift_date, DATE, DURATION, DATE)
SHIFT_MOMENT = _operation("shift_moment", chronology.shift_moment, DATETIME, DURATION, DATETIME)
ADD_MONTHS = _operation("add_months", chronology.add_months, DATE, INTEGER, DATE)
ADD_MONTHS_TO_MOMENT = _operation(
    "add_months_to_moment",
    chronology.add_months_to_moment,
    DATETIME,
    INTEGER,
    TEXT,
    DATETIME,
)
BETWEEN_DATES = _operation("between_dates", chronology.seconds_between_days, DATE, DATE, DURATION)
BETWEEN_MOMENTS = _operation(
    "between_moments", chronology.seconds_between, DATETIME, DATETIME, DURATION
)
YEAR = _operation("year", chronology.year, DATE, WHOLE)
MONTH = _operation("month", chronology.month, DATE, WHOLE)
DAY = _operation("day", chronology.day_of_month, DATE, WHOLE)
WEEKDAY = _operation("weekday", chronology.weekday, DATE, WHOLE)
START_OF_DATE = _operation("start_of_date", chronology.start_of_date, DATE, TEXT, DATE)
END_OF_DATE = _operation("end_of_date", chronology.end_of_date, DATE, TEXT, DATE)
START_OF_MOMENT = _operation(
    "start_of_moment", chronology.start_of_moment, DATETIME, TEXT, TEXT, DATETIME
)
END_OF_MOMENT = _operation(
    "end_of_moment", chronology.end_of_moment, DATETIME, TEXT, TEXT, DATETIME
)
READ_DATE = _operation("read_date", chronology.read_date, TEXT, DATE)
READ_MOMENT = _operation("read_moment", chronology.read_moment, TEXT, TEXT, DATETIME)
WRITE_DATE = _operation("write_date", chronology.written_date, DATE, TEXT)
WRITE_MOMENT = _operation("write_moment", chronology.written_moment, DATETIME, TEXT)

WORKING_TIME = _operation(
    "working_time", working_calls.between, DATETIME, DATETIME, CALENDAR, DURATION
)
ADD_WORKING_TIME = _operation(
    "add_working_time", working_calls.add, DATETIME, DURATION, CALENDAR, DATETIME
)
WORKING_DAYS = _operation("working_days", working_calls.days, DURATION, CALENDAR, DURATION)
IS_OPEN = _operation("is_open", working_calls.is_open, DATETIME, CALENDAR, BOOLEAN, total=True)
IS_WORKING_DAY = _operation(
    "is_working_day", working_calls.is_working_day, DATE, CALENDAR, BOOLEAN, total=True
)

SEGMENT_UNITS = _operation("segment_units", segment_units, DATE, DATE, DATE, DATE, TEXT, WHOLE)

WRITE_BOOLEAN = _operation("write_boolean", strings.written_answer, BOOLEAN, TEXT, total=True)
SHORT = _operation("short", strings.short, TEXT, TEXT)
LOWER = _operation("lower", strings.lower, TEXT, TEXT)
UPPER = _operation("upper", strings.upper, TEXT, TEXT)
TRIM = _operation("trim", strings.trim, TEXT, TEXT)
LENGTH = _operation(
    "length", strings.length, TEXT, WHOLE, native={SQLITE: _length, POSTGRESQL: _length}, total=True
)
CONTAINS = _operation(
    "contains",
    strings.contains,
    TEXT,
    TEXT,
    BOOLEAN,
    native={SQLITE: _holds, POSTGRESQL: _position},
    total=True,
)
STARTS_WITH = _operation("starts_with", strings.starts_with, TEXT, TEXT, BOOLEAN, total=True)
ENDS_WITH = _operation("ends_with", strings.ends_with, TEXT, TEXT, BOOLEAN, total=True)
MATCHES = _operation("matches", strings.matches, TEXT, TEXT, BOOLEAN, total=True)

OPERATIONS: tuple[Operation, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Operation)
)
