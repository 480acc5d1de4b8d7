"""How a run stands at each stage of its map, in the words and the time zone of its reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fluvial.pages.reader_format import ReaderFormat
from fluvial.records.drafts.rows import Values

from .route_map import CURRENT, LEFT, PASSED, WAITS, Mark
from .run_rows import ACTIVE, DONE, WAITING
from .task_steps import STATUS_WORDS

MINUTE, HOUR, DAY = 60, 3600, 86_400


def marks_of(tasks: Sequence[Values], fmt: ReaderFormat) -> dict[str, Mark]:
    """The mark of each stage that the run has come to: that of its last task there."""
    found: dict[str, Mark] = {}
    for task in tasks:
        found[task["stage"]] = _mark(task, fmt)
    return found


def _mark(task: Values, fmt: ReaderFormat) -> Mark:
    times = int(task.get("attempt") or 1)
    again = f" · {times} times" if times > 1 else ""
    status = task["status"]
    if status in ACTIVE:
        due = task.get("work_due")
        words = f"due {fmt.moment(due)}" if due is not None else "in progress"
        return Mark(CURRENT, words + again)
    if status == WAITING:
        return Mark(WAITS, "waits for branches")
    ended = fmt.moment(task["ended"]) if task.get("ended") is not None else ""
    if status == DONE:
        return Mark(PASSED, ended + again)
    said = STATUS_WORDS.get(str(status), str(status)).replace("closed when its ", "")
    return Mark(LEFT, said + again)


def lasted(start: datetime | None, end: datetime | None) -> str:
    """How long something took, in one unit or two."""
    if start is None or end is None:
        return ""
    seconds = max(0, int((end - start).total_seconds()))
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"
