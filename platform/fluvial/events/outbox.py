"""The outbox: events of committed changes, each handled once by the features.

An event and all that its handling writes go in one transaction. What fails comes back later,
at most MAX_ATTEMPTS times; then it is quarantined and the events behind it flow. Events of one
record are handled in the order of its revisions.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import BusyError, Connection, GoneError, Row
from fluvial.database.engine_tables import OUTBOX
from fluvial.database.leases import Later, claim, free
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.causes import Cause
from fluvial.kernel.crash_points import point
from fluvial.kernel.ids import new_id
from fluvial.records.drafts import journal
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, heard_objects
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE

from . import heartbeats
from .outbox_upkeep import Upkeep, upkeep_of

log = logging.getLogger("fluvial.outbox")

WORK = journal.WORK
BATCH = 50
TURN_SECONDS = 5.0  # after which the rest of a batch is for whoever comes
PORTION_SECONDS = 0.05  # how long one transaction goes on taking events
MAX_ATTEMPTS = 8
MAX_BACKOFF = 300
MAX_ERROR = 2_000

_o = OUTBOX.c
sa.Index("ix_fluvial_outbox__record", _o.record, _o.rev)
_earlier = OUTBOX.alias("earlier")
_in_order = ~sa.exists().where(
    _earlier.c.record == _o.record,
    _earlier.c.rev < _o.rev,
    _earlier.c.attempts < MAX_ATTEMPTS,
)
_waiting = sa.and_(_o.attempts < MAX_ATTEMPTS, free(OUTBOX))
_ANY = Statement(sa.select(_o.id).where(_waiting).limit(1))


def _claim(ready: sa.ColumnElement[bool], **also: Any) -> Statement:
    condition = sa.and_(_waiting, ready, _in_order)
    return Statement(
        claim(OUTBOX, condition, (_o.id,), heartbeats.LEASE_SECONDS)
        .values(**also)
        .returning(
            _o.id, _o.at, _o.object, _o.record, _o.rev, _o.event, _o.actor, _o.cause, _o.changes
        ),
        prepared=False,
    )


_CLAIM = _claim(_o.lease.is_(None))
# A lease that ran out belonged to a worker that died. One of its events may have killed it, so
# they are tried one by one, and only the one that is tried again counts an attempt.
_CLAIM_SUSPECT = _claim(_o.lease.is_not(None), attempts=_o.attempts + 1)
_held = (_o.id == param("the_id", _o.id), _o.lease == param("the_lease", _o.lease))
_EXTEND = heartbeats.extending(OUTBOX)
_REMOVE = Statement(OUTBOX.delete().where(*_held))
_RELEASE = Statement(
    OUTBOX.update()
    .where(_o.lease == param("the_lease", _o.lease))
    .values(lease=None, leased_until=None)
)
_RETRY = Statement(
    OUTBOX.update()
    .where(*_held)
    .values(
        lease=None,
        leased_until=Later("the_delay"),
        attempts=_o.attempts + sa.bindparam("the_step", type_=_o.attempts.type),
        error=sa.bindparam("the_error", type_=_o.error.type),
    )
)
_ATTEMPTS = Statement(sa.select(_o.attempts).where(_o.id == param("the_id", _o.id)))
_ADD = insert(OUTBOX)
_dead = _o.attempts >= MAX_ATTEMPTS
_QUARANTINED = Statement(
    sa.select(_o.id, _o.at, _o.object, _o.record, _o.rev, _o.event, _o.attempts, _o.error)
    .where(_dead)
    .order_by(_o.id)
    .limit(500)
)
_DEPTH = Statement(
    sa.select(
        sa.func.count(sa.case((_o.attempts < MAX_ATTEMPTS, 1))), sa.func.count(sa.case((_dead, 1)))
    ).select_from(OUTBOX)
)
_AGAIN = Statement(
    OUTBOX.update()
    .where(_dead, _o.id == param("the_id", _o.id))
    .values(attempts=0, lease=None, leased_until=None)
)


_CHANGES = "event IN ('created', 'updated', 'deleted', 'restored')"
_UNHEARD = {
    SQLITE: f"DELETE FROM fluvial_outbox WHERE lease IS NULL AND attempts = 0 AND {_CHANGES} "
    "AND object NOT IN (SELECT value FROM json_each(?))",
    POSTGRESQL: f"DELETE FROM fluvial_outbox WHERE lease IS NULL AND attempts = 0 AND {_CHANGES} "
    "AND object <> ALL ($1::text[])",
}


def add(session: Session, event: Event) -> None:
    """Put an event into the outbox, in the transaction that is open."""
    _ADD.run(
        session.connection,
        id=event.id,
        at=event.at,
        object=event.object,
        record=event.record,
        rev=event.rev,
        event=event.event,
        actor=event.actor,
        cause=event.cause,
        changes=event.changes,
        lease=None,
        leased_until=None,
        attempts=0,
        error=None,
    )
    session.engine.woken(session.connection, WORK)


def run(engine: Engine) -> bool:
    """Handle a batch of events; whether there was one."""
    connection = engine.database.connection()
    if _ANY.row(connection) is None:
        return False
    upkeep = upkeep_of(engine)
    if _drop_unheard(engine, connection, upkeep) and _ANY.row(connection) is None:
        return False
    lease = new_id()
    with heartbeats.heartbeats_of(engine).holding(lease, _EXTEND):
        rows = _claimed(connection, lease)
        if len(rows) >= BATCH:
            upkeep.backlog(connection)
        _work_off(engine, connection, lease, [_event(row) for row in sorted(rows)])
    upkeep.removed(connection, len(rows))
    return bool(rows)


def _claimed(connection: Connection, lease: str) -> list[Row]:
    taken = {"the_lease": lease, "seconds_leased": heartbeats.LEASE_SECONDS}
    rows = _CLAIM.rows(connection, the_limit=BATCH, **taken)
    if not rows or len(rows) == BATCH:  # those of the dead wait neither for a gap nor for ever
        rows += _CLAIM_SUSPECT.rows(connection, the_limit=1, **taken)
    return rows


def _work_off(engine: Engine, connection: Connection, lease: str, events: Sequence[Event]) -> None:
    started = time.monotonic()
    while events:
        try:
            events = events[_portion(engine, connection, lease, events) :]
        except (BusyError, GoneError):
            _RELEASE.run(connection, the_lease=lease)
            raise
        if events and time.monotonic() - started > TURN_SECONDS:
            _RELEASE.run(connection, the_lease=lease)
            return


def _drop_unheard(engine: Engine, connection: Connection, upkeep: Upkeep) -> int:
    """Drop the events that nobody hears any more; how many.

    None are written. There are some where a rule has gone since, so they are looked for once for
    each set of object types.
    """
    heard = heard_objects(engine, engine.catalogs.current(connection))
    if heard == upkeep.heard:
        return 0
    upkeep.heard = heard
    postgresql = connection.dialect == POSTGRESQL
    names = (
        "{" + ",".join(sorted(heard)) + "}" if postgresql else orjson.dumps(sorted(heard)).decode()
    )
    return connection.execute(_UNHEARD[connection.dialect], [names])


def _event(row: Row) -> Event:
    return Event(*row)


def _portion(engine: Engine, connection: Connection, lease: str, events: Sequence[Event]) -> int:
    """Handle some events in one transaction; how many. A crash leaves all of them unhandled."""
    started = time.monotonic()
    done = 0
    with connection.transaction():
        session = Session.begin(engine, SYSTEM, connection=connection)
        for event in events:
            _handle(session, lease, event)
            done += 1
            if time.monotonic() - started > PORTION_SECONDS:
                break
    return done


def _handle(session: Session, lease: str, event: Event) -> None:
    connection = session.connection
    try:
        with connection.savepoint():
            if _REMOVE.run(connection, the_id=event.id, the_lease=lease):
                happened(session, event)
                point("in_event")
    except (BusyError, GoneError):
        raise
    except Exception as error:
        log.exception("Event %s of %s %s", event.event, event.object, event.record)
        row = _ATTEMPTS.row(connection, the_id=event.id)
        tried = row[0] + 1 if row else 1
        _RETRY.run(
            connection,
            the_id=event.id,
            the_lease=lease,
            the_delay=min(2 ** (tried - 1), MAX_BACKOFF),
            the_step=1,
            the_error=f"{type(error).__name__}: {error}"[:MAX_ERROR],
        )


def happened(session: Session, event: Event) -> None:
    """Tell every feature of an event, with the chain of causes that led to it."""
    caused = session.as_actor(SYSTEM, Cause.read(event.cause))
    for listener in session.engine.brought(LISTENER):
        listener.happened(caused, event)


def quarantined(connection: Connection) -> list[dict[str, Any]]:
    """The events that were given up, oldest first."""
    names = ("id", "at", "object", "record", "rev", "event", "attempts", "error")
    died = "Every worker that handled this event died."
    return [
        dict(zip(names, row, strict=True)) | {"error": row[-1] or died}
        for row in _QUARANTINED.rows(connection)
    ]


def depth(connection: Connection) -> tuple[int, int]:
    """How many events wait, and how many were given up."""
    ((waiting, given_up),) = _DEPTH.rows(connection)
    return waiting, given_up


def again(session: Session, event: str) -> bool:
    """Take an event out of quarantine; whether it was in there."""
    done = _AGAIN.run(session.connection, the_id=event) > 0
    session.engine.woken(session.connection, WORK)
    return done
