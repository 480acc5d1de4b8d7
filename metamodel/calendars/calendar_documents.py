"""Calendars as documents: from what is written to what is compiled, with every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from metamodel.calendars.calendar import Calendar, compile_calendar
from metamodel.calendars.calendars import Calendars
from metamodel.calendars.hours import HoursFault, Spans, spans_of, weekdays
from metamodel.calendars.zones import zone_names
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.folding import nearest

COLUMNS = ("date", "name", "hours")
MOST_HOLIDAYS = 1_000


def make_calendars(checks: Sequence[tuple[Document, DocumentCheck]]) -> Calendars:
    """The calendars of sound documents; faults are told to their checks."""
    named: dict[str, Calendar] = {}
    default: Calendar | None = None
    for document, check in checks:
        calendar = _calendar(document, check)
        if calendar is None:
            continue
        named[document.name] = calendar
        if not document.body.get("default"):
            continue
        if default is not None:
            check.fault(
                "/default",
                "two_defaults",
                f"`{default.name}` is already the default calendar.",
                "Write `default: false` in one of the two.",
            )
        default = default or calendar
    return Calendars(named, default)


def _calendar(document: Document, check: DocumentCheck) -> Calendar | None:
    faults = len(check.draft.faults)
    body = document.body
    zone = body.get("zone", check.draft.zone)
    if zone not in zone_names():
        hint = nearest(zone, zone_names()) or "Write a zone such as Europe/London."
        check.fault("/zone", "unknown_zone", f"There is no time zone `{zone}`.", hint)
    week = _week(body["hours"], check)
    holidays = dict(_holidays(body.get("holidays", ()), check))
    if len(check.draft.faults) > faults:
        return None
    if not any(week):
        check.fault("/hours", "no_hours", "The calendar has no hours.", "Write mon-fri: [...].")
        return None
    return compile_calendar(document.name, zone, week, holidays)


def _week(hours: Mapping[str, list[str]], check: DocumentCheck) -> list[Spans]:
    week: list[Spans] = [()] * 7
    taken: dict[int, str] = {}
    for key, texts in hours.items():
        pointer = f"/hours/{key}"
        try:
            days = weekdays(key)
        except HoursFault as fault:
            check.fault(pointer, fault.code, fault.message, fault.hint)
            continue
        spans = _spans(texts, pointer, check)
        for day in days:
            if day in taken:
                message = f"`{key}` and `{taken[day]}` name the same day."
                check.fault(pointer, "overlap", message, "Name each day once.")
                break
            taken[day] = key
            week[day] = spans
    return week


def _spans(texts: list[str], pointer: str, check: DocumentCheck) -> Spans:
    try:
        return spans_of(texts)
    except HoursFault as fault:
        check.fault(pointer, fault.code, fault.message, fault.hint)
        return ()


def _holidays(
    written: list[Mapping[str, Any] | str] | str, check: DocumentCheck
) -> Iterator[tuple[date, Spans]]:
    listed = _rows(written, check) if isinstance(written, str) else enumerate(written)
    seen: set[date] = set()
    for at, item in listed:
        holiday: Mapping[str, Any] = {"date": item} if isinstance(item, str) else item
        pointer = "/holidays" if isinstance(written, str) else f"/holidays/{at}"
        where = f" (line {at})" if isinstance(written, str) else ""
        try:
            day = date.fromisoformat(holiday["date"])
        except ValueError:
            message = f"`{holiday['date']}` is not a date{where}."
            check.fault(pointer, "not_a_date", message, "Write 2026-12-25.")
            continue
        if day in seen:
            message = f"{day} appears twice{where}."
            check.fault(pointer, "overlap", message, "Write all hours of a day in one place.")
        seen.add(day)
        yield day, _spans(holiday.get("hours", []), pointer, check)


def _rows(text: str, check: DocumentCheck) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a CSV text with the numbers of their lines."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    heads = [head.strip().lower() for head in next(reader, [])]
    unknown = [head for head in heads if head not in COLUMNS]
    if "date" not in heads or unknown:
        message = f"Its first line is `{','.join(heads)[:80]}`."
        check.fault("/holidays", "no_columns", message, "Write the columns date,name,hours.")
        return
    for row in reader:
        cells = {head: cell.strip() for head, cell in zip(heads, row, strict=False)}
        if not cells.get("date"):
            continue
        hours = cells.get("hours", "").replace(";", " ").split()
        yield reader.line_num, {"date": cells["date"], "hours": hours}
