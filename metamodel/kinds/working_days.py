"""Days and moments that have to be working days of a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from metamodel.calendars.calendar import Calendar
from metamodel.calendars.calendars import Calendars
from metamodel.errors import ValueFault
from metamodel.folding import nearest
from metamodel.kinds.kind import Field, FieldCheck

AHEAD = 366  # days that are searched for the next working day
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "working": {
        "type": "boolean",
        "description": (
            "Whether only working days are allowed: days on which the calendar has hours."
        ),
    },
    "calendar": {
        "$ref": "#/$defs/name",
        "x-editor": {"is": "document", "kind": "calendar"},
        "description": "The calendar whose working days count; the default calendar if omitted.",
    },
}


class Idle(NamedTuple):
    """What is wrong with a calendar that nothing asks for."""

    code: str
    message: str
    hint: str


NOT_WORKING = Idle(
    "not_working",
    "`calendar` has no effect without `working`.",
    "Write `working: true`, or leave it out.",
)


def check_calendar(field: Field, check: FieldCheck) -> None:
    """Whether there is the calendar of whose working days a day has to be."""
    check_named(field, check, "working", NOT_WORKING, asked=bool(field.option("working")))


def check_named(field: Field, check: FieldCheck, switch: str, idle: Idle, *, asked: bool) -> None:
    """Whether there is the calendar that a field names, or the business's own one."""
    calendars, name = check.calendars, field.option("calendar")
    if not asked:
        if name is not None:
            check.fault("calendar", *idle)
    elif name is not None and name not in calendars.named:
        hint = nearest(name, calendars.named) or "Define it in calendars/."
        check.fault("calendar", "unknown_calendar", f"There is no calendar `{name}`.", hint)
    elif name is None and calendars.default is None:
        hint = "Name a `calendar`, or write `default: true` in one."
        check.fault(switch, "no_calendar", "There is no default calendar.", hint)


def calendar_of(field: Field, calendars: Calendars) -> Calendar | None:
    if not field.option("working"):
        return None
    return calendars.named.get(field.option("calendar", "")) or calendars.default


def check_working(calendar: Calendar, day: date) -> None:
    """Refuse a day off, and name the next day that is none."""
    if calendar.is_working_day(day):
        return
    message = f"{day} is a {day:%A} without working hours."
    last = min(AHEAD, (date.max - day).days)
    following = (day + timedelta(ahead) for ahead in range(1, last + 1))
    found = next((one for one in following if calendar.is_working_day(one)), None)
    raise ValueFault(
        "not_a_working_day",
        f"{message} The next working day is {found}." if found else message,
    )
