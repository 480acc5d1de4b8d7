"""Strips of time: what is in force when, over the months around today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from fluvial.pages.reader_format import ReaderFormat

Context = dict[str, Any]
Span = tuple[date | None, date | None]  # [from, until)

WIDTH = 828
SHORT = 326  # on phones
MONTHS = 12
SHORT_MONTHS = 6
BEFORE = 5  # months before today's that the strip begins with


def strip_of(spans: Iterable[Span], today: date, fmt: ReaderFormat, *, past: bool) -> Context:
    """The context of `_strip.html`: a year around today, half a year on phones.

    `past` says that the page shows another day as if it were today.
    """
    known = list(spans)
    year = _part(known, today, fmt, _month(today, -BEFORE), MONTHS, WIDTH)
    year["short"] = _part(known, today, fmt, _month(today, -2), SHORT_MONTHS, SHORT)
    for part in (year, year["short"]):
        named = "Seen as of" if past else "Today is"
        part["label"] += f" {named} {fmt.plain_day(today)}."
        part["now_label"] = fmt.short(today) if past else "Today"
    return year


def _month(day: date, shift: int) -> date:
    first, last = date.min.year * 12, date.max.year * 12 + 11
    months = min(max(day.year * 12 + day.month - 1 + shift, first), last)
    return date(months // 12, months % 12 + 1, 1)


def _part(
    spans: list[Span], today: date, fmt: ReaderFormat, start: date, months: int, width: int
) -> Context:
    end = _month(start, months)
    scale = width / (end - start).days

    def x(day: date) -> float:
        return round(min(max((day - start).days, 0), (end - start).days) * scale, 1)

    shown = []
    marks = []
    for since, until in spans:
        left, right = x(since or start), x(until or end)
        if right > left:
            shown.append({"x": left, "width": round(right - left, 1), "tone": "good"})
            if until is not None and start < until < end:
                marks.append({"x": right, "label": fmt.short(until)})
    beginnings = [_month(start, n) for n in range(months)]
    say = fmt.plain_day
    return {
        "label": f"From {say(start)} to {say(end)}.",
        "width": width,
        "months": [{"x": x(m), "label": fmt.short(m).partition(" ")[2]} for m in beginnings],
        "spans": shown,
        "now_x": x(today),
        "marks": marks[:1],
    }
