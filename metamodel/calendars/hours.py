"""Opening hours as they are written: `mon-fri: ["09:00-12:30", "13:30-17:30"]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from metamodel.folding import nearest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400
SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")

Spans = tuple[tuple[int, int], ...]  # from and until, in seconds of one day


class HoursFault(Exception):
    """Hours that are not valid; why, and what would."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def weekdays(key: str) -> tuple[int, ...]:
    """The days that a key names, 0 for Monday: `mon`, `mon-fri`, `sat-mon`, `mon,wed`."""
    found: list[int] = []
    for part in key.split(","):
        ends = [_weekday(name.strip(), key) for name in part.split("-")]
        if len(ends) > 2:
            raise HoursFault(
                "not_days",
                f"`{key}` is not a weekday or a range of weekdays.",
                "Write mon-fri or mon,wed.",
            )
        count = (ends[-1] - ends[0]) % 7 + 1
        found.extend((ends[0] + step) % 7 for step in range(count))
    return tuple(found)


def _weekday(name: str, key: str) -> int:
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    hint = nearest(name, WEEKDAYS) or f"The days are {', '.join(WEEKDAYS)}."
    raise HoursFault("not_days", f"`{key}` is not a weekday or a range of weekdays.", hint)


def spans_of(texts: Iterable[str]) -> Spans:
    """The hours of one day in order, those that touch as one; raises HoursFault."""
    made = sorted(_span(text) for text in texts)
    kept: list[tuple[int, int]] = []
    for start, end in made:
        if kept and start < kept[-1][1]:
            said = f"{clock(start)}-{clock(end)}"
            raise HoursFault(
                "overlap",
                f"`{said}` starts before {clock(kept[-1][1])}, when the previous hours end.",
                "Start each range after the previous one has ended.",
            )
        if kept and start == kept[-1][1]:
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return tuple(kept)


def _span(text: str) -> tuple[int, int]:
    found = SPAN.fullmatch(text.strip())
    if found is None:
        raise HoursFault("not_hours", f"`{text}` is not a range of hours.", "Write 09:00-17:30.")
    hour, minute, to_hour, to_minute = (int(part) for part in found.groups())
    start, end = hour * 3600 + minute * 60, to_hour * 3600 + to_minute * 60
    if start >= DAY or end > DAY:
        raise HoursFault("not_hours", f"`{text}` ends after midnight.", "A day ends at 24:00.")
    if end <= start:
        raise HoursFault(
            "not_hours",
            f"`{text}` ends before it starts.",
            f"Write {clock(start)}-24:00, and 00:00-{clock(end)} on the next day.",
        )
    return start, end


def clock(seconds: int) -> str:
    """The time of day: 32400 is 09:00."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def length(spans: Sequence[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)
