"""Running rules for events: which ones, within which limits, and what is kept of it."""

from __future__ import annotations

import logging

from fluvial.database.large_questions import TOO_LARGE
from fluvial.events import outbox
from fluvial.kernel.problems import Problem
from fluvial.records.drafts.event import Event
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from fluvial.services.templates import TemplateFault
from metamodel.expressions.python import evaluate
from metamodel.expressions.work import limited_work

from . import effects, runs
from .done_once import first_time
from .execution import Execution, condition_holds, prepared
from .index import SOURCES, rule_index
from .model import Rule
from .rule_tables import NOBODY
from .runs import DONE_BEFORE, Run
from .steps import let_wait, outcome_of, perform_from

log = logging.getLogger("fluvial.rules")

MAX_DEPTH = 8  # rules that lead to one another


def happened(session: Session, event: Event) -> None:
    """Run the rules that an event sets off, in the event's transaction."""
    index = rule_index(session.catalog)
    kind, named, name = event.event.partition(":")
    if not named:
        for rule in index.matching(event.object, event.event, event.changes, event.cause):
            run_rule(session, rule, event)
        return
    asked = index.rules.get(name)
    if asked is None:
        return  # it was deleted or switched off meanwhile
    if kind == "schedule" and event.record == NOBODY and asked.trigger.object:
        _spread(session, asked, event)
    else:
        run_rule(session, asked, event)


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
        with limited_work(), session.connection.savepoint():
            _run(session, rule, event, run, kept)
    except (Problem, TemplateFault, *TOO_LARGE) as problem:
        run.effects.clear()
        run.end("failed", f"It failed and was rolled back: {runs.words_of(problem)}")
        log.warning("Rule %s on %s %s: %s", rule.name, event.object, event.record, problem)
    if kept:
        runs.add(session.connection, run, event.id, session.now)
    return run


def _run(session: Session, rule: Rule, event: Event, run: Run, kept: bool) -> None:
    reason = _held_back(session, rule, event)
    if reason:
        run.end(*reason)
        return
    execution = prepared(session, rule, event, run)
    if execution is None:
        run.end("skipped", "The record no longer exists.")
        return
    if not condition_holds(execution) or _done_before(execution):
        return
    perform_from(execution, 0)
    run.outcome, run.step = outcome_of(execution.halt), execution.step
    if kept:
        let_wait(session, execution)


def _done_before(execution: Execution) -> bool:
    """Whether the rule has done it for the same record and key; else it is being done now."""
    once, event = execution.rule.once, execution.event
    if once is None:
        return False
    key = str(evaluate(once, execution.environment) or "")
    if first_time(execution.acting, execution.rule.name, event.record, key):
        return False
    execution.run.end(DONE_BEFORE, f"It was done before: {key or once.source}")
    return True


def _held_back(session: Session, rule: Rule, event: Event) -> tuple[str, str] | None:
    chain = session.cause.chain
    if (rule.name, event.record) in chain:
        return "skipped", "It has already run for this record in this chain of rules."
    depth = sum(1 for name, _ in chain if name.partition(":")[0] not in SOURCES)
    if depth >= MAX_DEPTH:
        names = ", ".join(name for name, _ in chain)
        return "skipped", f"{MAX_DEPTH} rules triggered one another, which is the limit: {names}."
    if rule.per_hour is not None:
        count = runs.recent(session.connection, rule.name, session.now)
        if count >= rule.per_hour:
            return (
                "limited",
                f"It ran {count} times in the last hour; its limit is {rule.per_hour}.",
            )
    return None
