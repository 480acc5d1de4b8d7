"""The charts of reports: drawn here as SVG and HTML, from the same cells as the table beside them.

The table says everything that a chart says, so what a chart draws is hidden from screen readers,
which get a sentence; its marks are links for the mouse, and the table's for the keyboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, pi, sin
from typing import Any

from fluvial.pages.frame import Context

from .chart_columns import HEIGHT, WIDTH, Slots, standing_bars

MOST_BARS, MOST_SLICES = 25, 8
MOST_STANDING = 120
RADIUS = 90.0
FAINT = 8  # the tone of what is beside the matter


@dataclass(frozen=True)
class ChartPoint:
    """One group in a chart."""

    label: str
    value: float | None
    words: str
    href: str


@dataclass(frozen=True)
class ChartSeries:
    """One thing that a chart draws for each group: a measure, or a column, which is a part."""

    label: str
    points: Sequence[ChartPoint]
    part: bool = False
    faint: bool = False


def chart_of(
    show: str, series: Sequence[ChartSeries], title: str, *, dated: bool = False, rest: int = 0
) -> Context | None:
    """What the template of a chart draws; None where there is nothing to draw.

    `dated` groups stand side by side from left to right; `rest` columns are in the table only.
    """
    there = [
        at for at in range(len(series[0].points)) if any(_has(one.points[at]) for one in series)
    ]
    if not there:
        return None
    series = [replace(one, points=[one.points[at] for at in there]) for one in series]
    if show == "pie":
        made = _pie(series[0].points)
    elif show == "bar":
        made = _standing(series) if dated else _bars(series)
    else:
        made = _lines(series)
    if rest:
        made["note"] = f"{made.get('note', '')} The table has {rest} more columns.".strip()
    legend = [{"label": one.label, "tone": tone_of(series, at)} for at, one in enumerate(series)]
    shown = legend if len(series) > 1 and show != "pie" else []
    return {"show": show, "about": f"{title}.", "note": "", "legend": shown, **made}


def _has(point: ChartPoint) -> bool:
    return point.value is not None


def tone_of(series: Sequence[ChartSeries], at: int) -> str:
    return f"s{FAINT if series[at].faint else at}"


def _edges(series: Sequence[ChartSeries]) -> tuple[float, float]:
    """The least and the greatest value, with nothing among them; those of parts are added up."""
    if not series[0].part:
        values = [point.value or 0.0 for one in series for point in one.points]
        return min(0.0, 0.0, *values), max(0.0, 0.0, *values)
    low = high = 0.0
    for at in range(len(series[0].points)):
        values = [one.points[at].value or 0.0 for one in series]
        low = min(low, sum(value for value in values if value < 0))
        high = max(high, sum(value for value in values if value > 0))
    return low, high


def _bars(series: Sequence[ChartSeries]) -> Context:
    """A line for each group: bars below each other, or one of parts."""
    most = max(MOST_BARS // len(series), 8) if not series[0].part else MOST_BARS
    groups = len(series[0].points)
    low, high = _edges([replace(one, points=one.points[:most]) for one in series])
    span = (high - low) or 1.0
    rows = []
    for at in range(min(groups, most)):
        bars, ends = [], {True: 0.0, False: 0.0}
        for which, one in enumerate(series):
            point = one.points[at]
            value = point.value or 0.0
            start = ends[value < 0] if one.part else 0.0
            ends[value < 0] = start + value
            if one.part and not value:
                continue
            bar = {
                "x": round((min(start, start + value) - low) / span * 100, 2),
                "width": round(max(abs(value) / span * 100, 0.4), 2),
                "negative": value < 0 and not one.part,
                "tone": tone_of(series, which),
                "words": point.words,
                "said": f"{one.label}: {point.words}" if len(series) > 1 else point.words,
                "href": point.href,
            }
            bars.append(bar)
        rows.append({"label": series[0].points[at].label, "bars": bars})
    rest = groups - len(rows)
    note = f"The table has {rest} more." if rest else ""
    return {"rows": rows, "stacked": series[0].part, "note": note}


def _standing(series: Sequence[ChartSeries]) -> Context:
    """Bars that stand side by side, for groups that follow each other in time."""
    left = max(len(series[0].points) - MOST_STANDING, 0)
    series = [replace(one, points=one.points[left:]) for one in series]
    low, high = _edges(series)
    values = [[point.value for point in one.points] for one in series]
    slots = Slots(len(series[0].points), low, high, stacked=series[0].part)
    bars = [
        {
            **bar,
            "tone": tone_of(series, which),
            "said": _said(series, which, at),
            "href": series[which].points[at].href,
        }
        for which, at, bar in standing_bars(slots, values)
    ]
    note = f"The table has {left} more before these." if left else ""
    return {"standing": bars, "note": note, **_axis(series, low, high)}


def _said(series: Sequence[ChartSeries], which: int, at: int) -> str:
    point = series[which].points[at]
    named = f"{series[which].label}, " if len(series) > 1 else ""
    return f"{named}{point.label}: {point.words}"


def _axis(series: Sequence[ChartSeries], low: float, high: float) -> Context:
    """What stands beside a plot: its highest value and some of its groups."""
    points = [point for one in series for point in one.points if point.value is not None]
    top = max(points, key=lambda one: one.value or 0).words if not series[0].part else ""
    span = (high - low) or 1.0
    return {
        "zero": round(HEIGHT - (0 - low) / span * HEIGHT, 1),
        "ticks": [one.label for one in _few(series[0].points)],
        "top": top,
    }


def _lines(series: Sequence[ChartSeries]) -> Context:
    low, high = _edges([replace(one, part=False) for one in series])
    span = (high - low) or 1.0
    step = WIDTH / max(len(series[0].points) - 1, 1)
    axis = _axis([replace(one, part=False) for one in series], low, high)
    drawn, marks = [], []
    for which, one in enumerate(series):
        places = [
            (round(at * step, 1), round(HEIGHT - ((point.value or 0.0) - low) / span * HEIGHT, 1))
            for at, point in enumerate(one.points)
        ]
        marks += [
            {"x": round(x / WIDTH * 100, 2), "y": round(y / HEIGHT * 100, 2),
             "tone": tone_of(series, which), "said": _said(series, which, at),
             "href": one.points[at].href}
            for at, (x, y) in enumerate(places)
        ]  # fmt: skip
        if len(places) == 1:
            places = [(0.0, places[0][1]), (float(WIDTH), places[0][1])]
        line = "M" + "L".join(f"{x} {y}" for x, y in places)
        zero = axis["zero"]
        drawn.append({
            "line": line,
            "area": f"{line}L{places[-1][0]} {zero}L{places[0][0]} {zero}Z",
            "tone": tone_of(series, which),
        })  # fmt: skip
    return {"lines": drawn, "marks": marks, **axis}


def _few(points: Sequence[ChartPoint]) -> list[ChartPoint]:
    """The first, one in the middle and the last, for the axis."""
    if len(points) < 3:
        return list(points)
    return [points[0], points[len(points) // 2], points[-1]]


def _pie(points: Sequence[ChartPoint]) -> Context:
    found = sorted(
        (one for one in points if (one.value or 0) > 0), key=lambda one: -(one.value or 0)
    )
    parts = list(found[:MOST_SLICES])
    rest = sum(one.value or 0 for one in found[MOST_SLICES:])
    total = sum(one.value or 0 for one in found) or 1.0
    if rest:
        parts.append(ChartPoint("Others", rest, "", ""))
    slices, start = [], 0.0
    for at, one in enumerate(parts):
        share = (one.value or 0) / total
        slices.append(
            {
                "label": one.label,
                "words": one.words,
                "href": one.href,
                "share": f"{share * 100:.1f} %",
                "path": _slice(start, share),
                "tone": f"s{at}",
            }
        )
        start += share
    return {"slices": slices}


def _slice(start: float, share: float) -> str:
    if share > 0.9999:
        return f"M0 {-RADIUS}A{RADIUS} {RADIUS} 0 1 1 -0.01 {-RADIUS}Z"

    def place(part: float) -> str:
        angle = part * 2 * pi
        return f"{sin(angle) * RADIUS:.2f} {-cos(angle) * RADIUS:.2f}"

    large = int(share > 0.5)
    return f"M0 0L{place(start)}A{RADIUS} {RADIUS} 0 {large} 1 {place(start + share)}Z"


def funnel_of(steps: Sequence[dict[str, Any]]) -> Context:
    """The steps as bars around the middle."""
    most = max((one["count"] for one in steps), default=0) or 1
    for one in steps:
        width = max(one["count"] / most * 100, 0.6)
        one["x"], one["width"] = round((100 - width) / 2, 2), round(width, 2)
    return {"show": "funnel", "about": "", "steps": list(steps), "note": ""}
