"""Date and time: a moment, kept in UTC and shown in a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_datetime

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.folding import nearest
from metamodel.kinds.conversion import parsed
from metamodel.kinds.date import people_locale
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
from metamodel.kinds.working_days import OPTIONS, check_calendar, check_working
from metamodel.storage import TIMESTAMP, timestamp_wire
from metamodel.written.written_days import TimeOfDay, day_and_clock

MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
SHAPE = re.compile(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}")  # of a day in figures
# A day from the ends of the calendar: beyond these a zone of the world has no date for a moment.
EARLIEST, LATEST = (
    datetime.min.replace(tzinfo=UTC) + timedelta(days=1),
    datetime.max.replace(tzinfo=UTC) - timedelta(days=1),
)
SAMPLE = "2026-11-21T09:30:00Z"


def moment(raw: Any) -> datetime:
    """The moment of RFC 3339 text, in UTC."""
    written = MOMENT.fullmatch(raw) if isinstance(raw, str) else None
    if written is None:
        raise ValueFault("not_a_datetime", f"Write a date and time such as {SAMPLE}.")
    if not written.group(3):
        raise ValueFault("no_zone", f"Add the time zone, such as {raw}Z or {raw}+01:00.")
    try:
        found = datetime.fromisoformat(raw.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueFault("not_a_datetime", f"{raw} is not a valid date and time.") from None
    if not EARLIEST <= found <= LATEST:
        raise ValueFault("not_a_datetime", f"{raw} is not a valid moment in every time zone.")
    return found


class Datetime(Kind):
    name = "datetime"
    label = "Date and time"
    group = "Time"
    icon = "calendar-clock"
    words = "moment timestamp due when appointment"
    suggests = "moment timestamp appointment at time"
    about = "A date and time, stored in UTC and shown in the reader's time zone."
    example = {"name": "due_back", "kind": "datetime", "default": "now() + days(21)"}
    first = ("default",)
    sample = "2026-06-15T12:30:00Z"
    options = {
        "min": {
            "type": "string",
            "format": "date-time",
            "description": "The earliest date and time allowed.",
        },
        "max": {
            "type": "string",
            "format": "date-time",
            "description": "The latest date and time allowed.",
        },
        "zone": {
            "type": "string",
            "description": (
                "The time zone in which everybody enters and sees it, such as "
                "Europe/London; if omitted, the reader's."
            ),
        },
        "precision": {
            "enum": ["minute", "second"],
            "description": "The precision; anything finer is cut off.",
        },
        **OPTIONS,
    }
    operators = (
        "is", "is_not", "before", "after", "between", "within", "empty", "not_empty",
    )  # fmt: skip

    def check(self, field: Field, check: FieldCheck) -> None:
        for name in ("min", "max"):
            try:
                bound(field, name)
            except ValueFault as fault:
                check.fault(name, fault.code, fault.message)
        zone = field.option("zone")
        if zone is not None and zone not in available_timezones():
            check.fault(
                "zone",
                "unknown_zone",
                f"There is no time zone `{zone}`.",
                nearest(zone, available_timezones()) or "Write a name such as Europe/London.",
            )
        check_calendar(field, check)

    def type(self, field: Field) -> types.Type:
        return types.DATETIME

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", TIMESTAMP),)

    def parse(self, field: Field, raw: Any) -> datetime:
        value = moment(raw)
        if field.option("precision") is not None:
            second = 0 if field.option("precision") == "minute" else value.second
            value = value.replace(second=second, microsecond=0)
        least, most = bound(field, "min"), bound(field, "max")
        if least is not None and value < least:
            raise ValueFault("below_min", f"Write {field.option('min')} or later.")
        if most is not None and value > most:
            raise ValueFault("above_max", f"Write {field.option('max')} or earlier.")
        if field.calendar is not None:
            zone = ZoneInfo(field.option("zone", field.calendar.zone))
            check_working(field.calendar, value.astimezone(zone).date())
        return value

    def parse_text(self, field: Field, text: str, form: TextFormat) -> datetime:
        """RFC 3339, or a date with a clock time in the form's zone."""
        text = text.strip()
        iso = MOMENT.fullmatch(text)
        if iso is not None and iso.group(3):
            return self.parse(field, text)
        try:
            day, clock = day_and_clock(text, form)
        except ValueFault as fault:
            if fault.code != "not_a_date" or SHAPE.match(text):
                raise
            raise ValueFault(
                "not_a_datetime", "Write a date and time such as 2026-11-21 09:30."
            ) from None
        hour, offset = clock or TimeOfDay(time(), None)
        zone = offset or ZoneInfo(field.option("zone", form.zone))
        try:
            local = datetime.combine(day, hour, tzinfo=zone)
            stored = local.astimezone(UTC)
            shown = stored.astimezone(zone)
        except (ValueError, OverflowError):
            raise ValueFault("not_a_datetime", f"{text} is not a valid date and time.") from None
        if clock is not None and shown.replace(tzinfo=None) != local.replace(tzinfo=None):
            raise ValueFault(
                "no_such_time",
                f"There is no {local:%H:%M} on {day} in {zone}, where the clocks go forward. "
                f"Write {shown:%H:%M}, or a time with its offset, such as {local:%H:%M}Z.",
            )
        return self.parse(field, stored.isoformat())

    def texts(self, field: Field, value: datetime, world: RelatedRecords) -> list[str]:
        return [timestamp_wire(value)]

    def takes(self, old: Kind) -> Convert | None:
        if old.among(("datetime",)):
            return parsed
        return _midnight if old.among(("date",)) else super().takes(old)

    def show(self, field: Field, value: datetime, locale: str = "en") -> str:
        zone = field.option("zone")
        local = value.astimezone(ZoneInfo(zone)) if zone else value
        form = "d MMM yyyy, HH:mm" + (":ss" if field.option("precision") == "second" else "")
        # Babel turns a moment into UTC, or into the zone that it is given.
        return format_datetime(
            local.replace(tzinfo=None), format=form, locale=people_locale(locale)
        )

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def bound(field: Field, name: str) -> datetime | None:
    limit = field.option(name)
    return None if limit is None else moment(limit)


def _midnight(step: ConversionStep, value: date) -> Any:
    local = datetime.combine(value, time(), tzinfo=ZoneInfo(step.world.zone))
    return step.new.kind.parse(step.new, timestamp_wire(local.astimezone(UTC)))
