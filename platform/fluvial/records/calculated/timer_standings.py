"""What timers of many records show at once: what is left of each, for lists and boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from fluvial.records.drafts.rows import Values, load_rows
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.timers.timer import Timer
from metamodel.timers.timer_arithmetic import ELAPSED, NONE, PAUSED

AT_ONCE = 500  # records of one question


@dataclass(frozen=True)
class Standing:
    """A timer of a record at a moment. `left` are seconds in its hours; none once it has ended."""

    state: str
    left: int | None
    percent: int  # of the target that has been used


def standings(
    session: Session, type_: ObjectType, timers: Sequence[Timer], records: Sequence[str]
) -> dict[tuple[str, str], Standing]:
    """By record and timer; those that do not run are left out."""
    found: dict[tuple[str, str], Standing] = {}
    for at in range(0, len(records) if timers else 0, AT_ONCE):
        part = records[at : at + AT_ONCE]
        for row in load_rows(session, type_.name, part, None, limit=len(part), live=True):
            for timer in timers:
                standing = _standing(session, timer, row)
                if standing is not None:
                    found[row["id"], timer.name] = standing
    return found


def _standing(session: Session, timer: Timer, row: Values) -> Standing | None:
    due, state, met, kept, run = (row[name] for name in timer.names)
    if not run or state in (None, "", NONE):
        return None
    if met is not None:
        return Standing(state, None, 100)
    known = orjson.loads(run)
    left = kept if state == PAUSED else _left(session, known["calendar"], due)
    if left is None:
        return None
    target = known["target"]
    used = (target - left) * 100 // target if target else 100
    return Standing(state, left, max(0, min(100, used)))


def _left(session: Session, calendar: str, due: datetime | None) -> int | None:
    """The seconds until it is due in the hours that it was worked out in; negative afterwards."""
    if due is None:
        return None
    return session.catalog.calendars.named.get(calendar, ELAPSED).between(session.moment, due)
