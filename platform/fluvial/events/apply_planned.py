"""Planned values take effect at the start of their day: each once, as a change of who planned it.

What was missed while nothing ran is caught up with, day by day, so that rules see every change.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM, Actor
from fluvial.database.connection import BusyError, Connection, GoneError
from fluvial.database.engine_tables import DATED
from fluvial.database.statement import Statement, param
from fluvial.kernel.crash_points import point
from fluvial.kernel.problems import Problem
from fluvial.records.drafts.dated_fields import changes_between, read_stored
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.day_value import form_of
from fluvial.records.writing.writer import store_changed
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.services import notifications
from metamodel.catalog import Field

log = logging.getLogger("fluvial.dated")

BATCH = 50
MAX_ERROR = 2_000

_d = DATED.c
_waiting = sa.and_(_d.planned, _d.ended_at.is_(None))
_due = sa.and_(_waiting, _d.valid_from <= param("the_day", _d.valid_from))
_ANY = Statement(sa.select(_d.id).where(_due).limit(sa.literal_column("1")))
_DUE = Statement(
    sa.select(
        _d.id,
        _d.object,
        _d.record,
        _d.field,
        _d.form,
        _d.valid_from,
        _d.value,
        _d.recorded_by,
        _d.change_set,
    )
    .where(_due)
    .order_by(_d.valid_from, _d.record, _d.id)
    .limit(BATCH)
)
_HOLD = Statement(
    DATED.update().where(_d.id == param("the_id", _d.id), _waiting).values(planned=False)
)
_FAIL = Statement(
    DATED.update()
    .where(_d.id == param("the_id", _d.id))
    .values(
        ended_at=param("the_now", _d.ended_at), error=sa.bindparam("the_error", type_=_d.error.type)
    )
)


def run(engine: Engine) -> bool:
    """Let what is due take effect; whether there may be more."""
    connection = engine.database.connection()
    today = engine.clock.today()
    if _ANY.row(connection, the_day=today) is None:
        return False
    with connection.transaction():
        session = Session.begin(engine, SYSTEM, connection=connection)
        rows = _DUE.rows(connection, the_day=today)
        while rows:
            together = [row for row in rows if _plan_of(row) == _plan_of(rows[0])]
            rows = [row for row in rows if row not in together]
            _take_effect(session, connection, together)
    return True


def _plan_of(row: Any) -> Any:
    """The record and the day, who planned it, and in which change set."""
    return row[2], row[5], row[7], row[8]


def _take_effect(session: Session, connection: Connection, rows: list[Any]) -> None:
    """What one person planned for one record and day is one change."""
    # Another worker may have been faster: then there is nothing to hold.
    rows = [row for row in rows if _HOLD.run(connection, the_id=row[0])]
    if not rows:
        return
    _, object_name, record, _, _, day, _, by, change_set = rows[0]
    theirs = replace(session.as_actor(_actor(session, by)), change_set=change_set)
    try:
        with connection.savepoint():
            _apply(theirs, object_name, record, day, rows)
            point("in_dated")
    except (BusyError, GoneError):
        raise
    except Exception as error:
        if not isinstance(error, Problem):
            log.exception("Planned change of %s %s", object_name, record)
        _fail(session, rows, error)


def _actor(session: Session, by: str | None) -> Actor:
    """Who planned it. What their roles allow was asked when they planned it."""
    if by is None:
        return SYSTEM
    known = session.engine.people.actor(session.connection, by)
    return replace(known or Actor(by, "", ()), unrestricted=True)


def _apply(session: Session, object_name: str, record: str, day: date, rows: list[Any]) -> None:
    type_ = session.catalog.objects.get(object_name)
    if type_ is None:
        raise Problem(f"The object `{object_name}` no longer exists.")
    values = load_row(session, object_name, record, None, lock=True)
    if values is None:
        return  # in the bin: when it comes back, it catches up
    draft = Draft(session, type_, record, values, dict(values))
    for _, _, _, name, form, _, stored, *_ in rows:
        field = type_.fields.get(name)
        if field is None or not field.dated or form != form_of(field):
            raise Problem(f"{type_.label} no longer has a dated field `{name}` of this kind.")
        if not _overtaken(session, field, record, day):
            draft.set(name, read_stored(field, stored, session.connection.dialect))
            draft.days[name] = None
    store_changed(draft)


def _overtaken(session: Session, field: Field, record: str, day: date) -> bool:
    """Whether something else holds since a later day that has come too."""
    return changes_between(session, field, record, day, session.today)


def _fail(session: Session, rows: list[Any], error: Exception) -> None:
    """A change that is refused on its day is over; who planned it is told why."""
    known = isinstance(error, Problem)
    text = str(error) if known else "The change could not be made."
    for row in rows:
        _FAIL.run(
            session.connection, the_id=row[0], the_now=session.now, the_error=text[:MAX_ERROR]
        )
    _, object_name, record, _, _, day, _, by, _ = rows[0]
    if by is None:
        return
    row = load_row(session, object_name, record, None) if known else None
    title = f"Planned for {day}, but failed: {row['title'] if row else object_name}"
    href = notifications.record_href(object_name, record)
    notifications.tell(session, by, title, text, href)
