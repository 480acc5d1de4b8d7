"""Runs that wait: for the answer of a call, for a moment, or until something is so.

A row holds all that a run needs to go on. It is written in the transaction in which the run stops
for now, and goes in the one in which it goes on, so that a crash loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.leases import Later, claim, free
from fluvial.database.statement import Statement, insert, param
from fluvial.events import heartbeats
from fluvial.records.drafts.event import Event
from metamodel.storage import timestamp_wire

from .rule_tables import EFFECT, WAITING

WORK = "waiting_runs"  # the job of the workers
# CALLING waits for an answer, SLEEPING for a moment or a condition, READY for a worker; FAILED
# could not go on, and waits for somebody who lets it try again.
CALLING, SLEEPING, READY, FAILED = "calling", "sleeping", "ready", "failed"
STATES = (CALLING, SLEEPING, READY, FAILED)
BATCH = 20
KEEP = timedelta(days=90)  # of those that nobody helped


@dataclass(frozen=True)
class WaitingRun:
    """One of them, as a worker takes it up."""

    id: str
    rule: str
    document: Mapping[str, Any]
    event: Event
    cause: Any
    step: int
    names: Mapping[str, Any]
    state: str
    effect: str | None
    since: datetime
    due_at: datetime | None
    attempts: int
    lease: str = ""


_w = WAITING.c
_ADD = insert(WAITING)
_COLUMNS = (
    _w.id, _w.rule, _w.document, _w.event, _w.cause, _w.step, _w.names, _w.state, _w.effect,
    _w.since, _w.due_at, _w.attempts,
)  # fmt: skip


def _in(*states: str) -> sa.ColumnElement[bool]:
    return _w.state.in_([sa.literal_column(f"'{state}'") for state in states])


_due = sa.and_(_in(READY, SLEEPING), _w.due_at <= param("the_now", _w.due_at), free(WAITING))
_ANY = Statement(sa.select(_w.id).where(_due).limit(1))
_CLAIM = Statement(
    claim(WAITING, _due, (_w.due_at, _w.id), heartbeats.LEASE_SECONDS)
    .values(attempts=_w.attempts + sa.literal_column("1"))
    .returning(*_COLUMNS)
)
EXTEND = heartbeats.extending(WAITING)
_is = _w.id == param("the_id", _w.id)
_held = (_is, _w.lease == param("the_lease", _w.lease))
_FREED: dict[str, Any] = {"lease": None, "leased_until": None}
# Where its record has changed while somebody looked at it, it is looked at once more at once.
_due_unless_touched = sa.case(
    (_w.due_at == param("the_old", _w.due_at), param("the_due", _w.due_at)), else_=_w.due_at
)
_STAND = Statement(
    WAITING.update()
    .where(*_held)
    .values(
        **_FREED,
        step=param("the_step", _w.step),
        names=param("the_names", _w.names),
        state=param("the_state", _w.state),
        effect=param("the_effect", _w.effect),
        since=param("the_since", _w.since),
        due_at=_due_unless_touched,
        attempts=sa.literal_column("0"),
    )
)
_LOOK_AGAIN = Statement(
    WAITING.update()
    .where(*_held)
    .values(**_FREED, due_at=_due_unless_touched, attempts=sa.literal_column("0"))
)
_FAIL = Statement(WAITING.update().where(*_held).values(**_FREED, state=FAILED))
_END = Statement(WAITING.delete().where(*_held))
_RELEASE = Statement(
    WAITING.update().where(_w.lease == param("the_lease", _w.lease)).values(**_FREED)
)
_LATER = Statement(
    WAITING.update().where(*_held).values(lease=None, leased_until=Later("the_delay"))
)
_ANSWERED = Statement(
    WAITING.update()
    .where(_w.effect == param("the_effect", _w.effect), _in(CALLING))
    .values(
        state=READY,
        names=param("the_names", _w.names),
        due_at=param("the_due", _w.due_at),
        attempts=sa.literal_column("0"),
    )
)
_OF_CALL = Statement(
    sa.select(_w.names).where(_w.effect == param("the_effect", _w.effect), _in(CALLING))
)
_AGAIN = Statement(
    WAITING.update()
    .where(_is, _in(FAILED))
    .values(state=READY, due_at=param("the_due", _w.due_at), attempts=sa.literal_column("0"))
)
_CANCEL = Statement(WAITING.delete().where(_is).returning(_w.effect))
_WITHDRAW = Statement(
    EFFECT.update()
    .where(
        EFFECT.c.id == param("the_id", EFFECT.c.id),
        EFFECT.c.state == sa.literal_column("'pending'"),
        EFFECT.c.lease.is_(None),
    )
    .values(state="failed", error=param("the_error", EFFECT.c.error), next_at=None)
)
_TOUCH = Statement(
    WAITING.update()
    .where(_w.record == param("the_record", _w.record), _in(SLEEPING, READY))
    .values(due_at=param("the_now", _w.due_at))
)
_COUNTS = Statement(sa.select(_w.state, sa.func.count()).group_by(_w.state))
_OF_RULE = Statement(
    sa.select(sa.func.count()).select_from(WAITING).where(_w.rule == param("the_rule", _w.rule))
)
_FORGET = Statement(
    WAITING.delete().where(_w.since < param("the_at", _w.since), _in(FAILED, CALLING))
)


def add(
    connection: Connection,
    run: str,
    rule: str,
    document: Mapping[str, Any],
    event: Event,
    cause: Any,
    *,
    step: int,
    names: Mapping[str, Any],
    state: str,
    effect: str | None,
    since: datetime,
    due: datetime | None,
) -> None:
    """Let a run wait, in the transaction of what it did so far."""
    _ADD.run(
        connection,
        id=run,
        rule=rule,
        document=document,
        event=_written(event),
        cause=cause,
        object=event.object,
        record=event.record,
        step=step,
        names=names,
        state=state,
        effect=effect,
        since=since,
        due_at=due,
        attempts=0,
        **_FREED,
    )


def _written(event: Event) -> list[Any]:
    return [
        event.id, timestamp_wire(event.at), event.object, event.record, event.rev, event.event,
        event.actor, event.cause, event.changes,
    ]  # fmt: skip


def _read(row: tuple[Any, ...], lease: str = "") -> WaitingRun:
    id, rule, document, event, *rest = row
    event[1] = datetime.fromisoformat(event[1])
    return replace(WaitingRun(id, rule, document, Event(*event), *rest), lease=lease)


def some_due(connection: Connection, now: datetime) -> bool:
    return _ANY.row(connection, the_now=now) is not None


def claim_due(connection: Connection, now: datetime, lease: str) -> list[WaitingRun]:
    """Runs that may go on, held for as long as the lease is kept."""
    rows = _CLAIM.rows(
        connection,
        the_now=now,
        the_limit=BATCH,
        the_lease=lease,
        seconds_leased=heartbeats.LEASE_SECONDS,
    )
    found = [_read(row, lease) for row in rows]
    return sorted(found, key=lambda one: (one.due_at, one.id))


def stand(
    connection: Connection,
    waiting: WaitingRun,
    *,
    step: int,
    names: Mapping[str, Any],
    state: str,
    effect: str | None,
    since: datetime,
    due: datetime | None,
) -> bool:
    """It waits again, further on; False where somebody else has it, or has cancelled it."""
    done = _STAND.run(
        connection,
        the_id=waiting.id,
        the_lease=waiting.lease,
        the_step=step,
        the_names=names,
        the_state=state,
        the_effect=effect,
        the_since=since,
        the_due=due,
        the_old=waiting.due_at,
    )
    return done > 0


def look_again(connection: Connection, waiting: WaitingRun, due: datetime) -> bool:
    """It still waits for the same."""
    held = {"the_id": waiting.id, "the_lease": waiting.lease, "the_old": waiting.due_at}
    return _LOOK_AGAIN.run(connection, **held, the_due=due) > 0


def fail(connection: Connection, waiting: WaitingRun) -> bool:
    """It could not go on; it is kept for whoever lets it try again."""
    return _FAIL.run(connection, the_id=waiting.id, the_lease=waiting.lease) > 0


def end(connection: Connection, waiting: WaitingRun) -> bool:
    return _END.run(connection, the_id=waiting.id, the_lease=waiting.lease) > 0


def release(connection: Connection, lease: str) -> None:
    _RELEASE.run(connection, the_lease=lease)


def later(connection: Connection, waiting: WaitingRun, delay: float) -> None:
    """A worker stumbled over it: it is tried again after a while."""
    _LATER.run(connection, the_id=waiting.id, the_lease=waiting.lease, the_delay=delay)


def answered(connection: Connection, effect: str, name: str, answer: Any, now: datetime) -> bool:
    """Its call was answered; False where no run waits for it any longer."""
    row = _OF_CALL.row(connection, the_effect=effect)
    if row is None:
        return False
    names = {**row[0], name: {"answer": answer}}
    return _ANSWERED.run(connection, the_effect=effect, the_names=names, the_due=now) > 0


def again(connection: Connection, run: str, now: datetime) -> bool:
    """Let a run that could not go on try once more; whether there is such a run."""
    return _AGAIN.run(connection, the_id=run, the_due=now) > 0


def cancel(connection: Connection, run: str, why: str) -> bool:
    """It goes on no more. A call that was not made yet is withdrawn; whether it waited."""
    row = _CANCEL.row(connection, the_id=run)
    if row is None:
        return False
    if row[0] is not None:
        _WITHDRAW.run(connection, the_id=row[0], the_error=why)
    return True


def touched(connection: Connection, record: str, now: datetime) -> bool:
    """A record has changed: what waits until something is so is looked at; whether any does."""
    return _TOUCH.run(connection, the_record=record, the_now=now) > 0


def counts(connection: Connection) -> dict[str, int]:
    """How many wait, by their states."""
    return dict.fromkeys(STATES, 0) | {state: count for state, count in _COUNTS.rows(connection)}


def of_rule(connection: Connection, rule: str) -> int:
    row = _OF_RULE.row(connection, the_rule=rule)
    return int(row[0]) if row else 0


def forget(connection: Connection, now: datetime) -> None:
    """Those that could not go on and that nobody helped."""
    _FORGET.run(connection, the_at=now - KEEP)
