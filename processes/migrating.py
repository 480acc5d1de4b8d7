"""Runs that are at work move to another version of their process, with a map of their stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.folding import listed, nearest
from metamodel.storage import TEXT

from . import run_rows
from .definition import Process
from .kept_names import RUN, TASK
from .run_moves import RunAtWork, settle
from .run_rows import PART, RUNNING, UNFINISHED, WAITING
from .versions import current_version, process_in, versions

MOST = 500  # runs of one call

Json = dict[str, Any]


@dataclass
class Migration:
    """What a migration does, and where it cannot."""

    to: int
    moved: list[str] = field(default_factory=list)
    problems: list[Json] = field(default_factory=list)
    left: int = 0


class _Running:
    """The statement that finds runs at work, of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        run = tables_of(catalog).objects[RUN].c
        self.find = Statement(
            sa.select(run.id, run.version)
            .where(
                run.process == sa.bindparam("the_process", type_=Stored(TEXT)),
                run.status == sa.literal(RUNNING, run.status.type),
                run.deleted_at.is_(None),
            )
            .order_by(run.id)
        )


def migrate(
    session: Session,
    name: str,
    source: int | None,
    to: int | None,
    stages: Mapping[str, str],
    *,
    dry_run: bool,
) -> Migration:
    """Move runs from a version, or from all others, to one; each run in its own transaction."""
    target = current_version(session, name) if to is None else to
    known = {number for number, _ in versions(session.connection, name)}
    for place, number in (("/from", source), ("/to", target)):
        if number is not None and number not in known:
            message = f"There is no version {number} of the process. There are 1 to {max(known)}."
            raise Unprocessable(message, errors=[fault(place, "unknown_version", message)])
    process = process_in(session, name, target)
    _check_map(process, stages)
    done = Migration(target)
    for run in _runs(session, name, source, target):
        if len(done.moved) + len(done.problems) >= MOST:
            done.left += 1
            continue
        try:
            with session.connection.transaction():
                _move(session, run, process, target, stages, dry_run=dry_run)
            done.moved.append(run)
        except Problem as problem:
            done.problems.append({"run": run, "message": problem.detail})
    return done


def _runs(session: Session, name: str, source: int | None, target: int) -> list[str]:
    rows = session.catalog.derive(_Running).find.rows(session.connection, the_process=name)
    held = [(id, int(version or 0)) for id, version in rows]
    return [
        id for id, number in held
        if number != target and (source is None or number == source)
    ]  # fmt: skip


def _check_map(process: Process, stages: Mapping[str, str]) -> None:
    errors = []
    for old, new in stages.items():
        if new not in process.stages:
            hint = nearest(new, process.stages) or f"Its stages are {listed(process.stages)}."
            message = f"The version has no stage `{new}`. {hint}"
            errors.append(fault(f"/map/{old}", "unknown_stage", message))
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)


def _move(
    session: Session,
    run: str,
    process: Process,
    target: int,
    stages: Mapping[str, str],
    *,
    dry_run: bool,
) -> None:
    values = run_rows.locked_run(session, run)
    tasks = [task for task in run_rows.tasks_of(session, run) if task.status in UNFINISHED]
    changes = {}
    for task in tasks:
        new = stages.get(task.stage, task.stage)
        stage = process.stages.get(new)
        if stage is None:
            raise Problem(
                f"Version {target} has no stage `{task.stage}`: say in `map` which one takes its "
                "place."
            )
        if (task.status == PART) != bool(stage.process):
            raise Problem(f"`{new}` and `{task.stage}` are not both sub-processes.")
        if task.status == WAITING and not stage.join:
            raise Problem(f"`{new}` needs `join`: the run waits in `{task.stage}` for branches.")
        changes[task.id] = {"stage": new, "name": stage.label, "moves_on": bool(stage.timeout)}
    if dry_run:
        return
    for task_id, change in changes.items():
        run_rows.write(session, TASK, task_id, change)
    run_rows.write(session, RUN, run, {"version": Decimal(target)})
    settle(RunAtWork(session, run, process, {**values, "version": Decimal(target)}))
