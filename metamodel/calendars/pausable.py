"""Timers that stop and go on, worked out from the log of their pauses: nothing is counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from metamodel.calendars.calendar import Calendar

Span = tuple[datetime, datetime | None]  # from, until; no end date it lasts


def working_elapsed(calendar: Calendar, spans: Iterable[Span], now: datetime) -> int:
    """The seconds worked in spans in which a timer ran; what is in two of them counts once."""
    return sum(
        calendar.between(start, now if end is None else min(end, now))
        for start, end in merged(spans)
        if start < now
    )


def due(
    calendar: Calendar, start: datetime, target: int, pauses: Iterable[Span] = ()
) -> datetime | None:
    """The moment at which a timer has run for its target; none while it stands still before.

    A pause that begins once the target is reached changes nothing.
    """
    at, left = start, target
    for begin, end in merged(pauses):
        if end is not None and end <= at:
            continue
        ran = calendar.between(at, begin) if begin > at else 0
        if ran >= left:
            break
        if end is None:
            return None
        at, left = end, left - ran
    return calendar.add(at, left)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; those that overlap or touch as one, empty ones left out."""
    kept: list[Span] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if end is not None and end <= start:
            continue
        last = kept[-1] if kept else None
        if last is None or (last[1] is not None and last[1] < start):
            kept.append((start, end))
        elif last[1] is not None:
            kept[-1] = (last[0], None if end is None else max(last[1], end))
    return kept
