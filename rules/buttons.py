"""Buttons: rules that a person sets off on a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, Unprocessable
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values
from fluvial.records.drafts.seams import Button
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.new_drafts import existing
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.python import truth

from .execution import asker_of
from .index import rule_index
from .running import run_rule
from .runs import NOT_MET


def offered(session: Session, type_: ObjectType, values: Values) -> list[Button]:
    """The buttons whose conditions a record meets now, for who may change it."""
    if not session.access.object(type_.name).can("update"):
        return []
    found = []
    for rule in rule_index(session.catalog).buttons.get(type_.name, ()):
        asking = session.as_actor(asker_of(session, rule, session.actor.id))
        if rule.when is None or truth(rule.when, RecordEnvironment(asking, type_, values)):
            found.append(Button(rule.name, rule.trigger.name))
    return found


def press(
    session: Session, type_: ObjectType, record: str, name: str, body: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Press a button; None where the object type has none of this name."""
    buttons = rule_index(session.catalog).buttons.get(type_.name, ())
    rule = next((rule for rule in buttons if rule.name == name), None)
    if rule is None:
        return None
    if body:
        raise Unprocessable("A button does not accept values.")
    with session.connection.transaction():
        existing(session, session.object(type_.name, "update"), record, "update")
        found = read_one(session, type_.name, record)
        event = Event(
            new_id(), session.now, type_.name, record, found["rev"], f"button:{rule.name}",
            session.actor.id, session.cause.wire(), {},
        )  # fmt: skip
        run = run_rule(session, rule, event)
    if run.outcome == NOT_MET:
        raise Conflict(f"{rule.trigger.name} is not possible now.", lines=run.lines)
    if run.outcome != "done":
        raise Conflict(f"{rule.trigger.name}: {run.lines[-1]}", lines=run.lines)
    return read_one(session, type_.name, record)
