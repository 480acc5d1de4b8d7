"""Calendars as text: the part of iCalendar (RFC 5545) that a feed of entries needs.

We only write, and only plain entries: the rules are folding, escaping and two forms of time, which
are shorter here than the use of a library that also reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WIDTH = 75  # bytes of a line
LENGTH = timedelta(minutes=15)  # of what waits until a moment


@dataclass(frozen=True)
class CalendarEntry:
    """Something on a day, or at a moment."""

    id: str
    title: str
    at: date | datetime
    text: str = ""
    href: str = ""


def calendar_text(name: str, entries: Iterable[CalendarEntry], now: datetime, product: str) -> str:
    """The whole calendar, as programs that subscribe to it read it."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{_escaped(product)}//Calendar//EN",
        "CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:{_escaped(name)}",
        f"NAME:{_escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]  # fmt: skip
    for entry in entries:
        lines += _entry(entry, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _entry(entry: CalendarEntry, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(entry.id)}"
    yield f"DTSTAMP:{_moment(now)}"
    if isinstance(entry.at, datetime):
        yield f"DTSTART:{_moment(entry.at)}"
        yield f"DURATION:PT{int(LENGTH.total_seconds()) // 60}M"
    else:
        yield f"DTSTART;VALUE=DATE:{entry.at:%Y%m%d}"
    yield f"SUMMARY:{_escaped(entry.title)}"
    if entry.text:
        yield f"DESCRIPTION:{_escaped(entry.text)}"
    if entry.href:
        yield f"URL:{entry.href}"
    yield "TRANSP:TRANSPARENT"  # it waits, and makes nobody busy
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    plain = plain.replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(c for c in plain if c >= " " and c != "\x7f")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 bytes; those that go on begin with a space. No character is cut."""
    part, size = "", 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > WIDTH:
            yield part
            part, size = " ", 1
        part, size = part + char, size + width
    yield part
