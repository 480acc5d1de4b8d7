"""The open tasks of a person: their own, those of their teams, groups and roles, and those that
they may do among others.

Each of these is found by a key that has the tasks in the order in which they are due, so it costs
the same however many tasks there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import with_inherited
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.expressions.types import ROLE
from metamodel.storage import INTEGER, TEXT, UUID

from .kept_names import TASK
from .performers import Who, stands_in_for
from .process_tables import CANDIDATE
from .run_rows import OPEN, TAKEN, WAITS_FOR_PEOPLE

_SUFFIXES = {"user": "", "team": "__team", "group": "__group", ROLE: "__role"}
_Found = dict[str, datetime | None]


class _Waiting:
    """The statements that find open tasks, of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        task = tables_of(catalog).objects[TASK].c
        most = sa.bindparam("the_most", type_=Stored(INTEGER))
        status = sa.bindparam("the_status", type_=Stored(TEXT))
        self.dated: dict[str, Statement] = {}
        self.undated: dict[str, Statement] = {}
        for kind in _SUFFIXES:
            theirs = sa.select(task.id, task.work_due).where(
                *_performs(task, kind), task.status == status, task.deleted_at.is_(None)
            )
            self.dated[kind] = Statement(
                theirs.where(task.work_due.is_not(None))
                .order_by(task.work_due, task.id)
                .limit(most)
            )
            self.undated[kind] = Statement(
                theirs.where(task.work_due.is_(None)).order_by(task.id).limit(most)
            )
        states = [sa.literal(one, task.status.type) for one in WAITS_FOR_PEOPLE]
        asked = CANDIDATE.c.person == sa.bindparam("the_one", type_=Stored(UUID))
        self.among = Statement(
            sa.select(task.id, task.work_due)
            .join_from(CANDIDATE, task.id.table, task.id == CANDIDATE.c.task)
            .where(asked, task.status.in_(states), task.deleted_at.is_(None))
            .order_by(task.work_due.nulls_last(), task.id)
            .limit(most)
        )


def _performs(task: Any, kind: str) -> Iterator[Any]:
    """That somebody has a task, in the words of the key: the columns of the others are empty."""
    for other, suffix in _SUFFIXES.items():
        held = task[f"performer{suffix}"]
        if other == kind:
            yield held == sa.bindparam("the_one", type_=Stored(TEXT if kind == ROLE else UUID))
        else:
            yield held.is_(None)


def open_tasks(session: Session, limit: int) -> list[Values]:
    """The tasks that wait for who asks, also as a substitute; those that are due first."""
    me = session.actor.id
    if me is None or TASK not in session.catalog.objects:
        return []
    asked, found = session.catalog.derive(_Waiting), _Found()
    for who in _whose(session, me):
        for status in (OPEN, TAKEN) if who[0] == "user" else (OPEN,):
            found.update(_theirs(session, asked, who, status, limit))
    found.update(asked.among.rows(session.connection, the_one=me, the_most=limit))
    order = sorted(found, key=lambda id: (found[id] is None, found[id] or session.now, id))[:limit]
    rows = {row["id"]: row for row in load_rows(session, TASK, order, None, live=True)}
    return [rows[id] for id in order if id in rows]


def _whose(session: Session, me: str) -> Iterator[Who]:
    """Whose tasks are those of who asks: what they are part of, and for whom they stand in."""
    actor = session.actor
    yield "user", me
    yield from (("user", one) for one in sorted(stands_in_for(session, me, session.today)))
    for kind in ("team", "group"):
        yield from ((kind, one) for one in actor.sets.get(f"{kind}s", ()))
    yield from ((ROLE, one) for one in dict.fromkeys(with_inherited(session.catalog, actor.roles)))


def _theirs(session: Session, asked: _Waiting, who: Who, status: str, limit: int) -> _Found:
    kind, name = who
    named = {"the_one": name, "the_status": status}
    rows = asked.dated[kind].rows(session.connection, **named, the_most=limit)
    if len(rows) < limit:
        rest = limit - len(rows)
        rows += asked.undated[kind].rows(session.connection, **named, the_most=rest)
    return _Found(rows)
