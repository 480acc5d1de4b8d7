"""Tasks that several people may do, found by person: what the field `candidates` of tasks says.

The field is a list in each task, which no index looks into. A row for each person leads to the
tasks that are open to them.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement, insert, param
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import UUID

from .kept_names import TASK
from .process_tables import CANDIDATE
from .run_rows import WAITS_FOR_PEOPLE

WORK = "people of older tasks"
BATCH, EVERY = 200, 3600.0

_c = CANDIDATE.c
_ADD = insert(CANDIDATE)
_FORGET = Statement(CANDIDATE.delete().where(_c.task == param("the_task", _c.task)))


def stored(drafts: Sequence[Draft], event: str) -> None:
    """Follow the tasks that were written, in their transaction."""
    if drafts[0].type.name != TASK:
        return
    for draft in drafts:
        before, after = _open_to(draft.before), _open_to(draft.values)
        if before == after:
            continue
        if before:
            _FORGET.run(draft.session.connection, the_task=draft.id)
        _note(draft.session, draft.id, after)


def _open_to(task: Values | None) -> frozenset[str]:
    if task is None or task.get("status") not in WAITS_FOR_PEOPLE:
        return frozenset()
    return frozenset(id for _, id in task.get("candidates") or ())


def _note(session: Session, task: str, people: frozenset[str]) -> None:
    for person in sorted(people):
        _ADD.run(session.connection, person=person, task=task)


class _Unnoted:
    """The statement that finds open tasks for several people whose rows are not there."""

    def __init__(self, catalog: Catalog) -> None:
        task = tables_of(catalog).objects[TASK].c
        states = [sa.literal(one, task.status.type) for one in WAITS_FOR_PEOPLE]
        self.find = Statement(
            sa.select(task.id, task.candidates)
            .where(
                task.status.in_(states),
                task.deleted_at.is_(None),
                task.id > sa.bindparam("after", type_=Stored(UUID)),
                ~sa.exists().where(_c.task == task.id),
            )
            .order_by(task.id)
            .limit(BATCH)
        )


def run(engine: Engine) -> bool:
    """Note the people of tasks that are older than this table; there is nothing to do mostly."""
    connection = engine.database.connection()
    session = Session.begin(engine, SYSTEM, connection=connection)
    if TASK not in session.catalog.objects:
        return False
    asked, after = session.catalog.derive(_Unnoted).find, "00000000-0000-0000-0000-000000000000"
    while rows := asked.rows(connection, after=after):
        after = rows[-1][0]
        with connection.transaction():
            for task in load_rows(
                session, TASK, [id for id, held in rows if held], None, lock=True
            ):
                _FORGET.run(connection, the_task=task["id"])
                _note(session, task["id"], _open_to(task))
    return False
