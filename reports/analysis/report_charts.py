"""The charts of reports: drawn here as SVG and HTML, from the same cells as the table beside them.

The table says everything that a chart says, so what a chart draws is hidden from screen readers,
which get a sentence; its marks are links for the mouse, and the table's for the keyboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any

from fluvial.pages.frame import Context

MOST_BARS, MOST_SLICES = 25, 8
WIDTH, HEIGHT = 640, 200
RADIUS = 90.0


@dataclass(frozen=True)
class ChartPoint:
    """One group in a chart."""

    label: str
    value: float | None
    words: str
    href: str


def chart_of(show: str, points: Sequence[ChartPoint], title: str) -> Context | None:
    """What the template of a chart draws; None where there is nothing to draw."""
    drawn = [one for one in points if one.value is not None]
    if not drawn:
        return None
    made = {"bar": _bars, "line": _lines, "area": _lines, "pie": _pie}[show](drawn)
    biggest = max(drawn, key=lambda one: one.value or 0)
    about = f"{title}: {len(drawn)} groups, the greatest is {biggest.label} with {biggest.words}."
    return {"show": show, "about": about, "note": "", **made}


def _bars(points: Sequence[ChartPoint]) -> Context:
    shown = points[:MOST_BARS]
    low = min(0.0, *(one.value or 0 for one in shown)) if len(shown) > 1 else 0.0
    low = min(low, shown[0].value or 0)
    high = max(0.0, *(one.value or 0 for one in (*shown, *shown)))
    span = (high - low) or 1.0
    bars = [
        {
            "label": one.label,
            "words": one.words,
            "href": one.href,
            "x": round((min(one.value or 0, 0) - low) / span * 100, 2),
            "width": round(max(abs(one.value or 0) / span * 100, 0.4), 2),
            "negative": (one.value or 0) < 0,
        }
        for one in shown
    ]
    rest = len(points) - len(shown)
    return {"bars": bars, "note": f"The table has {rest} more." if rest else ""}


def _lines(points: Sequence[ChartPoint]) -> Context:
    values = [one.value or 0.0 for one in points]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    span = (high - low) or 1.0
    step = WIDTH / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return round(HEIGHT - (value - low) / span * HEIGHT, 1)

    places = [(round(at * step, 1), y(value)) for at, value in enumerate(values)]
    if len(places) == 1:
        places = [(0.0, places[0][1]), (float(WIDTH), places[0][1])]
    line = "M" + "L".join(f"{x} {y_}" for x, y_ in places)
    top = max(points, key=lambda one: one.value or 0)
    return {
        "line": line,
        "area": f"{line}L{places[-1][0]} {y(0)}L{places[0][0]} {y(0)}Z",
        "zero": y(0),
        "marks": [
            {"x": round(x / WIDTH * 100, 2), "y": round(y_ / HEIGHT * 100, 2),
             "said": f"{one.label}: {one.words}", "href": one.href}
            for (x, y_), one in zip(places, points, strict=False)
        ],
        "ticks": [one.label for one in _few(points)],
        "top": top.words,
    }  # fmt: skip


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
