"""What people do with tasks and runs: start, take, complete, hand on, skip, cancel.

Each step locks the run, asks whether it is open to who acts, and is one transaction with all that
follows from it: two who complete a task at once complete it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.expressions.python import truth
from metamodel.folding import listed, nearest
from metamodel.kinds.person import ACCEPTS
from metamodel.roles import role_titles

from . import main_actions, run_rows
from .definition import APPROVE, END, Process, ProcessStage
from .kept_names import PROCESS, RUN, TASK
from .made_records import Made
from .performers import is_for, owns
from .run_moves import RunAtWork, begin, cancel_parts, end, go_on, jump, opened_run
from .run_rows import (
    ACTIVE,
    CANCELLED,
    DONE,
    FAILED,
    OPEN,
    PART,
    RUNNING,
    SKIPPED,
    TAKEN,
    TIMED_OUT,
)
from .versions import current_version, process_named

Body = Mapping[str, Any]
MOST_NOTE = 1000
LEFT = "The stage that it is a part of was left."
STATUS_WORDS = {
    DONE: "completed", FAILED: "failed", TIMED_OUT: "closed when its time was up",
    SKIPPED: "skipped", CANCELLED: "cancelled",
}  # fmt: skip


def may_start(session: Session, process: Process, values: Values) -> str:
    """Why who acts may not start a process for a record; empty where they may."""
    if not process.by_hand:
        return f"{process.label} is not started by hand."
    access = session.access
    if access.unrestricted or access.admin:
        return ""
    if process.allow:
        if set(process.allow) & set(with_inherited(session.catalog, access.roles)):
            return ""
        labels = list(role_titles(session.catalog, process.allow).values())
        return f"{process.label} is started by {' or '.join(labels) or 'other roles'}."
    where = access.object(process.subject).where.get("update", ())
    environment = RecordEnvironment(session, session.catalog.objects[process.subject], values)
    if where is None or any(truth(one, environment) for one in where):
        return ""
    return f"Only people who may change the record can start {process.label}."


def start_by_hand(session: Session, name: str, record: str) -> RunAtWork:
    """Start a process for a record, as a person asks for it."""
    process = process_named(session, name)
    session.object(process.subject)
    with session.connection.transaction():
        values = None
        if is_id(record) and find_one(session, process.subject, record, (("id",),)):
            values = load_row(session, process.subject, record, None, lock=True)
        if values is None:
            label = session.catalog.objects[process.subject].label.lower()
            raise NotFound(f"There is no {label} with the id `{record}`.")
        if not process.active:
            raise Conflict(f"{process.label} is switched off.")
        if reason := may_start(session, process, values):
            raise Forbidden(reason)
        return start(session, process, (process.subject, record))


def start(
    session: Session, process: Process, subject: tuple[str, str], *, key: str | None = None
) -> RunAtWork:
    """Start a process in the version in force, in the transaction that is open."""
    number = current_version(session, process.name)
    return begin(session, process, number, subject, key=key)


@contextmanager
def _at_work(
    session: Session, task: str, *, owner: bool = False
) -> Iterator[tuple[RunAtWork, Values]]:
    """A task that is open to who acts, with its run locked; `owner`: only to who is responsible."""
    with session.connection.transaction():
        values, held = run_rows.locked_task(session, task)
        mine, rules = is_for(session, held), owns(session, values)
        if not (mine or rules):
            if not sees(session, values, held):
                raise run_rows.missing_task(task)
            raise Forbidden(f"{held['name']} is for somebody else.")
        if owner and not rules:
            raise Forbidden("Only the owner of the run can do that.")
        if held["status"] not in ACTIVE:
            raise Conflict(_closed(session, held))
        yield _held(session, values), held


def _held(session: Session, values: Values) -> RunAtWork:
    """A run that is locked and at work."""
    run = opened_run(session, values)
    run.row = values
    return run


def _closed(session: Session, task: Values) -> str:
    if task["status"] not in STATUS_WORDS:
        return f"{task['name']} waits for other branches of the run."
    said, by = STATUS_WORDS[task["status"]], task.get("ended_by")
    person = load_row(session, "user", by[1], None) if by is not None else None
    who = f" by {person['name']}" if person is not None else ""
    return f"{task['name']} was {said}{who} already."


def sees(session: Session, run: Values, task: Values | None = None) -> bool:
    """Whether who acts may see a run: by their roles, by one of its tasks, or as a substitute."""
    if owns(session, run) or (task is not None and is_for(session, task)):
        return True
    return find_one(session, RUN, run["id"], (("id",),)) is not None


def complete(session: Session, task: str, outcome: str = "", note: str = "") -> str:
    """Complete a task and move its run on; the id of the run."""
    with _at_work(session, task) as (run, held):
        if held["status"] == PART:
            raise Conflict(f"{held['name']} is completed by its sub-process.")
        stage = run.process.stages[held["stage"]]
        _check_outcome(stage, outcome)
        lacks = main_actions.lacking(run, held, stage.action)
        if lacks and stage.action is not None and stage.action.must:
            message = f"{stage.label} cannot be completed yet. {' '.join(lacks)}"
            errors = [fault("/main_action", "main_action", one) for one in lacks]
            raise Unprocessable(message, errors=errors)
        close(run, held, DONE, outcome, note)
        decides = stage.action is not None and stage.action.verb == APPROVE
        approved = main_actions.approved_by(session, task) if decides else None
        go_on(run, stage, held, outcome=outcome, approved=approved)
        return run.id


def _check_outcome(stage: ProcessStage, outcome: str) -> None:
    if outcome and outcome not in stage.outcomes:
        if not stage.outcomes:
            message = f"{stage.label} has no outcomes to choose from. Omit `outcome`."
        else:
            hint = nearest(outcome, stage.outcomes) or f"Use one of {listed(stage.outcomes)}."
            message = f"`{outcome}` is not an outcome of {stage.label}. {hint}"
        raise Unprocessable(message, errors=[fault("/outcome", "unknown_outcome", message)])
    if stage.outcomes and not outcome:
        message = f"Choose the outcome of {stage.label}: {listed(stage.outcomes)}."
        raise Unprocessable(message, errors=[fault("/outcome", "required", message)])


def close(run: RunAtWork, task: Values, status: str, outcome: str = "", note: str = "") -> None:
    """Write the end of a task."""
    actor = run.session.actor
    run_rows.write(
        run.session,
        TASK,
        task["id"],
        {
            "status": status,
            "ended": run.session.now,
            "ended_by": ("user", actor.id) if actor.id else None,
            "outcome": outcome or None,
            "note": note[:MOST_NOTE] or None,
        },
        task,
    )


def fail(session: Session, task: str, note: str) -> str:
    """Say that a task cannot be done: the run has failed."""
    _needs_reason(note)
    with _at_work(session, task) as (run, held):
        close(run, held, FAILED, "", note)
        end(run, FAILED, f"{held['name']} failed: {note}")
        return run.id


def take(session: Session, task: str) -> str:
    """Make a task one's own."""
    with _at_work(session, task) as (run, held):
        if held["status"] != OPEN:
            raise Conflict(f"{held['name']} is taken already.")
        me = _me(session)
        run_rows.write(session, TASK, task, {"status": TAKEN, "performer": me})
        return run.id


def release(session: Session, task: str) -> str:
    """Give a task back to those to whom it was offered."""
    with _at_work(session, task) as (run, held):
        if held["status"] != TAKEN:
            raise Conflict(f"{held['name']} is not taken.")
        back = {"status": OPEN, "performer": held.get("offered")}
        run_rows.write(session, TASK, task, back)
        return run.id


def hand_on(session: Session, task: str, to: Any, note: str, *, delegate: bool) -> str:
    """Give a task to somebody else: for good, or so that it comes back when they release it."""
    who = _person(session, to)
    with _at_work(session, task) as (run, held):
        reason = f"{'Delegated' if delegate else 'Reassigned'} by {session.actor.name}. {note}"
        values: Values = {"performer": who, "status": OPEN, "assigned_because": reason[:400]}
        if delegate:
            if who[0] != "user":
                message = "Delegate to a person; reassign to teams and roles."
                raise Unprocessable(message, errors=[fault("/to", "not_a_user", message)])
            values |= {"status": TAKEN, "offered": held.get("performer")}
        else:
            values |= {"offered": who, "candidates": []}
        run_rows.write(session, TASK, task, values)
        return run.id


def skip(session: Session, task: str, note: str, to: str = "") -> str:
    """Go on without a task, with the reason, along the routes or to a stage of one's choice."""
    _needs_reason(note)
    with _at_work(session, task, owner=True) as (run, held):
        stage = run.process.stages[held["stage"]]
        if to and to != END and to not in run.process.stages:
            hint = nearest(to, run.process.stages) or f"Use one of {listed(run.process.stages)}."
            message = f"There is no stage `{to}`. {hint}"
            raise Unprocessable(message, errors=[fault("/to", "unknown_stage", message)])
        cancel_parts(run, task, LEFT)
        close(run, held, SKIPPED, "", note)
        if to:
            jump(run, to, held, "skipped")
        else:
            go_on(run, stage, held, outcome="", approved=None)
        return run.id


def time_out(session: Session, task: str) -> bool:
    """Move a run on whose task is due; whether there was anything to do."""
    with session.connection.transaction():
        values, held = run_rows.locked_task(session, task)
        if held["status"] not in ACTIVE or values["status"] != RUNNING:
            return False
        run = _held(session, values)
        stage = run.process.stages[held["stage"]]
        if not stage.timeout:
            return False
        cancel_parts(run, task, LEFT)
        close(run, held, TIMED_OUT, "", "The time was up.")
        jump(run, stage.timeout, held, "timeout")
        return True


def cancel(session: Session, run: str, reason: str) -> None:
    """End a run before its end."""
    _needs_reason(reason)
    with session.connection.transaction():
        values = run_rows.locked_run(session, run)
        if not owns(session, values):
            if not sees(session, values):
                raise NotFound(f"There is no process run with the id `{run}`.")
            raise Forbidden("Only the owner of the run can cancel it.")
        if values["status"] != RUNNING:
            raise Conflict(f"The run is {values['status']} already.")
        end(_held(session, values), CANCELLED, reason)


def act(session: Session, task: str, body: Body) -> Made:
    """Do the main action of a task."""
    with _at_work(session, task) as (run, held):
        stage = run.process.stages[held["stage"]]
        if stage.action is None:
            raise Conflict(f"{stage.label} has no main action.")
        return main_actions.do(run, held, stage.action, body)


def _needs_reason(note: str) -> None:
    if not note.strip():
        message = "Say why."
        raise Unprocessable(message, errors=[fault("/note", "required", message)])


def _me(session: Session) -> tuple[str, str]:
    if session.actor.id is None:
        raise Forbidden("Only people take tasks.")
    return "user", session.actor.id


def _person(session: Session, to: Any) -> tuple[str, str]:
    """Who a task is given to, from its wire form."""
    if isinstance(to, Mapping) and len(to) == 1:
        ((kind, name),) = to.items()
        if kind in ACCEPTS and isinstance(name, str) and _exists(session, kind, name):
            return kind, name
    message = 'Write {"user": "ID"} of somebody who is active, or a team, a group or a role.'
    raise Unprocessable(message, errors=[fault("/to", "not_a_person", message)])


def _exists(session: Session, kind: str, name: str) -> bool:
    if kind not in session.catalog.objects:
        return name in session.catalog.of(kind)
    row = load_row(session, kind, name, None) if is_id(name) else None
    return row is not None and row.get("active") is not False


def is_process_here(session: Session) -> bool:
    """Whether there are processes at all."""
    return bool(session.catalog.of(PROCESS)) and RUN in session.catalog.objects
