"""Runs on their way: starting, arriving at stages, going on, joining, ending.

Everything here happens in one transaction with what set it off, and with the run locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from rules.named_environment import NamedEnvironment

from . import run_rows
from .definition import END, START, Process, ProcessStage, Route
from .durations import USUAL, calendar_named, seconds_of
from .kept_names import RUN, TASK
from .performers import Who, assign, owner_of
from .route_choice import chosen_routes, label_of, unmet
from .route_graph import open_joins
from .run_rows import (
    ACTIVE,
    CANCELLED,
    DONE,
    FAILED,
    OPEN,
    PART,
    RUNNING,
    UNFINISHED,
    WAITING,
    TaskRow,
)  # fmt: skip
from .versions import current_version, process_in, process_named

MOST_TASKS = 500  # of a run: then it has failed, for it goes round in circles
MOST_DEPTH = 8  # of processes inside of each other


@dataclass
class RunAtWork:
    """A run at work: its process in the version it has, its subject and its tasks."""

    session: Session
    id: str
    process: Process
    values: Values
    depth: int = 0
    made: list[str] = field(default_factory=list)  # tasks that this step has made
    row: Values | None = None  # as it is stored, where it was read and locked

    @cached_property
    def subject(self) -> NamedEnvironment:
        """The subject as it is now; a record without values where it is gone."""
        object_name, record = self.values.get("subject") or (self.process.subject, "")
        type_ = self.session.catalog.objects[object_name]
        row = load_row(self.session, object_name, record, None) if record else None
        return NamedEnvironment(self.session, type_, row or {})

    def tasks(self) -> list[TaskRow]:
        return run_rows.tasks_of(self.session, self.id)

    def write(self, values: Values) -> None:
        """Change the run itself."""
        self.row = run_rows.write(self.session, RUN, self.id, values, self.row)

    def names(self, **names: Any) -> NamedEnvironment:
        """The subject with names beside its fields, for the conditions of routes."""
        known = self.subject
        return NamedEnvironment(self.session, known.type, known.values, names=names)


def opened_run(session: Session, values: Values) -> RunAtWork:
    """A run that is locked, with its process in the version that it keeps."""
    process = process_in(session, values["process"], int(values["version"]))
    above = values.get("parent_task") is not None
    depth = len(run_rows.outer_runs(session, values["id"])) if above else 0
    return RunAtWork(session, values["id"], process, dict(values), depth)


def begin(
    session: Session,
    process: Process,
    version: int,
    subject: tuple[str, str],
    *,
    parent: str | None = None,
    depth: int = 0,
    key: str | None = None,
) -> RunAtWork:
    """Start a run: its first tasks are there when this returns."""
    if depth >= MOST_DEPTH:
        raise Conflict(f"At most {MOST_DEPTH} processes may run inside of each other.")
    values: Values = {
        "process": process.name, "version": Decimal(version), "subject": subject,
        "status": RUNNING, "started": session.now, "parent_task": parent, "start_key": key,
    }  # fmt: skip
    run = RunAtWork(session, "", process, values, depth)
    starter: Who | None = ("user", session.actor.id) if session.actor.id else None
    values["responsible"] = owner_of(session, process.owner, starter, run.subject)
    values["name"] = process.label
    run.id = run_rows.write_new(session, RUN, values)
    values["created_by"] = starter
    _follow(run, _chosen(run, START, "", None, 1), None)
    settle(run)
    return run


def go_on(
    run: RunAtWork, stage: ProcessStage, task: Values, *, outcome: str, approved: bool | None
) -> None:
    """Leave a stage whose task is done, on the routes that fit."""
    attempt = int(task.get("attempt") or 1)
    ways = _chosen(run, stage.name, outcome, approved, attempt)
    if not ways and run.process.ways(stage.name):
        reason = unmet(run.process, stage.name, outcome)
        raise Conflict(
            f"No route leads on from {stage.label}"
            + (f" with the outcome {outcome}" if outcome else "")
            + f": {reason}. Change the record, choose another outcome, or skip the task to another"
            " stage."
        )
    _follow(run, ways, task)
    settle(run)


def jump(run: RunAtWork, to: str, task: Values, why: str) -> None:
    """Go on to a stage whatever the routes say: on a timeout, or where a task is skipped to it."""
    way = Route(-1, str(task.get("stage") or ""), to, label=why)
    _follow(run, [way], task)
    settle(run)


def _chosen(
    run: RunAtWork, stage: str, outcome: str, approved: bool | None, attempt: int
) -> list[Route]:
    """The routes that fit, of which all are taken or the first one."""
    environment = run.names(outcome=outcome, approved=approved, attempt=Decimal(attempt))
    counted = any(route.times for route in run.process.ways(stage))
    taken = [task.way for task in run.tasks()] if counted else []
    return chosen_routes(run.process, stage, outcome, taken, environment)


def _follow(run: RunAtWork, ways: Sequence[Route], task: Values | None) -> None:
    for way in ways:
        if way.to == END:
            if way.fails:
                run.values["fails"] = way.label or way.outcome or "It failed."
            continue
        _arrive(run, run.process.stages[way.to], way, task)


def _arrive(run: RunAtWork, stage: ProcessStage, way: Route, task: Values | None) -> None:
    """Make the task of a stage; a join that waits already only takes note of the branch."""
    came = "start" if task is None else str(task.get("name") or "")
    tasks = run.tasks()
    if stage.join:
        waiting = next((t for t in tasks if t.stage == stage.name and t.status == WAITING), None)
        if waiting is not None:
            held = load_row(run.session, TASK, waiting.id, None) or {}
            both = f"{held.get('came_from') or ''}, {came}".strip(", ")[:400]
            run_rows.write(run.session, TASK, waiting.id, {"came_from": both})
            return
    if len(tasks) >= MOST_TASKS:
        run.values["fails"] = (
            f"It has made {MOST_TASKS} tasks and goes round in circles. Write `times` in the route "
            f"{way.source} to {way.to}."
        )
        return
    values: Values = {
        "name": stage.label,
        "subject": run.values.get("subject"),
        "responsible": run.values.get("responsible"),
        "run": run.id,
        "process": run.process.name,
        "stage": stage.name,
        "attempt": Decimal(1 + sum(one.stage == stage.name for one in tasks)),
        "status": WAITING,
        "came_from": came[:400],
        "way": way.way if way.at >= 0 else "",
    }
    if not stage.join:
        values |= _opened(run, stage)
    id = run_rows.write_new(run.session, TASK, values)
    run.made.append(id)
    if not stage.join:
        _begin_part(run, stage, id)


def _opened(run: RunAtWork, stage: ProcessStage) -> Values:
    """What a task has once it can be done: who does it, and until when."""
    session = run.session
    calendar = calendar_named(stage.clock, session.catalog.calendars)
    length = seconds_of(stage.duration or USUAL, calendar)
    values: Values = {
        "status": PART if stage.process else OPEN,
        "opened": session.now,
        "length": length,
        "calendar": calendar.name if calendar is not None else None,
        "moves_on": bool(stage.timeout),
    }
    if stage.remind_before:
        values["remind_after"] = length - seconds_of(stage.remind_before, calendar)
    if not stage.process:
        owner = run.values["responsible"]
        starter = run.values.get("created_by")
        assigned = assign(session, stage.performers, owner, starter, run.subject)
        values |= {
            "performer": assigned.first,
            "offered": assigned.first,
            "candidates": list(assigned.others),
            "assigned_because": assigned.reason or None,
        }
    return values


def _begin_part(run: RunAtWork, stage: ProcessStage, task: str) -> None:
    """Start the sub-process of a stage."""
    if not stage.process:
        return
    part = process_named(run.session, stage.process)
    number = current_version(run.session, stage.process)
    subject = run.values.get("subject")
    if subject is None:
        raise Conflict("The record of the run is gone, so no sub-process can be started for it.")
    run.row = None  # the part may move it on
    begin(run.session, part, number, subject, parent=task, depth=run.depth + 1)


def settle(run: RunAtWork) -> None:
    """Begin joins to which nothing comes any more, and end the run where nothing is left."""
    tasks = run.tasks()
    while run.values["status"] == RUNNING and "fails" not in run.values:
        waiting = [task for task in tasks if task.status == WAITING]
        active = [task.stage for task in tasks if task.status in ACTIVE]
        ready = open_joins(run.process, dict.fromkeys(t.stage for t in waiting), active)
        if not ready:
            break
        stage = run.process.stages[ready[0]]
        task = next(one for one in waiting if one.stage == stage.name)
        run_rows.write(run.session, TASK, task.id, _opened(run, stage))
        _begin_part(run, stage, task.id)
        tasks = run.tasks()
    left = [task for task in tasks if task.status in UNFINISHED]
    fails = run.values.pop("fails", None)
    if run.values["status"] != RUNNING:
        return  # a sub-process that ended at once has moved it on
    if fails is not None:
        end(run, FAILED, str(fails))
    elif not left:
        end(run, DONE, "")
    else:
        _say_where(run, left)


def _say_where(run: RunAtWork, left: Sequence[TaskRow]) -> None:
    stages = dict.fromkeys(label_of(run.process, task.stage) for task in left)
    said = ", ".join(stages)[:400]
    if said != run.values.get("stage"):
        run.write({"stage": said})
        run.values["stage"] = said


def end(run: RunAtWork, status: str, reason: str) -> None:
    """End a run and what is left of it, then move on the run that it is a part of."""
    session = run.session
    for task in run.tasks():
        if task.status in UNFINISHED:
            if task.status == PART:
                cancel_parts(run, task.id, "The run that it is a part of has ended.")
            said = {"status": CANCELLED, "ended": session.now, "note": reason[:1000] or None}
            run_rows.write(session, TASK, task.id, said)
    run.values["status"] = status
    written = {
        "status": status, "ended": session.now, "reason": reason[:1000] or None, "stage": None,
    }  # fmt: skip
    run.write(written)
    parent = run.values.get("parent_task")
    if parent is not None:
        _part_ended(run, parent, status, reason)


def cancel_parts(run: RunAtWork, task: str, reason: str) -> None:
    """Cancel the sub-process of a task that ends before it."""
    for id in run_rows.parts_of(run.session, task):
        values = run_rows.locked_run(run.session, id)
        if values["status"] == RUNNING:
            part = opened_run(run.session, values)
            part.values["parent_task"] = None  # who ends it goes on by itself
            end(part, CANCELLED, reason)


def _part_ended(run: RunAtWork, parent: str, status: str, reason: str) -> None:
    """The stage of which a run is the sub-process is done, with the result as its outcome."""
    session = run.session
    above, task = run_rows.locked_task(session, parent)
    if task["status"] != PART or above["status"] != RUNNING:
        return
    outer = opened_run(session, above)
    stage = outer.process.stages[task["stage"]]
    outcome = status if status in stage.outcomes else ""
    done = {
        "status": DONE if status == DONE else FAILED, "ended": session.now,
        "outcome": outcome or None, "note": reason[:1000] or None,
    }  # fmt: skip
    run_rows.write(session, TASK, parent, done)
    if status != DONE and not outcome:
        outer.values["fails"] = f"{stage.label} ended as {status}. {reason}".strip()
        settle(outer)
    else:
        go_on(outer, stage, task, outcome=outcome, approved=None)
