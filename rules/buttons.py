"""Buttons: rules that a person sets off on a record.

Who may press one: the roles that it names, on records that they may read; without `allow`, who
may change the record. What it does then has the rights of the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable
from fluvial.metadata_changes.told_reach import reads_beyond
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.drafts.seams import Button
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.new_drafts import existing
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.python import truth
from metamodel.roles import role_titles

from .execution import asker_of
from .index import rule_index
from .model import Rule
from .running import run_rule
from .runs import NOT_MET, Run


def known(session: Session, type_: ObjectType) -> list[Button]:
    """The buttons that somebody presses on some records of a type."""
    rules = rule_index(session.catalog).buttons.get(type_.name, ())
    changes = session.access.object(type_.name).can("update")
    return [
        Button(rule.name, rule.trigger.name)
        for rule in rules
        if (not _kept_from(session, rule) if rule.trigger.allow else changes)
    ]


def offered(session: Session, type_: ObjectType, values: Values) -> list[Button]:
    """The buttons that somebody may press on a record, and whose conditions it meets now."""
    rules = rule_index(session.catalog).buttons.get(type_.name, ())
    changes = bool(rules) and _may_change(session, type_, values)
    found = []
    for rule in rules:
        allowed = not _kept_from(session, rule) if rule.trigger.allow else changes
        if allowed and _possible(session, rule, type_, values):
            found.append(Button(rule.name, rule.trigger.name))
    return found


def _may_change(session: Session, type_: ObjectType, values: Values) -> bool:
    where = session.access.object(type_.name).where.get("update", ())
    if where is None:
        return True
    environment = RecordEnvironment(session, type_, values)
    return any(truth(one, environment) for one in where)


def _kept_from(session: Session, rule: Rule) -> str:
    """Why the roles of the actor do not press it; empty where they do."""
    allow, access = rule.trigger.allow, session.access
    if access.unrestricted or set(allow) & set(with_inherited(session.catalog, access.roles)):
        return ""
    labels = list(role_titles(session.catalog, allow).values())
    return f"{rule.trigger.name} is for {' or '.join(labels) or 'other roles'}."


def _possible(session: Session, rule: Rule, type_: ObjectType, values: Values) -> bool:
    conditions = [one for one in (rule.trigger.possible, rule.when) if one is not None]
    if not conditions:
        return True
    asking = session.as_actor(asker_of(session, rule, session.actor.id))
    environment = RecordEnvironment(asking, type_, values)
    return all(truth(one, environment) for one in conditions)


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
        run = _pressed(session, rule, type_, record)
    if run.outcome == NOT_MET:
        raise Conflict(_not_now(rule), **_trace(session, run))
    if run.outcome not in ("done", "waiting", "stopped"):
        raise Conflict(f"{rule.trigger.name}: {_reason(session, run)}", **_trace(session, run))
    try:
        return read_one(session, type_.name, record)
    except NotFound:  # what it did took the record out of sight, or into the bin
        row = load_row(session, type_.name, record, None)
        return {"id": record, "rev": row["rev"] if row is not None else 0}


def _pressed(session: Session, rule: Rule, type_: ObjectType, record: str) -> Run:
    """Run the rule for the record as it is now, which nobody changes meanwhile."""
    action = "read" if rule.trigger.allow else "update"
    values = existing(session, session.object(type_.name, action), record, action)
    kept_from = _kept_from(session, rule) if rule.trigger.allow else ""
    if kept_from:
        raise Forbidden(kept_from)
    if not _possible(session, rule, type_, values):
        raise Conflict(_not_now(rule))
    event = Event(
        new_id(), session.now, type_.name, record, values["rev"], f"button:{rule.name}",
        session.actor.id, session.cause.wire(), {},
    )  # fmt: skip
    return run_rule(session, rule, event)


def _not_now(rule: Rule) -> str:
    return rule.trigger.message or f"{rule.trigger.name} is not possible now."


def _reason(session: Session, run: Run) -> str:
    """Why it failed. The rule writes with rights of its own, and its faults name what it wrote."""
    document = session.catalog.of("rule")[run.rule]
    if reads_beyond(session, document):
        return "It failed and was rolled back. The runs of the rule say why: ask an administrator."
    return run.lines[-1]


def _trace(session: Session, run: Run) -> dict[str, Any]:
    """What the rule has seen is told to administrators: it reads more than who presses it."""
    return {"lines": run.lines} if session.access.admin else {}
