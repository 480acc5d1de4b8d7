"""Buttons of processes: on the records that they are about, on tasks, and on runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable, fault
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.drafts.seams import Button
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.writer import revision_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.folding import listed
from metamodel.kinds.link_fields import KINDS

from . import task_steps
from .definition import Process, ProcessStage
from .kept_names import RUN, TASK
from .performers import is_for, owns
from .run_rows import OPEN, RUNNING, TAKEN
from .versions import process_in, processes_of

START_WITH = "start_"
COMPLETE, TAKE, RELEASE, FAIL, SKIP, CANCEL = (
    "complete", "take", "release", "fail", "skip", "cancel",
)  # fmt: skip
LABELS = {
    COMPLETE: "Complete", TAKE: "Take", RELEASE: "Give back", FAIL: "Cannot be done", SKIP: "Skip",
    CANCEL: "Cancel",
}  # fmt: skip
OUTCOME, NOTE = "outcome", "note"


def _asked(name: str, label: str, kind: str, *, required: bool, **options: Any) -> Field:
    spec = {"name": name, "kind": kind, **options}
    return Field(
        object=TASK, name=name, kind=KINDS[kind], label=label, spec=spec, required=required
    )


_WHY = _asked(NOTE, "Why", "long_text", required=True)
_REMARK = _asked(NOTE, "Note", "long_text", required=False)


def _startable(session: Session, type_: ObjectType) -> Iterator[Process]:
    for process in processes_of(session.catalog).values():
        if process.subject == type_.name and process.active and process.by_hand:
            yield process


def _starts_some(session: Session, process: Process) -> bool:
    """Whether somebody may start a process for any record."""
    access = session.access
    if process.allow and not access.unrestricted and not access.admin:
        held = with_inherited(session.catalog, access.roles)
        return not set(process.allow).isdisjoint(held)
    return access.object(process.subject).can("update")


def _start_button(process: Process) -> Button:
    return Button(f"{START_WITH}{process.name}", process.label)


def known(session: Session, type_: ObjectType) -> Sequence[Button]:
    """The buttons that somebody may find on some records of a type."""
    found = [_start_button(one) for one in _startable(session, type_) if _starts_some(session, one)]
    if type_.name == TASK:
        found += [_task_button(name, None) for name in (TAKE, COMPLETE, RELEASE, FAIL, SKIP)]
    elif type_.name == RUN:
        found.append(Button(CANCEL, "Cancel the run", (_WHY,)))
    return found


def offered(session: Session, type_: ObjectType, values: Values) -> Sequence[Button]:
    """The buttons that a record has now."""
    found = [
        _start_button(one)
        for one in _startable(session, type_)
        if not task_steps.may_start(session, one, values)
    ]
    if type_.name == TASK:
        found += _of_task(session, values)
    elif type_.name == RUN and values["status"] == RUNNING and owns(session, values):
        found.append(Button(CANCEL, "Cancel the run", (_WHY,)))
    return found


def _of_task(session: Session, task: Values) -> Iterator[Button]:
    run = load_row(session, RUN, task["run"], None)
    if task["status"] not in (OPEN, TAKEN) or run is None:
        return
    rules = owns(session, run)
    if not (rules or is_for(session, task)):
        return
    stage = stage_of(session, run, task)
    names = [COMPLETE, TAKE] if task["status"] == OPEN else [COMPLETE, RELEASE]
    for name in (*names, FAIL, *((SKIP,) if rules else ())):
        yield _task_button(name, stage)


def stage_of(session: Session, run: Values, task: Values) -> ProcessStage | None:
    """The stage of a task in the version of its run; None where that is no longer valid."""
    try:
        process = process_in(session, run["process"], int(run["version"]))
    except Conflict:
        return None
    return process.stages.get(task["stage"])


def _task_button(name: str, stage: ProcessStage | None) -> Button:
    asks: tuple[Field, ...] = ()
    if name == COMPLETE:
        asks = (*_outcomes(stage), _REMARK)
    elif name in (FAIL, SKIP):
        asks = (_WHY,)
    return Button(name, LABELS[name], asks)


def _outcomes(stage: ProcessStage | None) -> tuple[Field, ...]:
    """What may come out of a stage, as a question."""
    if stage is None or not stage.outcomes:
        return ()
    # Outcomes are words of the document; the names of options have their own form.
    options = [{"name": f"outcome_{at}", "label": one} for at, one in enumerate(stage.outcomes)]
    return (_asked(OUTCOME, "Outcome", "choice", required=True, options=options),)


def outcome_named(stage: ProcessStage | None, given: str) -> str:
    """The outcome that an answer names: by its words, or by its place as an option."""
    outcomes = stage.outcomes if stage is not None else ()
    place = given.removeprefix("outcome_")
    if given not in outcomes and given.startswith("outcome_") and place.isascii():
        if place.isdigit() and int(place) < len(outcomes):
            return outcomes[int(place)]
    return given


def check(session: Session, type_: ObjectType, name: str, body: Mapping[str, Any]) -> None:
    """Answers are checked where a record is pressed: each task has outcomes of its own."""


def press(
    session: Session, type_: ObjectType, record: str, name: str, body: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Do what a button says; None where processes have none of this name."""
    started = name.removeprefix(START_WITH)
    if name.startswith(START_WITH) and started in processes_of(session.catalog):
        if processes_of(session.catalog)[started].subject != type_.name:
            return None
        _answers(body)
        task_steps.start_by_hand(session, started, record)
    elif type_.name == TASK and name in LABELS and name != CANCEL:
        _press_task(session, record, name, body)
    elif type_.name == RUN and name == CANCEL:
        said = _answers(body, NOTE, "reason")
        task_steps.cancel(session, record, said.get(NOTE) or said.get("reason") or "")
    else:
        return None
    try:
        return read_one(session, type_.name, record)
    except NotFound:
        row = load_row(session, type_.name, record, None)
        return {"id": record, "rev": row["rev"] if row is not None else 0}


def _press_task(session: Session, record: str, name: str, body: Mapping[str, Any]) -> None:
    row = load_row(session, TASK, record, None)
    rev = revision_of(body, None, "")
    if row is not None and rev is not None and rev != row["rev"]:
        raise Conflict("This task has been changed since you read it.", rev=row["rev"])
    if name == COMPLETE:
        said = _answers(body, OUTCOME, NOTE)
        run = load_row(session, RUN, row["run"], None) if row is not None else None
        stage = stage_of(session, run, row) if run is not None and row is not None else None
        outcome = outcome_named(stage, said.get(OUTCOME, ""))
        task_steps.complete(session, record, outcome, said.get(NOTE, ""))
    elif name == TAKE:
        _answers(body)
        task_steps.take(session, record)
    elif name == RELEASE:
        _answers(body)
        task_steps.release(session, record)
    elif name == FAIL:
        task_steps.fail(session, record, _answers(body, NOTE).get(NOTE, ""))
    else:
        said = _answers(body, NOTE, "to")
        task_steps.skip(session, record, said.get(NOTE, ""), said.get("to", ""))


def _answers(body: Mapping[str, Any], *known_names: str) -> dict[str, str]:
    """The answers of a press, which are texts."""
    errors, found = [], {}
    for name, value in body.items():
        if name == "rev":
            continue
        if name not in known_names:
            hint = f"It takes {listed(known_names)}." if known_names else "It asks for nothing."
            errors.append(fault(f"/{name}", "unknown_field", f"There is no `{name}`. {hint}"))
        elif value is not None and not isinstance(value, str):
            errors.append(fault(f"/{name}", "not_a_text", f"`{name}` must be a text."))
        else:
            found[name] = value or ""
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)
    return found
