"""Date: a day, without a time and a zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

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
    one_text,
)
from metamodel.kinds.working_days import OPTIONS, check_calendar, check_working
from metamodel.storage import DATE
from metamodel.written.written_days import day_and_clock

ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def iso_date(raw: Any) -> date:
    """The day of `2026-11-21`."""
    if isinstance(raw, str) and ISO.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise ValueFault("not_a_date", f"{raw} is not a valid date.") from None
    raise ValueFault("not_a_date", "Write a date such as 2026-11-21.")


def people_locale(locale: str) -> str:
    """English dates name the day first."""
    return "en_GB" if locale == "en" else locale


class Date(Kind):
    name = "date"
    label = "Date"
    group = "Time"
    icon = "calendar"
    words = "day birthday deadline"
    suggests = "date day birthday deadline due start end until from since"
    about = "A day, without a time or a time zone."
    example = {"name": "published", "kind": "date", "default": "today()"}
    first = ("default",)
    sample = "2026-06-15"
    options = {
        "min": {"type": "string", "format": "date", "description": "The first day allowed."},
        "max": {"type": "string", "format": "date", "description": "The last day allowed."},
        "weekdays": {
            "type": "array",
            "items": {"enum": list(WEEKDAYS)},
            "minItems": 1,
            "uniqueItems": True,
            "description": "The days of the week allowed, such as [mon, tue, wed, thu, fri].",
        },
        **OPTIONS,
    }
    identifies = True
    operators = (
        "is", "is_not", "before", "after", "between", "within", "empty", "not_empty",
    )  # fmt: skip

    def check(self, field: Field, check: FieldCheck) -> None:
        for name in ("min", "max"):
            try:
                bound(field, name)
            except ValueFault as fault:
                check.fault(name, fault.code, fault.message)
        check_calendar(field, check)

    def type(self, field: Field) -> types.Type:
        return types.DATE

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", DATE),)

    def parse(self, field: Field, raw: Any) -> date:
        value = iso_date(raw)
        least, most = bound(field, "min"), bound(field, "max")
        if least is not None and value < least:
            raise ValueFault("below_min", f"Write {least} or a later day.")
        if most is not None and value > most:
            raise ValueFault("above_max", f"Write {most} or an earlier day.")
        weekdays = field.option("weekdays")
        if weekdays and WEEKDAYS[value.weekday()] not in weekdays:
            days = [name for day, name in zip(WEEKDAYS, DAY_NAMES, strict=True) if day in weekdays]
            raise ValueFault(
                "wrong_weekday",
                f"{value} is a {DAY_NAMES[value.weekday()]}; allowed are {', '.join(days)}.",
            )
        if field.calendar is not None:
            check_working(field.calendar, value)
        return value

    def parse_text(self, field: Field, text: str, form: TextFormat) -> date:
        """`2026-11-21`, `21/11/2026` in the form's order, `21 Nov 2026`; at midnight, if at all."""
        if ISO.fullmatch(text):
            return self.parse(field, text)
        day, clock = day_and_clock(text, form)
        if clock is not None and clock.time != time():
            raise ValueFault("has_time", f"Write the day without a time, such as {day}.")
        return self.parse(field, day.isoformat())

    def texts(self, field: Field, value: date, world: RelatedRecords) -> list[str]:
        return [value.isoformat()]

    def takes(self, old: Kind) -> Convert | None:
        if old.among(("date",)):
            return parsed
        if old.among(("datetime",)):
            return _day
        return one_text if old.among(("choice",)) else super().takes(old)

    def show(self, field: Field, value: date, locale: str = "en") -> str:
        return format_date(value, format="medium", locale=people_locale(locale))

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


def bound(field: Field, name: str) -> date | None:
    limit = field.option(name)
    return None if limit is None else iso_date(limit)


def _day(step: ConversionStep, value: datetime) -> Any:
    local = value.astimezone(ZoneInfo(step.world.zone))
    return step.new.kind.parse(step.new, local.date().isoformat())
