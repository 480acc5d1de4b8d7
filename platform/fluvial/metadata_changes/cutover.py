"""The workers' part of changes that wait: copy the values, then switch to the new columns."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import Connection
from fluvial.database.locks import Lock, alone
from fluvial.kernel import crash_points
from fluvial.kernel.problems import Problem
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL

from . import apply, backfill
from .approvals import note_copied
from .change import MetadataChange, Prepared
from .index_builds import create_beside
from .pending_change import (
    DONE,
    FAILED,
    Pending,
    end,
    give_up,
    note_progress,
    open_changes,
    still_open,
)
from .planner import prepare

log = logging.getLogger("fluvial.switching")

ROUND_SECONDS = 1.0  # of copying before other jobs get their turn
PAUSES = (1.0, 30.0)  # seconds until a table that others hold is tried again, growing
FEW = 200  # records that may still be copied while the others wait


def run(engine: Engine) -> bool:
    """Copy for a while; whether there is more to copy."""
    connection = engine.database.connection()
    if not _ready(open_changes(connection)):
        return False
    with alone(connection, Lock.CUTOVER) as mine:
        # The others go on while one cannot: who ended it meanwhile is seen here.
        waiting = _ready(open_changes(connection)) if mine else []
        return any([_advance(engine, connection, pending) for pending in waiting])


# Of changes whose table is held by others: until when each of them rests, and for how long.
_resting: dict[str, tuple[float, float]] = {}


def _ready(waiting: Sequence[Pending]) -> list[Pending]:
    now = time.monotonic()
    return [one for one in waiting if _resting.get(one.id, (now, 0))[0] <= now]


def _rest(pending: Pending) -> None:
    """Others hold the table: the next try is later, each time by more."""
    before = _resting.get(pending.id, (0.0, PAUSES[0] / 2))[1]
    pause = min(2 * before, PAUSES[1])
    _resting[pending.id] = (time.monotonic() + pause, pause)
    log.info("%s waits for others that use the records; next try in %g s.", pending.note, pause)


def _advance(engine: Engine, connection: Connection, pending: Pending) -> bool:
    actor = engine.people.actor(connection, pending.by) if pending.by else None
    session = Session.begin(engine, actor or SYSTEM, connection=connection)
    change = pending.change()
    try:
        prepared = prepare(session, change)
        if not _copied(session, change, prepared, pending):
            return True
        _build_indexes(connection, prepared)
        _switch(session, change, pending)
    except Problem as problem:
        if problem.headers.get("Retry-After"):
            _rest(pending)
            return False
        log.warning("%s: %s", pending.note, problem.detail)
        with connection.transaction():
            if still_open(connection, pending.id):
                give_up(connection, pending, FAILED, problem.detail)
    _resting.pop(pending.id, None)
    return False


def _copied(session: Session, change: MetadataChange, prepared: Prepared, pending: Pending) -> bool:
    """Copy until the time is over; whether few enough records are left to switch."""
    until = time.monotonic() + ROUND_SECONDS
    for retype in prepared.retypes:
        copier = apply.copier(session, change, prepared, retype)
        progress = pending.progress.get(retype.target)
        if progress is None:
            raise Problem(f"{retype.target} has been changed in the meantime. Plan it again.")
        while not progress["passes"] or progress["after"] or copier.waiting() > FEW:
            progress["after"] = copier.copy_batch(progress["after"])
            crash_points.point("change_batch")
            progress["copied"] = min(progress["copied"] + backfill.BATCH, progress["rows"])
            progress["passes"] += not progress["after"]
            note_progress(session.connection, pending)
            if time.monotonic() > until:
                return False
    return True


def _build_indexes(connection: Connection, prepared: Prepared) -> None:
    """Keys of the new columns are there, and hold, before they are in force."""
    if connection.dialect != POSTGRESQL:
        return
    moved = {retype.new.object for retype in prepared.retypes}
    for operation in prepared.operations:
        object, _, name = operation.target.partition(".")
        if operation.op in ("add_index", "add_unique_key") and object in moved:
            error = create_beside(connection, name, operation.statements[0])
            if error:
                raise Problem(f"{operation.target}: {error} Fix them, and plan it again.")


def _switch(session: Session, change: MetadataChange, pending: Pending) -> None:
    connection = session.connection
    crash_points.point("change_switch")
    apply.work_out(session, change)
    with connection.transaction():
        if not still_open(connection, pending.id):
            return
        apply.apply(session, change)
        end(connection, pending.id, DONE, revision=change.revision)
        note_copied(connection, pending.id, change.revision)
        crash_points.point("change_switched")
