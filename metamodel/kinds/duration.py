"""Duration: a length of time in whole seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from metamodel.calendars.calendars import Calendars
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.conversion import parsed
from metamodel.kinds.kind import (
    Column,
    ConversionStep,
    Convert,
    Field,
    FieldCheck,
    Kind,
    RelatedRecords,
    TextFormat,
)
from metamodel.kinds.working_days import Idle, check_named
from metamodel.storage import INTEGER
from metamodel.written.written_lengths import length_in

ROUNDING = ("nearest", "up", "down")
DIGITS = re.compile(r"[0-9]{1,12}")
MOST = 10**12
NOT_BUSINESS = Idle(
    "not_business",
    "Elapsed time does not use a calendar.",
    "Write `clock: business`, or leave it out.",
)
DAY_LENGTH = "day_length"  # of working time: what the calendar says, kept beside the options


def clock_text(seconds: int) -> str:
    """Hours and minutes: 5400 is `1:30`, 61 is `0:01:01`."""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{hours}:{minutes:02d}" + (f":{left:02d}" if left else "")


def days_text(seconds: int, day: int) -> str:
    """Days of so many seconds, hours and minutes: `2d 4h`, `30m`."""
    days, rest = divmod(abs(seconds), day)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    counted = ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s"))
    said = " ".join(f"{count}{unit}" for count, unit in counted if count) or "0m"
    return f"-{said}" if seconds < 0 else said


class Duration(Kind):
    name = "duration"
    label = "Duration"
    group = "Time"
    icon = "stopwatch"
    words = "hours minutes length effort estimate time spent"
    suggests = "duration effort estimate hours minutes length spent"
    about = "A length of time, kept in whole seconds and shown as hours and minutes."
    example = {"name": "playing_time", "kind": "duration", "default": 5400}
    first = ("step",)
    sample = 5400
    options = {
        "min": {"type": "integer", "minimum": 0, "description": "The minimum in seconds."},
        "max": {"type": "integer", "minimum": 0, "description": "The maximum in seconds."},
        "step": {
            "type": "integer",
            "minimum": 1,
            "maximum": 86400,
            "description": (
                "Values are rounded to a multiple of this many seconds: 900 for quarter hours."
            ),
        },
        "rounding": {
            "enum": list(ROUNDING),
            "description": "How to round to the step; to the nearest by default, halves up.",
        },
        "clock": {
            "enum": ["elapsed", "business"],
            "description": "`business` means working time: 2d 4h in the days of a calendar.",
        },
        "calendar": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "document", "kind": "calendar"},
            "description": "The calendar whose days count; the default calendar if omitted.",
        },
    }
    operators = ("is", "is_not", "above", "below", "between", "empty", "not_empty")

    def check(self, field: Field, check: FieldCheck) -> None:
        if field.option("min", 0) > field.option("max", MOST):
            check.fault("min", "min_above_max", "`min` is above `max`.", "Swap the two.")
        business = field.option("clock") == "business"
        check_named(field, check, "clock", NOT_BUSINESS, asked=business)

    def resolve(self, spec: Mapping[str, Any], calendars: Calendars) -> Mapping[str, Any]:
        """The seconds of a day of work are those of the calendar."""
        if spec.get("clock") != "business":
            return spec
        calendar = calendars.named.get(spec.get("calendar", "")) or calendars.default
        return {**spec, DAY_LENGTH: calendar.usual_day} if calendar is not None else spec

    def type(self, field: Field) -> types.Type:
        return types.DURATION

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", INTEGER),)

    def parse(self, field: Field, raw: Any) -> int:
        if isinstance(raw, str) and DIGITS.fullmatch(raw):
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise ValueFault("not_a_duration", "Write whole seconds, such as 5400 for 1:30 hours.")
        value = rounded(raw, field.option("step", 1), field.option("rounding", "nearest"))
        least, most = field.option("min", 0), field.option("max", MOST)
        if value < least:
            raise ValueFault("below_min", f"Write {self.show(field, least)} or more.")
        if value > most:
            raise ValueFault("above_max", f"Write {self.show(field, most)} or less.")
        return value

    def parse_text(self, field: Field, text: str, form: TextFormat) -> int:
        """`1:30`, `1:30:15`, `1h 30m`, `1.5h`, `2d`, or a plain number in the form's unit."""
        seconds = length_in(text, field.option(DAY_LENGTH, 86400), form)
        return self.parse(field, seconds)

    def cell(self, field: Field, value: int) -> str:
        return clock_text(value)

    def texts(self, field: Field, value: int, world: RelatedRecords) -> list[str]:
        return [clock_text(value)]

    def takes(self, old: Kind) -> Convert | None:
        if old.among(("duration",)):
            return parsed
        return _hours if old.among(("number",)) else super().takes(old)

    def show(self, field: Field, value: int, locale: str = "en") -> str:
        day = field.option(DAY_LENGTH)
        return clock_text(value) if day is None else days_text(value, day)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "integer",
            "minimum": field.option("min", 0),
            "maximum": field.option("max", MOST),
            "description": "Whole seconds.",
        }


def rounded(seconds: int, step: int, rounding: str) -> int:
    whole, rest = divmod(seconds, step)
    up = rest * 2 >= step if rounding == "nearest" else rounding == "up"
    return (whole + 1 if up and rest else whole) * step


def _hours(step: ConversionStep, value: Decimal) -> Any:
    seconds = value * 3600
    if seconds != seconds.to_integral_value():
        raise ValueFault(
            "not_a_duration", "It is not a whole number of seconds; numbers count as hours."
        )
    return step.new.kind.parse(step.new, int(seconds))
