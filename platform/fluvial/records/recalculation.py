"""Recalculation: calculated values of so many records that workers bring them up to date.

A row of the queue is written in the transaction of the change. Each portion of records, and how
far it got, is one transaction: what is killed in between goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, insert, param
from fluvial.database.tables import RECALCULATION
from fluvial.ids import new_id
from fluvial.session import Session
from metamodel.circles import Place
from metamodel.dependencies import Route, Step
from metamodel.storage import timestamp_wire

from .routes import NOBODY

_r = RECALCULATION.c
_ADD = insert(RECALCULATION)
_WAITING = Statement(sa.select(_r.object, _r.field, _r.at, _r.done).order_by(_r.at, _r.id))
_OF = Statement(sa.select(_r.field).where(_r.object == param("the_object", _r.object)).distinct())
_ANY = Statement(sa.select(_r.id).limit(1))
NEXT = Statement(
    sa.select(_r.id, _r.object, _r.field, _r.route, _r.ids, _r.after, _r.done, _r.actor, _r.cause)
    .order_by(_r.at, _r.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
GONE = Statement(RECALCULATION.delete().where(_r.id == param("the_id", _r.id)))
FURTHER = Statement(
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
    )
    session.engine.woken(session.connection)


def route_of(raw: Iterable[Any]) -> Route:
    return tuple(Step(object, field, target, bool(back)) for object, field, target, back in raw)


def waiting(session: Session) -> list[dict[str, Any]]:
    """What the workers still have to work out, oldest first."""
    return [
        {"object": object, "field": field, "since": timestamp_wire(at), "done": done}
        for object, field, at, done in _WAITING.rows(session.connection)
    ]


def waiting_fields(session: Session, object_name: str) -> set[str]:
    """The fields of an object type of which some values may be out of date."""
    return {row[0] for row in _OF.rows(session.connection, the_object=object_name)}


def some(session: Session) -> bool:
    return _ANY.row(session.connection) is not None
