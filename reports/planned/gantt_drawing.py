"""A Gantt chart as a drawing: places of bars, lines and days, in pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from fluvial.pages.reader_format import ReaderFormat

from .gantt_reader import Bar

ROW, HEAD, BAR, MARGIN = 32, 40, 14, 3  # MARGIN in days
NARROW, WIDE = 2, 26  # pixels a day has
ROOM = 900
LONG = 120  # days from which on months are named, not weeks


class Drawing:
    """The bars of a chart on a scale of days."""

    def __init__(self, bars: Sequence[Bar], fmt: ReaderFormat) -> None:
        self.bars = [bar for bar in bars if bar.first is not None]
        self.rows = {id(bar): at for at, bar in enumerate(bars)}
        self.fmt = fmt
        edges = [day for bar in self.bars for day in (bar.first, bar.last) if day is not None]
        today = fmt.today
        first, last = min(edges, default=today), max(edges, default=today)
        if first - timedelta(days=60) < today < last + timedelta(days=60):
            first, last = min(first, today), max(last, today)
        self.first = _earlier(first, MARGIN)
        self.count = (last - self.first).days + 1 + MARGIN
        self.scale = min(WIDE, max(NARROW, ROOM // self.count))
        self.height = HEAD + ROW * len(bars)

    def x(self, day: date) -> int:
        return (day - self.first).days * self.scale

    def context(self) -> dict[str, Any]:
        today = self.fmt.today
        within = 0 <= (today - self.first).days < self.count
        return {
            "width": self.count * self.scale,
            "height": self.height,
            "ticks": list(self._ticks()),
            "bars": [self._bar(bar) for bar in self.bars],
            "arrows": list(self._arrows()),
            "today": self.x(today) + self.scale // 2 if within else None,
        }

    def _ticks(self) -> Iterator[dict[str, Any]]:
        long = self.count > LONG
        for at in range(self.count):
            day = self.first + timedelta(days=at)
            if day.day == 1 if long else day.weekday() == 0:
                text = self.fmt.short(day)
                yield {"x": at * self.scale, "text": text[2:].strip() if long else text}

    def _bar(self, bar: Bar) -> dict[str, Any]:
        assert bar.first is not None and bar.last is not None
        y = HEAD + ROW * self.rows[id(bar)] + (ROW - BAR) // 2
        tone = "done" if bar.done else "late" if bar.late(self.fmt.today) else ""
        x, until = self.x(bar.first), self.x(bar.last) + self.scale
        middle, half = (x + until) // 2, BAR // 2
        return {
            "x": x, "y": y + (4 if bar.whole else 0), "width": max(4, until - x),
            "height": BAR - 8 if bar.whole else BAR,
            "tone": "whole" if bar.whole else tone,
            "moment": f"M{middle} {y - 1}l{half + 1} {half + 1}-{half + 1} {half + 1}"
            f"-{half + 1}-{half + 1}z" if bar.moment else "",
        }  # fmt: skip

    def _arrows(self) -> Iterator[str]:
        """From the end of what comes before to the beginning of what waits for it."""
        places = {bar.id: bar for bar in self.bars}
        for bar in self.bars:
            for name in bar.after:
                before = places.get(name)
                if before is None or before.last is None or bar.first is None:
                    continue
                x, y = self.x(before.last) + self.scale, self._middle(before)
                to, down = self.x(bar.first), self._middle(bar)
                out = x + 5
                if to >= out + 4:
                    yield f"M{x} {y}H{out}V{down}H{to}"
                else:
                    between = y + (ROW // 2 if down > y else -ROW // 2)
                    yield f"M{x} {y}H{out}V{between}H{to - 7}V{down}H{to}"

    def _middle(self, bar: Bar) -> int:
        return HEAD + ROW * self.rows[id(bar)] + ROW // 2


def _earlier(day: date, days: int) -> date:
    return day if day < date.min + timedelta(days=days) else day - timedelta(days=days)
