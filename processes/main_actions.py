"""Main actions: done from a task with one's own rights, and checked when it is completed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.rows import Values, empty, load_row
from fluvial.records.writing.writer import create, update
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.python import evaluate
from metamodel.folding import humanise
from metamodel.kinds.link_fields import KINDS

from .definition import APPROVE, CALL, CREATE, DOCUMENT, FILL, MAIL, MainAction
from .made_records import Made, made_by, note
from .ordered_actions import order_lacks, ordered
from .run_moves import RunAtWork
from .task_mail import check_mail, send_mail

Body = Mapping[str, Any]
TO, SUBJECT, TEXT = "to", "subject", "text"
APPROVED, NOTE = "approved", "note"


def _question(
    name: str, kind: str, label: str = "", *, required: bool = True, **options: Any
) -> Field:
    spec: dict[str, Any] = {"name": name, "kind": kind, **options}
    return Field(
        object="", name=name, kind=KINDS[kind], label=label or humanise(name), spec=spec,
        required=required,
    )  # fmt: skip


_MAIL = (
    _question(TO, "text", max_length=255),
    _question(SUBJECT, "text", max_length=255),
    _question(TEXT, "long_text"),
)
_APPROVE = (_question(APPROVED, "boolean"), _question(NOTE, "long_text", required=False))


def questions(session: Session, run: RunAtWork, action: MainAction) -> tuple[Field, ...]:
    """What is asked for before it is done, as far as who does it may fill it in."""
    if action.verb == MAIL:
        return _MAIL
    if action.verb == APPROVE:
        return _APPROVE
    if action.verb in (CALL, DOCUMENT):
        return ()
    object_name = action.object if action.verb == CREATE else run.process.subject
    writable = session.access.writable(object_name)
    if action.fields:
        return tuple(writable[name] for name in action.fields if name in writable)
    type_ = session.catalog.objects[object_name]
    return tuple(
        one
        for one in type_.required_fields
        if one.name in writable
        and one.name not in action.values
        and one.default is None
        and one.initial is None
    )


def usual_values(session: Session, run: RunAtWork, action: MainAction) -> dict[str, Any]:
    """What stands in the answers at first, in wire form."""
    if action.verb == MAIL:
        return {name: str(evaluate(one, run.subject) or "") for name, one in action.values.items()}
    if action.verb == FILL:
        fields = questions(session, run, action)
        return {one.name: wire_value(one, run.subject.values.get(one.name)) for one in fields}
    return {}


def do(run: RunAtWork, task: Values, action: MainAction, body: Body) -> Made:
    """Do the main action, in the transaction that is open."""
    _DONE[action.verb](run, task, action, body)
    return made_by(run.session, task["id"])[-1]


def _create(run: RunAtWork, task: Values, action: MainAction, body: Body) -> None:
    session = run.session
    type_ = session.object(action.object, "create")
    asked = {one.name for one in questions(session, run, action)}
    _refuse_others(body, asked)
    set_ = {
        name: wire_value(type_.fields[name], evaluate(value, run.subject))
        for name, value in action.values.items()
    }
    made = create(session, action.object, {**set_, **body})
    said = {"title": made.get("title") or ""}
    note(session, task["id"], CREATE, (action.object, made["id"]), said)


def _fill(run: RunAtWork, task: Values, action: MainAction, body: Body) -> None:
    subject = _subject(run)
    _refuse_others(body, set(action.fields))
    if body:
        update(run.session, *subject, body)
    note(run.session, task["id"], FILL, subject, {"fields": sorted(body)})


def _mail(run: RunAtWork, task: Values, action: MainAction, body: Body) -> None:
    usual = usual_values(run.session, run, action)
    _refuse_others(body, {TO, SUBJECT, TEXT})
    letter = {name: str(body.get(name, usual.get(name, "")) or "") for name in (TO, SUBJECT, TEXT)}
    check_mail(letter)
    send_mail(run.session, _subject(run), task["id"], letter)
    note(run.session, task["id"], MAIL, _subject(run), letter)


def _approve(run: RunAtWork, task: Values, action: MainAction, body: Body) -> None:
    _refuse_others(body, {APPROVED, NOTE})
    approved, said = body.get(APPROVED), str(body.get(NOTE) or "")
    if not isinstance(approved, bool):
        message = "Say whether it is approved: true or false."
        raise Unprocessable(message, errors=[fault("/approved", "required", message)])
    note(run.session, task["id"], APPROVE, _subject(run), {APPROVED: approved, NOTE: said[:1000]})


def _order(run: RunAtWork, task: Values, action: MainAction, body: Body) -> None:
    subject = _subject(run)
    _refuse_others(body, set())
    note(run.session, task["id"], action.verb, subject, ordered(run, task["id"], action, subject))


_DONE: Mapping[str, Callable[[RunAtWork, Values, MainAction, Body], None]] = {
    CREATE: _create, FILL: _fill, MAIL: _mail, APPROVE: _approve, CALL: _order, DOCUMENT: _order,
}  # fmt: skip


def _subject(run: RunAtWork) -> tuple[str, str]:
    subject: tuple[str, str] | None = run.values.get("subject")
    if subject is None:
        raise Conflict("The record that this run is about has been deleted.")
    return subject


def _refuse_others(body: Body, known: set[str]) -> None:
    errors = [
        fault(f"/{name}", "unknown_field", f"The task does not ask for `{name}`.")
        for name in body
        if name not in known
    ]
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)


def lacking(run: RunAtWork, task: Values, action: MainAction | None) -> list[str]:
    """What of the main action is not done yet, in words; nothing where all is."""
    if action is None:
        return []
    if action.verb == FILL:
        return [f"Fill in {one}." for one in _empty(run, action.fields)]
    if action.verb in (CALL, DOCUMENT):
        return order_lacks(run, task["id"], action)
    made = [one for one in made_by(run.session, task["id"]) if one.verb == action.verb]
    if action.verb == CREATE:
        type_ = run.session.catalog.objects[action.object]
        if any(load_row(run.session, one.object, one.record, None) for one in made):
            return []
        return [f"Create the {type_.label.lower()} from this task."]
    if made:
        return []
    return ["Send the e-mail from this task." if action.verb == MAIL else "Approve or reject it."]


def _empty(run: RunAtWork, names: Sequence[str]) -> list[str]:
    type_: ObjectType = run.session.catalog.objects[run.process.subject]
    values = run.subject.values
    return [type_.fields[name].label for name in names if empty(values.get(name))]


def approved_by(session: Session, task: str) -> bool | None:
    """What was decided last in a task; None where nothing was."""
    said = [one.said.get(APPROVED) for one in made_by(session, task) if one.verb == APPROVE]
    return bool(said[-1]) if said else None
