"""Runs and tasks as rows: read and locked by the engine, written as ordinary records."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM, Actor
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.kernel.crash_points import point
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.records.writing.new_drafts import existing, fresh_draft
from fluvial.records.writing.writer import keep_changed, keep_new
from fluvial.runtime.prefetch import targets_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.storage import TEXT, UUID

from .kept_names import KEPT, RUN, TASK

WAITING, OPEN, TAKEN, PART = "waiting", "open", "taken", "part"
DONE, FAILED, TIMED_OUT, SKIPPED, CANCELLED = "done", "failed", "timed_out", "skipped", "cancelled"
RUNNING = "running"
ACTIVE = (OPEN, TAKEN, PART)  # what is worked on
UNFINISHED = (WAITING, *ACTIVE)
WAITS_FOR_PEOPLE = (OPEN, TAKEN)


@dataclass(frozen=True)
class TaskRow:
    """What moving on needs of a task."""

    id: str
    stage: str
    status: str
    way: str


class _Statements:
    """The statements about the tables of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        task = tables_of(catalog).objects[TASK].c
        run = sa.bindparam("the_run", type_=Stored(UUID))
        live = task.deleted_at.is_(None)
        self.tasks = Statement(
            sa.select(task.id, task.stage, task.status, task.way)
            .where(task.run == run, live)
            .order_by(task.id)
        )
        held = tables_of(catalog).objects[RUN].c
        subject = sa.bindparam("the_subject", type_=Stored(UUID))
        name = sa.bindparam("the_process", type_=Stored(TEXT))
        self.running = Statement(
            sa.select(held.id)
            .where(
                held.subject == subject,
                held.process == name,
                held.status == sa.literal(RUNNING, held.status.type),
                held.deleted_at.is_(None),
            )
            .limit(1)
        )
        above = sa.bindparam("the_task", type_=Stored(UUID))
        self.run_of = Statement(
            sa.select(held.id, held.parent_task)
            .join_from(task.id.table, held.id.table, held.id == task.run)
            .where(task.id == above, live, held.deleted_at.is_(None))
        )
        self.parts = Statement(
            sa.select(held.id)
            .where(held.parent_task == above, held.deleted_at.is_(None))
            .order_by(held.id)
        )


def tasks_of(session: Session, run: str) -> list[TaskRow]:
    """The tasks of a run in the order in which they were made."""
    rows = session.catalog.derive(_Statements).tasks.rows(session.connection, the_run=run)
    return [TaskRow(id, stage or "", status or "", way or "") for id, stage, status, way in rows]


def parts_of(session: Session, task: str) -> list[str]:
    """The runs of the sub-process of a task."""
    rows = session.catalog.derive(_Statements).parts.rows(session.connection, the_task=task)
    return [id for (id,) in rows]


def is_running(session: Session, process: str, subject: str) -> bool:
    """Whether a process is at work for a record."""
    asked = session.catalog.derive(_Statements).running
    found = asked.row(session.connection, the_process=process, the_subject=subject)
    return found is not None


def keeper(session: Session) -> Session:
    """The session that writes runs and tasks: in the name of who acts, by the process's own right.

    Nobody has rights to write them but by a process, which has asked before who may do that.
    """
    actor = session.actor
    kept = Actor(
        actor.id, actor.name or SYSTEM.name, actor.roles, actor.email, actor.sets,
        unrestricted=True,
    )  # fmt: skip
    return session.as_actor(kept).posting(*KEPT)


def locked_run(session: Session, run: str, parent: str | None = "") -> Values:
    """A run that nobody else moves until the transaction ends.

    The run of which it is a part is locked before it, so that runs inside of each other never wait
    for one another. `parent` is the task of which it is a part, where that is known.
    """
    above = outer_runs(session, run) if parent is not None else []
    for one in reversed(above):
        _locked(session, RUN, one, "process run")
    return _locked(session, RUN, run, "process run")


def outer_runs(session: Session, run: str) -> list[str]:
    """The runs of which a run is a part, the nearest first."""
    found: list[str] = []
    while is_id(run) and RUN in session.catalog.objects:
        values = load_row(session, RUN, run, None)
        parent = values.get("parent_task") if values is not None else None
        task = load_row(session, TASK, parent, None) if parent else None
        if task is None or task["run"] in found:
            break
        run = task["run"]
        found.append(run)
    return found


def locked_task(session: Session, task: str) -> tuple[Values, Values]:
    """A task and its run, which is locked first, so that two never wait for each other."""
    there = is_id(task) and TASK in session.catalog.objects
    asked = session.catalog.derive(_Statements).run_of if there else None
    found = asked.row(session.connection, the_task=task) if asked is not None else None
    if found is None:
        raise missing_task(task)
    run = locked_run(session, *found)
    return run, _locked(session, TASK, task, "process task")


def run_named(session: Session, run: str) -> Values | None:
    """A run as it is stored; None where there is none."""
    there = is_id(run) and RUN in session.catalog.objects
    return load_row(session, RUN, run, None) if there else None


def task_named(session: Session, task: str) -> Values | None:
    """A task as it is stored; None where there is none."""
    there = is_id(task) and TASK in session.catalog.objects
    return load_row(session, TASK, task, None) if there else None


def missing_task(task: str) -> NotFound:
    return NotFound(f"There is no process task with the id `{task}`.")


def _locked(session: Session, name: str, record: str, label: str) -> Values:
    found = None
    if is_id(record) and name in session.catalog.objects:
        found = load_row(session, name, record, None, lock=True)
    if found is None:
        raise NotFound(f"There is no {label} with the id `{record}`.")
    return found


def write_new(session: Session, name: str, values: Values) -> str:
    """A new run or task; its id."""
    kept = keeper(session)
    lock_writers(kept, name, new=True)
    draft = fresh_draft(kept, kept.catalog.objects[name])
    _fill(draft, values)
    keep_new(draft)
    point("run_written")
    return draft.id


def write(
    session: Session, name: str, record: str, values: Values, held: Values | None = None
) -> Values:
    """Change a run or task; all its values. `held` is what it is, where it was read and locked."""
    kept = keeper(session)
    lock_writers(kept, name, values)
    type_ = kept.catalog.objects[name]
    before = existing(kept, type_, record, "update") if held is None else held
    draft = Draft(kept, type_, record, before, dict(before))
    _fill(draft, values)
    keep_changed(draft)
    point("run_written")
    return draft.values


def _fill(draft: Draft, values: Values) -> None:
    """Give a draft its values. What they lead to was there when the run came to it: that somebody
    was deleted meanwhile does not stop a run."""
    for name, value in values.items():
        draft.set(name, value)
        field = draft.type.fields[name]
        if value is not None and field in draft.type.looking_fields:
            draft.vouched.update(targets_of(field, value))
