"""Tasks whose time is up move their runs on, by the workers; also what was missed meanwhile."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.kernel.problems import Problem
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import TIMESTAMP

from .kept_names import TASK
from .run_rows import ACTIVE
from .task_steps import time_out

log = logging.getLogger("fluvial.processes")

WORK = "due tasks"
BATCH = 50


class _Due:
    """The statement that finds them, of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        task = tables_of(catalog).objects[TASK].c
        states = [sa.literal(one, task.status.type) for one in ACTIVE]
        now = sa.bindparam("the_now", type_=Stored(TIMESTAMP))
        self.find = Statement(
            sa.select(task.id)
            .where(
                task.status.in_(states),
                task.moves_on,
                task.work_due <= now,
                task.deleted_at.is_(None),
            )
            .order_by(task.work_due, task.id)
            .limit(BATCH)
        )


def run(engine: Engine) -> bool:
    """Move on what is due; whether there may be more."""
    connection = engine.database.connection()
    session = Session.begin(engine, SYSTEM, connection=connection)
    if TASK not in session.catalog.objects:
        return False
    due = session.catalog.derive(_Due).find.rows(connection, the_now=session.now)
    moved = 0
    for (task,) in due:
        try:
            moved += time_out(Session.begin(engine, SYSTEM, connection=connection), task)
        except Problem as problem:  # the run says itself what it waits for
            log.warning("The task %s cannot move on: %s", task, problem.detail)
    return moved > 0 and len(due) == BATCH
