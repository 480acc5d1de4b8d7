"""Buttons that a lock refuses: what their rules would write first is closed on a locked record."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.record_locks import Hold, holds_on, leads_out, lockable
from fluvial.records.drafts.rows import Values
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.python import evaluate

from .action_kinds import ACTIONS
from .asked import names_answers
from .model import Rule, Several


def hold_of(
    session: Session, type_: ObjectType, values: Values, rules: Collection[Rule]
) -> Hold | None:
    """The lock that holds for a record, where any of these rules writes into it."""
    if not lockable(session.catalog, type_) or not any(_first_write(rule) for rule in rules):
        return None
    return holds_on(session, type_, [values["id"]]).get(values["id"])


def held_back(session: Session, rule: Rule, values: Values, hold: Hold | None) -> str:
    """Why the lock of a record refuses what the rule would do with it; empty where it does not.

    What stands behind the first write, or behind a pause, may find the record unlocked.
    """
    write = _first_write(rule)
    if hold is None or write is None or rule.trigger.object in session.posts:
        return ""
    if write.deletes:
        return hold.reason
    closed = {name for name in write.values if name not in hold.open}
    states = hold.type.states
    if states is not None and states.field in closed:
        value = write.values[states.field]
        if names_answers(value):
            return ""  # nobody knows yet where it leads
        state = evaluate(value, RecordEnvironment(session, hold.type, values))
        if state == values.get(states.field) or leads_out(session, hold, values, state):
            closed.remove(states.field)
    return hold.reason if closed else ""


def _first_write(rule: Rule) -> Several | None:
    """What a rule writes into its own record before anything else could unlock that."""
    return next(_own_writes(rule), None)


def _own_writes(rule: Rule) -> Iterator[Several]:
    for _, action in rule.steps:
        if ACTIONS[action.verb].halts or (isinstance(action, Several) and action.each):
            return
        if isinstance(action, Several):
            if action.where is None and action.kept is None:
                yield action
            return
