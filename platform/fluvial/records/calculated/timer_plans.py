"""The log of re-planning: when timers of records were planned anew, by whom and because of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.engine_tables import TIMER_PLAN
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.insertion import insert_alike
from fluvial.runtime.session import Session
from metamodel.storage import TIMESTAMP

Shown = tuple[datetime | None, str]  # when it was due, and its state

_p = TIMER_PLAN.c
_OWN = (
    *("id", "object", "record", "timer", "cause"),
    *("due_before", "state_before", "due", "state"),
)
_OF = Statement(
    sa.select(
        _p.timer, _p.at, _p.by, _p.rule, _p.cause, _p.due_before, _p.state_before, _p.due, _p.state
    )
    .where(
        _p.record == param("the_record", _p.record),
        _p.at >= sa.bindparam("the_first", type_=_p.at.type),
        _p.at <= sa.bindparam("the_last", type_=_p.at.type),
    )
    .order_by(_p.at.desc(), _p.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer))
)


@dataclass(frozen=True)
class NewPlan:
    """One timer that shows something else than before."""

    object: str
    record: str
    timer: str
    before: Shown
    after: Shown
    was: str  # its start, target and calendar, as JSON
    now: str
    entered: str  # the state that the record is in
    fault: str

    def cause(self) -> dict[str, Any]:
        """What became different: the reason as far as it lies in the record."""
        found: dict[str, Any] = {}
        if self.was != self.now:
            was, now = orjson.loads(self.was), orjson.loads(self.now)
            for name in ("start", "target", "calendar"):
                if was and was.get(name) != now.get(name):
                    found[name] = [was.get(name), now.get(name)]
        if self.before[1] != self.after[1] and self.entered:
            found["state"] = self.entered
        if self.fault:
            found["fault"] = self.fault
        return found


@dataclass(frozen=True)
class Planned:
    """One entry of the log."""

    timer: str
    at: datetime
    by: str | None
    rule: str | None
    cause: Mapping[str, Any]
    due_before: datetime | None
    state_before: str
    due: datetime | None
    state: str


def keep(session: Session, plans: Sequence[NewPlan]) -> None:
    if not plans:
        return
    actor, dialect = session.actor, session.connection.dialect
    rows = [
        (
            new_id(),
            one.object,
            one.record,
            one.timer,
            orjson.dumps(one.cause()).decode(),
            TIMESTAMP.encode(dialect, one.before[0]),
            one.before[1],
            TIMESTAMP.encode(dialect, one.after[0]),
            one.after[1],
        )
        for one in plans
    ]
    told = {"at": session.now, "by": actor.id, "rule": actor.rule}
    insert_alike(session.connection, TIMER_PLAN, _OWN, rows, **told)


def plans_of_record(
    session: Session, record: str, since: datetime, until: datetime, limit: int = 100
) -> list[Planned]:
    """The newest entries of a record first."""
    rows = _OF.rows(
        session.connection,
        the_record=record,
        the_first=since,
        the_last=until,
        the_limit=limit,
    )
    return [Planned(*row) for row in rows]
