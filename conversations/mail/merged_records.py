"""Records that were merged into others, and where their numbers and mails lead now."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from fluvial.database.statement import Statement, insert, param
from fluvial.runtime.session import Session

from .mail_tables import MERGED

MOST_STEPS = 20  # of merges behind one another

_c = MERGED.c
_ADD = insert(MERGED)
_DROP = Statement(MERGED.delete().where(_c.record == param("the_record", _c.record)))
_TARGET = Statement(sa.select(_c.target).where(_c.record == param("the_record", _c.record)))
_NUMBERED = Statement(
    sa.select(_c.record).where(
        _c.object == param("the_object", _c.object), _c.number == param("the_number", _c.number)
    )
)
_PEOPLE = Statement(
    sa.select(_c.record, _c.people).where(_c.target == param("the_target", _c.target))
)


def note_merge(
    session: Session,
    object_name: str,
    record: str,
    target: str,
    number: str | None,
    people: Iterable[str],
) -> None:
    _DROP.run(session.connection, the_record=record)
    _ADD.run(
        session.connection, record=record, object=object_name, number=number, target=target,
        people=sorted(set(people)), at=session.now, by=session.actor.id,
    )  # fmt: skip


def target_of(session: Session, record: str) -> str:
    """The record into which one was merged in the end; itself where it was not."""
    for _ in range(MOST_STEPS):
        row = _TARGET.row(session.connection, the_record=record)
        if row is None:
            return record
        record = str(row[0])
    return record


def numbered(session: Session, object_name: str, number: str) -> list[str]:
    """The records into which those with a number were merged."""
    rows = _NUMBERED.rows(session.connection, the_object=object_name, the_number=number)
    return [target_of(session, str(row[0])) for row in rows]


def people_of(session: Session, target: str) -> set[str]:
    """The addresses of those who took part in the records that were merged into one."""
    found: set[str] = set()
    waiting, steps = [target], 0
    while waiting and steps < MOST_STEPS:
        steps += 1
        for record, people in _PEOPLE.rows(session.connection, the_target=waiting.pop()):
            found |= set(people)
            waiting.append(str(record))
    return found
