"""Recalculation: calculated values of so many records that workers bring them up to date.

A row of the queue is written in the transaction of the change. Each portion of records, and how
far it got, is one transaction: what is killed in between goes on where it was.

On PostgreSQL others write at the same time. A transaction that was under way when the change was
committed may have read what was before, and may add records that a portion does not see yet. So
a row waits until all of them are over: whoever begins later reads what is to be spread. Numbers
of transactions are the server's, so those of its other databases are waited for as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.connection import Connection, Row
from fluvial.database.engine_tables import RECALCULATION
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from metamodel.cycles import Place
from metamodel.dependencies import Route, RouteStep, graph_of
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .dependency_routes import NOBODY

WORK = "recalculation"  # the job of the workers
YOUNG = timedelta(seconds=2)  # rows that wait for longer are looked at now and then

_r = RECALCULATION.c
_ADD = insert(RECALCULATION)
_WAITING = Statement(sa.select(_r.object, _r.field, _r.at, _r.done).order_by(_r.at, _r.id))
_OF = Statement(sa.select(_r.field).where(_r.object == param("the_object", _r.object)).distinct())
_PLACES = Statement(sa.select(_r.object, _r.field).distinct())
_ANY = Statement(sa.select(_r.id).limit(1))
_next = (
    sa.select(_r.id, _r.object, _r.field, _r.route, _r.ids, _r.after, _r.done, _r.actor, _r.cause,
              _r.quiet)
    .order_by(_r.at, _r.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)  # fmt: skip
# A transaction has its number before it reads anything for a calculated value, as it has written
# the record by then. Below the oldest number that is under way all are over.
_oldest: Any = sa.literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_NEXT = {
    SQLITE: Statement(_next),
    POSTGRESQL: Statement(_next.where(_r.horizon <= _oldest)),
}
_SET_HORIZON = Statement(
    RECALCULATION.update()
    .where(_r.horizon.is_(None))
    .values(horizon=sa.literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
)
_HELD_UP = Statement(
    sa.select(_r.id).where(_r.horizon > _oldest, _r.at > param("the_moment", _r.at)).limit(1)
)
_GONE = Statement(RECALCULATION.delete().where(_r.id == param("the_id", _r.id)))
_FURTHER = Statement(
    RECALCULATION.update()
    .where(_r.id == param("the_id", _r.id))
    .values(
        after=sa.bindparam("the_after", type_=_r.after.type),
        done=sa.bindparam("the_done", type_=_r.done.type),
    )
)


def later(session: Session, place: Place, route: Route, ids: Iterable[str] | None) -> None:
    """Leave the records at the end of a route to the workers; None are all of the object type."""
    _ADD.run(
        session.connection,
        id=new_id(),
        object=place[0],
        field=place[1],
        route=[[step.object, step.field, step.target, step.back] for step in route],
        ids=None if ids is None else sorted(ids),
        after=NOBODY,
        done=0,
        at=session.now,
        actor=session.actor.id,
        cause=session.cause.wire(),
        quiet=session.quiet,
        horizon=None,
    )
    session.engine.woken(session.connection, WORK)


class WaitingPlace(NamedTuple):
    """Values that the workers still have to work out."""

    object: str
    field: str
    at: datetime
    done: int


def waiting_since(session: Session) -> list[WaitingPlace]:
    """The oldest first."""
    return [WaitingPlace(*row) for row in _WAITING.rows(session.connection)]


def waiting(session: Session) -> list[dict[str, Any]]:
    """The same in wire form."""
    return [
        {"object": one.object, "field": one.field, "since": timestamp_wire(one.at),
         "done": one.done}
        for one in waiting_since(session)
    ]  # fmt: skip


def waiting_fields(session: Session, object_name: str) -> set[str]:
    """The fields of an object type that wait for the workers."""
    return {row[0] for row in _OF.rows(session.connection, the_object=object_name)}


def unsettled_places(session: Session) -> set[Place]:
    """The fields that wait for the workers, of all object types, and those that depend on them."""
    found = {(object, field) for object, field in _PLACES.rows(session.connection)}
    edges = session.catalog.derive(graph_of).edges if found else {}
    left = list(found)
    while left:
        new = {edge.target for edge in edges.get(left.pop(), ())} - found
        found |= new
        left += new
    return found


def some(connection: Connection) -> bool:
    """Whether there is anything to work out; what is new begins to wait for the others."""
    if _ANY.row(connection) is None:
        return False
    if connection.dialect == POSTGRESQL:
        _SET_HORIZON.run(connection)
    return True


def next_row(connection: Connection) -> Row | None:
    """The oldest row whose time has come; nobody else takes it before the transaction ends."""
    return _NEXT[connection.dialect].row(connection)


def held_up(connection: Connection, now: datetime) -> bool:
    """Whether something waits for transactions that will soon be over."""
    if connection.dialect != POSTGRESQL:
        return False
    return _HELD_UP.row(connection, the_moment=now - YOUNG) is not None


def done_with(session: Session, row: str, records: int, last: str | None) -> None:
    """Note that so many records of a row are done, the `last` one included; None ends the row."""
    if last is None:
        _GONE.run(session.connection, the_id=row)
    else:
        _FURTHER.run(session.connection, the_id=row, the_after=last, the_done=records)


def route_of(raw: Iterable[Any]) -> Route:
    return tuple(
        RouteStep(object, field, target, bool(back)) for object, field, target, back in raw
    )
