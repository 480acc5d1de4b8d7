"""Main actions that others carry out: an endpoint that is called, a document that is printed.

They leave with the commit, like what rules send, are tried again until they succeed, and the task
asks what became of them when it is completed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.records.drafts.rows import empty
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.expressions.python import evaluate
from metamodel.folding import humanise, label_text
from rules import effects
from rules.event_values import plain
from rules.ordered_documents import document_orders

from .definition import CALL, MainAction
from .made_records import made_by
from .run_moves import RunAtWork

MOST_BYTES = 1_000_000  # of what is sent
EFFECT, TARGET = "effect", "target"
LIVE = (effects.PENDING, effects.DONE)


def ordered(
    run: RunAtWork, task: str, action: MainAction, subject: tuple[str, str]
) -> dict[str, Any]:
    """Enter what is to be done, in the transaction that is open; what the task keeps of it."""
    session = run.session
    state, _ = state_of(session, task, action)
    if state == effects.PENDING:
        raise Conflict(f"{_named(session, action)} is under way already.")
    if action.verb == CALL:
        kind, target, payload = CALL, action.target, _call(run, action, subject)
    else:
        kind, target, payload = _document(run, action, subject)
    event = new_id()
    entry = effects.EffectEntry(f"task|{task}|{event}", 0, kind, target, payload)
    (id,) = effects.add_all(
        session.connection, [entry], event=event, rule="", object_name=subject[0],
        record=subject[1], rev=0, at=session.now,
    )  # fmt: skip
    session.engine.woken(session.connection, effects.WORK)
    return {EFFECT: id, TARGET: action.target}


def _call(run: RunAtWork, action: MainAction, subject: tuple[str, str]) -> dict[str, Any]:
    session = run.session
    if action.body is not None:
        message = _worked_out(run, action.body)
    else:
        message = find_one(session, *subject)
        if message is None:
            raise NotFound("You may not read the record that would be sent.")
    if len(orjson.dumps(message)) > MOST_BYTES:
        raise Unprocessable("The content of the call has more than a million bytes.")
    return {"message": message, "cause": session.cause.wire(), "as": "", "needed": False}


def _worked_out(run: RunAtWork, body: Any) -> Any:
    if isinstance(body, Mapping):
        return {name: _worked_out(run, one) for name, one in body.items()}
    if isinstance(body, list):
        return [_worked_out(run, one) for one in body]
    return plain(body, evaluate(body, run.subject))


def _document(
    run: RunAtWork, action: MainAction, subject: tuple[str, str]
) -> tuple[str, str, dict[str, Any]]:
    orders = document_orders()
    if orders is None:
        raise Conflict("This server prints no documents.")
    spec = {"template": action.target, **({"to": action.fields[0]} if action.fields else {})}
    return orders.effect, action.target, orders.payload(run.session, spec, subject)


def state_of(session: Session, task: str, action: MainAction) -> tuple[str, str]:
    """How the last order of a task stands, and what went wrong; empty where there is none."""
    orders = [one.said for one in made_by(session, task) if one.verb == action.verb]
    if not orders:
        return "", ""
    return became(session, orders[-1])


def became(session: Session, said: Mapping[str, Any]) -> tuple[str, str]:
    """The state of one order, with what went wrong; done where it was cleared away since.

    What was answered is for those who may read deliveries: it may name what others do not know.
    """
    found = effects.one(session.connection, str(said.get(EFFECT) or ""))
    if found is None:
        return effects.DONE, ""
    return str(found["state"]), str(found["error"] or "")


def order_lacks(run: RunAtWork, task: str, action: MainAction) -> list[str]:
    """What is not done yet of a call or a document, in words."""
    named = _named(run.session, action)
    state, said = state_of(run.session, task, action)
    if state == effects.PENDING:
        return [f"{named} is still under way. {said}".strip()]
    if state and state != effects.DONE:
        return [f"{named} did not succeed: {said} Do it again from this task."]
    if not state:
        again = "Call" if action.verb == CALL else "Make"
        return [f"{again} {label_of(run.session, action)} from this task."]
    for name in action.fields:
        if empty(run.subject.values.get(name)):
            field = run.session.catalog.objects[run.process.subject].fields[name]
            return [f"{field.label} holds no document any more. Make it again from this task."]
    return []


def _named(session: Session, action: MainAction) -> str:
    what = "The call of" if action.verb == CALL else "The document"
    return f"{what} {label_of(session, action)}"


def label_of(session: Session, action: MainAction) -> str:
    """What people call the endpoint or the template."""
    kind = "endpoint" if action.verb == CALL else "template"
    found = session.catalog.of(kind).get(action.target)
    return label_text(found.body.get("label", humanise(action.target))) if found else action.target
