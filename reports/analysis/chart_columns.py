"""Where the bars of a chart stand that has its groups side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
GAP = 0.24  # of the room of a group, between it and the next
LEAST = 1.0  # of a bar, so that one sees it
WIDEST = 90.0  # of the bars of a group


@dataclass(frozen=True)
class Slots:
    """The plot: how many groups it has, from which value to which, and whether bars are parts."""

    groups: int
    low: float
    high: float
    stacked: bool

    def y(self, value: float) -> float:
        return HEIGHT - (value - self.low) / ((self.high - self.low) or 1.0) * HEIGHT


def standing_bars(
    slots: Slots, values: Sequence[Sequence[float | None]]
) -> Iterator[tuple[int, int, dict[str, float]]]:
    """The bar of each series and group that has a value, as a rectangle."""
    room = WIDTH / max(slots.groups, 1)
    taken = min(room * (1 - GAP), WIDEST)
    width = taken / (1 if slots.stacked else len(values))
    for at in range(slots.groups):
        ends = {True: 0.0, False: 0.0}
        for which, series in enumerate(values):
            value = series[at]
            if value is None or (slots.stacked and not value):
                continue
            start = ends[value < 0] if slots.stacked else 0.0
            ends[value < 0] = start + value
            top, foot = sorted((slots.y(start), slots.y(start + value)))
            x = at * room + (room - taken) / 2 + (0 if slots.stacked else which * width)
            yield which, at, {
                "x": round(x, 2), "y": round(min(top, HEIGHT - LEAST), 2),
                "width": round(width, 2), "height": round(max(foot - top, LEAST), 2),
            }  # fmt: skip
