"""Previewing: all of a change set is carried out by the code that applies it, read, rolled back.

PostgreSQL does it in a transaction, in which others wait only for the records that it changes.
SQLite has one writer, whom it must not hold: there it works on a copy of the database that nobody
else sees, made while others read and write, and lets other requests come in between its steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from fluvial.database.connection import Connection
from fluvial.runtime.session import Session
from metamodel.storage import SQLITE

from .base_conflicts import conflicts_of, hold, refuse_conflicts
from .carrying_out import carry_unjudged_run, day_for, runs_of
from .kept_edits import Edit, edits_of
from .preview_items import read_item, told_item
from .seen_edits import seen_edits
from .set_records import OPEN, SetRecord, set_of, state_of

Json = dict[str, Any]
Steps = Generator[None, None, Json]

STEP_SECONDS = 0.03  # of one step, before other requests get their turn
LOOK_SECONDS = 0.005  # between two looks whether the copy is made


class _Done(Exception):
    """Ends a transaction of which nothing stays."""


def preview(session: Session, id: str) -> Steps:
    """What applying a change set would do, item by item; `yield` lets others in between."""
    set_ = set_of(session, id)
    if session.connection.dialect != SQLITE:
        return (yield from _compared(session, set_, together=True))
    with closing((yield from _copied(session))) as copy:
        return (yield from _compared(replace(session, connection=copy), set_, together=False))


def _copied(session: Session) -> Generator[None, None, Connection]:
    """A copy of the database as it is now, made by a thread of its own."""
    made: list[Connection] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            made.append(session.engine.database.copied())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="copy for a preview")
    thread.start()
    thread.join(LOOK_SECONDS)
    while thread.is_alive():
        yield
        thread.join(LOOK_SECONDS)
    if failed:
        raise failed[0]
    return made[0]


def _compared(session: Session, set_: SetRecord, *, together: bool) -> Steps:
    edits = edits_of(session, set_.id)
    state = state_of(session, set_.id).name
    waiting = edits if state == OPEN else []
    day = day_for(session, set_.day)
    then = session if day is None else session.at(day)
    answer: Json = {}
    try:
        with session.connection.transaction(), session.connection.savepoint():
            hold(session, waiting)
            found = conflicts_of(session, waiting)
            if found:
                seen = seen_edits(session, set_, waiting)
                refuse_conflicts(session, set_.label, found, seen)
            before = _read(then, set_)
            yield from _carried(session, set_, waiting, together=together)
            after = _read(then, set_)
            answer = _told(then, set_, before, after) | {"state": state, "edits": len(waiting)}
            raise _Done
    except _Done:
        return answer


def _carried(
    session: Session, set_: SetRecord, edits: Sequence[Edit], *, together: bool
) -> Generator[None, None, None]:
    until = time.monotonic() + STEP_SECONDS
    doing = replace(session, change_set=set_.id)
    for run in runs_of(edits):
        carry_unjudged_run(doing, run, set_.day)
        if not together and time.monotonic() > until:
            yield
            until = time.monotonic() + STEP_SECONDS


def _read(session: Session, set_: SetRecord) -> list[Any]:
    return [read_item(session, set_, item) for item in set_.spec.preview]


def _told(session: Session, set_: SetRecord, before: list[Any], after: list[Any]) -> Json:
    items = zip(set_.spec.preview, before, after, strict=True)
    return {
        "effective": set_.day.isoformat() if set_.day else None,
        "items": [told_item(session, set_, item, old, new) for item, old, new in items],
    }
