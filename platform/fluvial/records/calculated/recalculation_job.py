"""The job that works out what changes have left to the workers, state logs among it."""

from __future__ import annotations

import time
from typing import Any

from fluvial.auth.actors import SYSTEM
from fluvial.kernel.causes import Cause
from fluvial.kernel.crash_points import point
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.dependencies import Route
from metamodel.expressions.reads import EVERY

from . import recalculation_queue
from .dependency_routes import every, followed
from .log_filling import fill_spans
from .recalculation_queue import route_of
from .refresh import refresh_behind, refresh_places

SOON = 0.01  # seconds until a row that waits for others is looked at again
PORTION = 200  # records in one transaction


def run(engine: Engine) -> bool:
    """Work out one portion; whether there may be more."""
    connection = engine.database.connection()
    if not recalculation_queue.some(connection):
        return False
    # Asked first: what is over between the two is ready for the second.
    held_up = recalculation_queue.held_up(connection, engine.clock.now())
    with connection.transaction():
        row = recalculation_queue.next_row(connection)
        if row is not None:
            # With the formulas of now: a change of them that is made later has a row of its own,
            # which waits for this transaction.
            _work(Session.begin(engine, SYSTEM, connection=connection), *row)
    if row is None and held_up:
        time.sleep(SOON)
    return row is not None or held_up


def _work(
    session: Session,
    row: str,
    object_name: str,
    name: str,
    route: Any,
    ids: list[str] | None,
    after: str,
    done: int,
    actor: str | None,
    cause: Any,
    quiet: bool | None,
) -> None:
    """Work out the next portion of a row, as the one who changed what it comes from."""
    who = session.engine.people.actor(session.connection, actor) if actor else None
    session = session.as_actor(who or SYSTEM, Cause.read(cause))
    session.quiet = bool(quiet)
    lock_writers(session, object_name)
    records = _portion(session, (object_name, name), route_of(route), ids, after)
    if records:
        known = session.catalog.objects[object_name].fields[name]
        if known.kept or known.system or known.worked:
            places = [(object_name, one) for one in _together(session, object_name, known)]
            refresh_places(session, places, records, anew=ids is None)
        else:
            fill_spans(session, known, records)
            refresh_behind(session, (object_name, name), records)
        point("in_recalculation")
    last = records[-1] if len(records) == PORTION else None
    recalculation_queue.done_with(session, row, done + len(records), last)


def _together(session: Session, object_name: str, known: Field) -> list[str]:
    """The field, with those that cost no more than it where one part makes them all."""
    part = known.made_by.partition("/")[0]
    if not known.worked:
        return [known.name]
    worked = session.catalog.objects[object_name].worked_fields
    return [one.name for one in worked if one.made_by.partition("/")[0] == part]


def _portion(
    session: Session,
    place: tuple[str, str],
    route: Route,
    ids: list[str] | None,
    after: str,
) -> list[str]:
    """The next records; none where the field, or a look-up on the way, is gone meanwhile."""
    objects = session.catalog.objects
    type_ = objects.get(place[0])
    known = type_.fields.get(place[1]) if type_ else None
    if type_ is None or known is None:
        return []
    if not (known.kept or known.system or known.worked or known in type_.logged_fields):
        return []
    for step in route:
        if step.object not in objects:
            return []
        if step.field != EVERY and step.field not in objects[step.object].fields:
            return []
    if ids is None:
        return every(session, place[0], PORTION, after=after)
    return followed(session, route, ids, PORTION, after=after)
