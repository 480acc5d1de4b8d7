"""What tasks have made: kept when the main action is done, asked for when a task is completed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session

from .process_tables import MADE

_m = MADE.c
_ADD = insert(MADE)
_columns = sa.select(_m.task, _m.verb, _m.object, _m.record, _m.said, _m.by, _m.at)
_OF_TASK = Statement(_columns.where(_m.task == param("the_task", _m.task)).order_by(_m.at, _m.id))
_OF_RECORD = Statement(
    _columns.where(_m.record == param("the_record", _m.record)).order_by(_m.at, _m.id).limit(50)
)


@dataclass(frozen=True)
class Made:
    """One thing that was done from a task."""

    task: str
    verb: str
    object: str
    record: str
    said: Mapping[str, Any]
    by: str | None
    at: datetime


def note(
    session: Session, task: str, verb: str, about: tuple[str, str], said: Mapping[str, Any]
) -> None:
    """Keep what was done, in its transaction."""
    _ADD.run(
        session.connection, id=new_id(), task=task, verb=verb, object=about[0], record=about[1],
        said=dict(said), by=session.actor.id, at=session.now,
    )  # fmt: skip


def made_by(session: Session, task: str) -> list[Made]:
    return [Made(*row) for row in _OF_TASK.rows(session.connection, the_task=task)]


def makers_of(session: Session, record: str) -> list[Made]:
    """From which tasks a record comes, or was written to."""
    return [Made(*row) for row in _OF_RECORD.rows(session.connection, the_record=record)]
