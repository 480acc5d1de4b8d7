"""Carrying out: kept edits become writes, in their order, by the code of all other writes.

Edits that follow one another and do the same with different records of one object are written
together, as a batch is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any

from fluvial.auth.actors import Actor
from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.over_time.planned_values import set_on
from fluvial.records.writing import batch_writes, bin, writer
from fluvial.records.writing.batch_writes import MAX_BATCH
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .kept_edits import CREATE, DELETE, RESTORE, UPDATE, Edit, title_for

Body = Mapping[str, Any]

_AT = re.compile(r"/(\d+)(/.*)?")


def carry_unjudged(session: Session, edits: Sequence[Edit], day: date | None) -> None:
    """Write edits for somebody who only looks at what comes of them, in the names of those who
    kept them: rights are judged when something is kept, and when it is applied."""
    plain = replace(session, ahead=None, as_of=None, as_at=None)
    for run in runs_of(edits):
        carry_unjudged_run(plain, run, day)


def carry_unjudged_run(session: Session, run: Sequence[Edit], day: date | None) -> None:
    doing = session.as_actor(Actor(run[0].by, "", (), unrestricted=True))
    try:
        carry_run(doing, run, day)
    except Problem as problem:
        raise as_told(session, problem, run) from problem


def as_told(session: Session, problem: Problem, edits: Sequence[Edit]) -> Problem:
    """What somebody is told of edits that cannot be carried out: no words for what they may not
    see, which the problem may have."""
    if all(_known_whole(session, edit.object) for edit in edits):
        return problem
    message = "A change that is kept can no longer be carried out. Withdraw it, or ask who kept it."
    return Conflict(message, edits=problem.extra.get("edits", []))


def _known_whole(session: Session, name: str) -> bool:
    """Whether somebody may read all records of an object, with all that they hold."""
    access = session.access
    own = access.object(name)
    open_ = own.can("read") and own.where["read"] is None and not own.unknown
    return access.unrestricted or (open_ and name not in access.withheld_titles)


def carry_out(
    session: Session,
    edits: Sequence[Edit],
    day: date | None,
    told: Callable[[Sequence[Edit]], None] = lambda _: None,
) -> None:
    """Write edits, inside the caller's transaction. `day` is the one of the change set.

    `told` hears of those that are written, each time before others follow.
    """
    session = replace(session, ahead=None, as_of=None, as_at=None)
    for run in runs_of(edits):
        carry_run(session, run, day)
        told(run)


def day_for(session: Session, day: date | None) -> date | None:
    """The day from which dated values hold, where that is not today."""
    return None if day == session.today else day


def split(type_: ObjectType, body: Body) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members of a body that hold at once, and those that hold from a day on."""
    dated = {field.name for field in type_.dated_fields}
    return (
        {name: value for name, value in body.items() if name not in dated},
        {name: value for name, value in body.items() if name in dated},
    )


def runs_of(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits that are written together."""
    run: list[Edit] = []
    for edit in edits:
        if run and not _joins(edit, run):
            yield run
            run = []
        run.append(edit)
    if run:
        yield run


def _joins(edit: Edit, run: Sequence[Edit]) -> bool:
    first = run[0]
    if edit.action not in (CREATE, UPDATE) or len(run) == MAX_BATCH:
        return False
    alike = _kind_of(edit) == _kind_of(first)
    records = {one.record for one in run}
    # What refers to a new record of the same run finds it only once that is written.
    return alike and edit.record not in records and records.isdisjoint(edit.named)


def _kind_of(edit: Edit) -> tuple[Any, ...]:
    return edit.action, edit.object, edit.day, edit.by


def carry_run(session: Session, run: Sequence[Edit], day: date | None) -> None:
    """Write edits that go together."""
    first = run[0]
    try:
        if first.action == CREATE:
            _create(session, run)
        elif first.action == UPDATE:
            _update(session, run, day_for(session, first.day or day))
        elif first.action == DELETE:
            bin.delete(session, first.object, first.record)
        elif first.action == RESTORE:
            bin.restore(session, first.object, first.record)
    except Problem as problem:
        raise _of_edits(session, problem, run) from problem


def _create(session: Session, run: Sequence[Edit]) -> None:
    name, bodies = run[0].object, [edit.body for edit in run]
    if len(run) == 1:
        writer.create(session, name, bodies[0], pointer="/0", record=run[0].record)
    else:
        batch_writes.create_many(session, name, bodies, [edit.record for edit in run])


def _update(session: Session, run: Sequence[Edit], day: date | None) -> None:
    name = run[0].object
    type_ = session.object(name, "update")
    parts = [(e, *(split(type_, e.body) if day else (dict(e.body), {}))) for e in run]
    plain = [(edit, now) for edit, now, _ in parts if now]
    if len(plain) == 1:
        edit, now = plain[0]
        writer.update(session, name, edit.record, now, pointer=f"/{run.index(edit)}")
    elif plain:
        try:
            bodies = [{**now, "id": edit.record} for edit, now in plain]
            batch_writes.update_many(session, name, bodies)
        except Problem as problem:
            raise _of_edits(session, problem, [edit for edit, _ in plain]) from problem
    for edit, _, dated in parts:
        if dated and day is not None:
            try:
                set_on(session, name, edit.record, dated, day)
            except Problem as problem:
                raise _of_edits(session, problem, [edit]) from problem


def _of_edits(session: Session, problem: Problem, run: Sequence[Edit]) -> Problem:
    """The same problem, with the edits that it is about."""
    if "edits" in problem.extra:
        return problem
    told = copy(problem)
    places: dict[int, Edit] = {}
    errors: list[Mapping[str, str]] = []
    for error in problem.errors:
        match = _AT.fullmatch(error["pointer"])
        at, rest = (int(match[1]), match[2] or "") if match else (0, error["pointer"])
        edit = run[at] if at < len(run) else run[0]
        places[edit.place] = edit
        errors.append({**error, "pointer": f"/edits/{edit.place}{rest}"})
    about = list(places.values()) or (list(run) if len(run) == 1 else [])
    told.errors = errors
    told.extra = {**problem.extra, "edits": [edit.id for edit in about]}
    if about:
        message = errors[0]["message"] if errors else problem.detail
        known = session.catalog.objects.get(about[0].object)
        label = known.label if known is not None else about[0].object
        told.detail = f"{title_for(session, about[0]) or label}: {message}"
    told.args = (told.detail,)
    return told
