"""What is said of timers on pages: what is left, until when, and the colour of that."""

from __future__ import annotations

from metamodel.timers.timer import STATES
from metamodel.timers.timer_arithmetic import MET, MISSED, PAUSED

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
LABELS = {one["name"]: one["label"] for one in STATES}
SOON = 75  # percent of the target from which on a clock warns


def length(seconds: int) -> str:
    """A length in its two largest units: `1 d 4 h`."""
    rest = abs(seconds)
    words: list[str] = []
    for name, unit in UNITS:
        count, rest = divmod(rest, unit)
        if count and len(words) < 2:
            words.append(f"{count:,} {name}")
    return " ".join(words) or "less than 1 min"


def tone_of_clock(state: str, percent: int) -> str:
    if state in (MET, MISSED):
        return "good" if state == MET else "bad"
    return "warn" if state == PAUSED or percent >= SOON else "info"


def left_words(state: str, left: int) -> str:
    """What is left of the target, or by how much it was missed."""
    if state == PAUSED:
        return f"{length(left)} left when it goes on"
    return f"{length(left)} left" if left > 0 else f"{length(left)} over"
