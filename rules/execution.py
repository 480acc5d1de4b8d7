"""Running a rule for an event: guards, condition, actions, and the trace of all of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fluvial import outbox
from fluvial.actors import Actor
from fluvial.errors import Problem
from fluvial.records.environment import RecordEnvironment
from fluvial.records.events import Event
from fluvial.records.query import Query
from fluvial.records.reader import read_page
from fluvial.records.rows import Values
from fluvial.session import Cause, Session
from fluvial.templates import TemplateFault
from metamodel.catalog import ObjectType
from metamodel.expressions.python import evaluate, truth

from . import effects, runs
from .index import SOURCES, rule_index
from .model import Rule
from .runs import Run
from .tables import NOBODY
from .values import before_of, plain, values_at

log = logging.getLogger("fluvial.rules")

MAX_DEPTH = 8  # rules that lead to one another
SHOWN = 120  # characters of a value in a trace


@dataclass
class Execution:
    """One rule at work on one event: what its actions need."""

    rule: Rule
    event: Event
    run: Run
    asking: Session  # who caused it: `me` in conditions and values
    acting: Session  # the rule itself: its rights, and the chain of causes
    type: ObjectType | None  # of the record; None where the rule is about none
    values: Values
    environment: RecordEnvironment

    def effect(
        self, action: int, kind: str, target: str, payload: Mapping[str, Any], unique: str = ""
    ) -> str:
        """Enter an effect into the ledger and the trace."""
        key = effects.key_of(
            self.event.id, self.rule.name, self.rule.revision, action, unique or f"{kind}:{target}"
        )
        effect = effects.add(
            self.acting.connection,
            key=key,
            event=self.event.id,
            rule=self.rule.name,
            action=action,
            kind=kind,
            target=target,
            object_name=self.event.object,
            record=self.event.record,
            payload=payload,
            at=self.acting.now,
        )
        if kind in effects.SENT:
            self.acting.engine.woken(self.acting.connection)
        self.run.effects.append({"id": effect, "kind": kind, "target": target})
        return effect


def happened(session: Session, event: Event) -> None:
    """Run the rules that an event sets off, in the event's transaction."""
    index = rule_index(session.catalog)
    kind, named, name = event.event.partition(":")
    if not named:
        for rule in index.matching(event.object, event.event, event.changes, event.cause):
            run_rule(session, rule, event)
        return
    rule = index.rules.get(name)
    if rule is None:
        return  # it was deleted or switched off meanwhile
    if kind == "schedule" and event.record == NOBODY and rule.trigger.object:
        _spread(session, rule, event)
    else:
        run_rule(session, rule, event)


def _spread(session: Session, rule: Rule, event: Event) -> None:
    """A schedule's moment becomes an event for each record that it is about."""
    cursor = ""
    while True:
        query = Query(
            rule.trigger.object,
            fields=(("id",), ("rev",)),
            where=rule.trigger.where,
            limit=500,
            cursor=cursor,
        )
        page = read_page(session, query)
        for row in page["data"]:
            outbox.add(
                session,
                Event(
                    effects.id_of(f"{event.id}|{row['id']}"), event.at, rule.trigger.object,
                    row["id"], row["rev"], event.event, None, event.cause, {},
                ),
            )  # fmt: skip
        cursor = page["next"]
        if not cursor:
            return


def run_rule(session: Session, rule: Rule, event: Event, *, kept: bool = True) -> Run:
    """Run a rule for an event. What its actions cannot do undoes the run, not the event."""
    run = Run(rule.name, event.object, event.record)
    try:
        with session.connection.savepoint():
            _run(session, rule, event, run)
    except (Problem, TemplateFault) as problem:
        run.effects.clear()
        run.end("failed", f"It was undone: {_detail(problem)}")
        log.warning("Rule %s on %s %s: %s", rule.name, event.object, event.record, problem)
    if kept:
        runs.add(session.connection, run, event.id, session.now)
    return run


def _detail(problem: Problem | TemplateFault) -> str:
    if isinstance(problem, Problem) and len(problem.errors) > 1:
        return " ".join(error["message"] for error in problem.errors)
    return str(problem)


def _run(session: Session, rule: Rule, event: Event, run: Run) -> None:
    reason = _held_back(session, rule, event)
    if reason:
        run.end(*reason)
        return
    execution = prepared(session, rule, event, run)
    if execution is None:
        run.end("skipped", "The record is not there any more.")
        return
    if not condition_holds(execution):
        return
    for at, action in enumerate(rule.actions):
        perform(execution, at, action)
    run.outcome = "done"


def _held_back(session: Session, rule: Rule, event: Event) -> tuple[str, str] | None:
    chain = session.cause.chain
    if (rule.name, event.record) in chain:
        return "skipped", "It ran for this record before in this chain of causes: once is enough."
    depth = sum(1 for name, _ in chain if name.partition(":")[0] not in SOURCES)
    if depth >= MAX_DEPTH:
        names = ", ".join(name for name, _ in chain)
        return "skipped", f"{MAX_DEPTH} rules led to one another, which is the limit: {names}."
    if rule.per_hour is not None:
        count = runs.recent(session.connection, rule.name, session.now)
        if count >= rule.per_hour:
            return "limited", f"It ran {count} times in the last hour; its limit is {rule.per_hour}."
    return None


def prepared(session: Session, rule: Rule, event: Event, run: Run) -> Execution | None:
    """Everything that the rule's expressions and actions need; None where the record is gone."""
    type_ = session.catalog.objects.get(event.object)
    values: Values | None = {}
    before = None
    if type_ is not None and event.record != NOBODY:
        values = values_at(session, type_, event.record, event.rev)
        if values is None:
            return None
        before = before_of(type_, values, event)
    roles = (rule.run_as,) if rule.run_as else ()
    free = not rule.run_as
    who = session.engine.people.actor(session.connection, event.actor) if event.actor else None
    asker = Actor(
        who.id if who else None,
        who.name if who else "",
        roles,
        who.email if who else "",
        who.sets if who else {},
        unrestricted=free,
        rule=rule.name,
    )
    actor = Actor(None, f"rule {rule.name}", roles, unrestricted=free, rule=rule.name)
    cause = Cause((*session.cause.chain, (rule.name, event.record)))
    asking = session.as_actor(asker)
    environment = RecordEnvironment(asking, type_, values or {}, before)  # type: ignore[arg-type]
    return Execution(
        rule, event, run, asking, session.as_actor(actor, cause), type_, values or {}, environment
    )


def condition_holds(execution: Execution) -> bool:
    """Ask the condition, and say in the trace what it met."""
    when, run = execution.rule.when, execution.run
    if when is None:
        run.say("It has no condition.")
        return True
    holds = truth(when, execution.environment)
    seen = _seen(execution)
    if holds:
        run.say(f"The condition holds: {when.source}{seen}")
    else:
        run.end(runs.NOT_MET, f"The condition does not hold: {when.source}{seen}")
    return holds


def _seen(execution: Execution) -> str:
    """The values that the condition read: "status is deployed, member.name is Ada"."""
    when = execution.rule.when
    assert when is not None
    parts = []
    for path in sorted(when.paths):
        try:
            value = execution.environment.read(path)
        except KeyError:
            continue  # a collection: asked of the database, not read
        shown = str(plain(when, value)) if value not in (None, "", []) else "empty"
        text = f"{'.'.join(path)} is {shown}"
        parts.append(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
    return f" ({'; '.join(parts)})" if parts else ""


# The actions stand in their own file and come in here, so that neither imports the other.
_PERFORMERS: dict[type[Any], Any] = {}


def performs(kind: type[Any]) -> Any:
    """Say which function performs a kind of action."""

    def note(function: Any) -> Any:
        _PERFORMERS[kind] = function
        return function

    return note


def perform(execution: Execution, at: int, action: Any) -> None:
    _PERFORMERS[type(action)](execution, at, action)


_ = (timedelta, evaluate)
