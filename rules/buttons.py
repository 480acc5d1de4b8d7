"""Buttons: rules that a person sets off on a record.

Who may press one: the roles that it names, on records that they may read; without `allow`, who
may change the record. What it does then has the rights of the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, fault
from fluvial.metadata_changes.told_reach import reads_beyond
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.record_locks import CODE, RecordLocked
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.drafts.seams import Button
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.new_drafts import existing
from fluvial.records.writing.writer import revision_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.python import Environment, truth
from metamodel.roles import role_titles

from .asked import EVENT_MEMBER, names_answers, read_answers, usual
from .chosen_records import refuse_others
from .execution import asker_of
from .held_buttons import held_back, hold_of
from .index import rule_index
from .model import Rule
from .reader_environment import ReaderEnvironment
from .running import run_rule
from .runs import DONE_BEFORE, NOT_MET, Run


def known(session: Session, type_: ObjectType) -> list[Button]:
    """The buttons that somebody presses on some records of a type. What asks for records asks
    for each by itself: which ones there are depends on it."""
    rules = rule_index(session.catalog).buttons.get(type_.name, ())
    changes = session.access.object(type_.name).can("update")
    pressed = (rule for rule in rules if _pressed_by(session, rule, changes))
    return [_button(rule) for rule in pressed if not any(one.to for one in rule.trigger.asks)]


def offered(session: Session, type_: ObjectType, values: Values) -> list[Button]:
    """The buttons that somebody may press on a record, and whose conditions it meets now."""
    rules = rule_index(session.catalog).buttons.get(type_.name, ())
    changes = bool(rules) and _may_change(session, type_, values)
    found = [
        rule
        for rule in rules
        if _pressed_by(session, rule, changes) and _possible(session, rule, type_, values)
    ]
    hold = hold_of(session, type_, values, found)
    return [_button(rule, held_back(session, rule, values, hold)) for rule in found]


def _button(rule: Rule, reason: str = "") -> Button:
    return Button(rule.name, rule.trigger.name, rule.trigger.asks, _not_now(rule), reason)


def _pressed_by(session: Session, rule: Rule, changes: bool) -> bool:
    return not _kept_from(session, rule) if rule.trigger.allow else changes


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
    when = None if rule.when is None or names_answers(rule.when) else rule.when
    conditions = [one for one in (rule.trigger.possible, when) if one is not None]
    if not conditions:
        return True
    asking = session.as_actor(asker_of(session, rule, session.actor.id))
    environment = RecordEnvironment(asking, type_, values)
    return all(truth(one, environment) for one in conditions)


def check_answers(session: Session, type_: ObjectType, name: str, body: Mapping[str, Any]) -> None:
    """Refuse answers that no record takes, before a press on many."""
    rule = _rule(session, type_, name)
    if rule is not None:
        read_answers(rule, body, None)


def _rule(session: Session, type_: ObjectType, name: str) -> Rule | None:
    buttons = rule_index(session.catalog).buttons.get(type_.name, ())
    return next((rule for rule in buttons if rule.name == name), None)


def press(
    session: Session, type_: ObjectType, record: str, name: str, body: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Press a button; None where the object type has none of this name."""
    rule = _rule(session, type_, name)
    if rule is None:
        return None
    with session.connection.transaction():
        run = _pressed(session, rule, type_, record, body)
    if run.outcome == NOT_MET:
        raise Conflict(_not_now(rule), **_trace(session, run))
    if run.outcome not in ("done", DONE_BEFORE, "waiting", "stopped"):
        raise Conflict(f"{rule.trigger.name}: {_reason(session, run)}", **_trace(session, run))
    try:
        return read_one(session, type_.name, record)
    except NotFound:  # what it did took the record out of sight, or into the bin
        row = load_row(session, type_.name, record, None)
        return {"id": record, "rev": row["rev"] if row is not None else 0}


def _pressed(
    session: Session, rule: Rule, type_: ObjectType, record: str, body: Mapping[str, Any]
) -> Run:
    """Run the rule for the record as it is now, which nobody changes meanwhile."""
    action = "read" if rule.trigger.allow else "update"
    values = existing(session, session.object(type_.name, action), record, action)
    kept_from = _kept_from(session, rule) if rule.trigger.allow else ""
    if kept_from:
        raise Forbidden(kept_from)
    rev = revision_of(body, None, "")
    if rev is not None and rev != values["rev"]:
        label = type_.label.lower()
        raise Conflict(f"This {label} has been changed since you read it.", rev=values["rev"])
    if not _possible(session, rule, type_, values):
        raise Conflict(_not_now(rule))
    if reason := held_back(session, rule, values, hold_of(session, type_, values, [rule])):
        raise RecordLocked(reason, errors=[fault("", CODE, reason)])
    given = {name: value for name, value in body.items() if name != "rev"}
    answers = read_answers(rule, given, _seen_by(session, type_, values))
    refuse_others(session, RecordEnvironment(session, type_, values), rule.trigger.asks, answers)
    event = Event(
        new_id(), session.now, type_.name, record, values["rev"], f"button:{rule.name}",
        session.actor.id, session.cause.wire(), {EVENT_MEMBER: answers} if answers else {},
    )  # fmt: skip
    return run_rule(session, rule, event)


def usual_answers(
    session: Session, type_: ObjectType, values: Values, asks: Sequence[Field]
) -> dict[str, Any]:
    """What the answers are where nobody gives others, in wire form."""
    environment = _seen_by(session, type_, values)
    return {field.name: wire_value(field, usual(field, environment)) for field in asks}


def _seen_by(session: Session, type_: ObjectType, values: Values) -> Environment:
    """A record as whoever presses may read it: what is usual is shown to them."""
    environment = RecordEnvironment(session, type_, values)
    return environment if session.access.sees_all else ReaderEnvironment(session, environment)


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
