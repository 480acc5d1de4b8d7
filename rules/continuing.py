"""Going on with runs that have waited: the workers' job.

What a run does further on is one transaction with its new place, so that a worker that dies
leaves it where it was, and whoever comes next does the same. Two workers never do it both: the
place is held by a lease, and the end of the transaction asks for it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import BusyError, Connection, GoneError
from fluvial.database.large_questions import TOO_LARGE
from fluvial.events.heartbeats import heartbeats_of
from fluvial.kernel.causes import Cause
from fluvial.kernel.crash_points import point
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem
from fluvial.records.drafts.event import Event
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.services.templates import TemplateFault
from metamodel.catalog import Catalog
from metamodel.expressions.given_values import GivenBody
from metamodel.expressions.work import limited_work

from . import runs, waiting_runs
from .action_kinds import ACTIONS
from .compilation import recompiled
from .execution import Execution, resumed
from .halts import Rest
from .index import rule_index
from .model import Action, Rule
from .named_wire import names_wire, read_names
from .runs import Run
from .steps import outcome_of, perform_from
from .wait_action import Wait, resting
from .waiting_runs import FAILED, SLEEPING, WaitingRun

log = logging.getLogger("fluvial.rules")

MAX_ATTEMPTS = 8  # of workers that stumbled over it or died with it
GONE = "The record was deleted meanwhile, so the rest of the rule was not done."
DIED = "Every worker that went on with it died, or failed for reasons of its own."


class _Taken(Exception):
    """Somebody else has it, or has cancelled it: the transaction is undone."""


def run(engine: Engine) -> bool:
    """Go on with the runs that are due; whether there were some."""
    connection, now = engine.database.connection(), engine.clock.now()
    if not waiting_runs.some_due(connection, now):
        return False
    lease = new_id()
    with heartbeats_of(engine).holding(lease, waiting_runs.EXTEND):
        claimed = waiting_runs.claim_due(connection, now, lease)
        try:
            for waiting in claimed:
                _take_up(engine, connection, waiting)
        except (BusyError, GoneError):
            waiting_runs.release(connection, lease)
            raise
    return bool(claimed)


def _take_up(engine: Engine, connection: Connection, waiting: WaitingRun) -> None:
    point("run_taken")
    try:
        with connection.transaction():
            session = Session.begin(engine, SYSTEM, connection=connection)
            if waiting.attempts > MAX_ATTEMPTS:
                _fail(session, waiting, runs.read(connection, waiting.id), DIED)
            else:
                _go_on(session.as_actor(SYSTEM, Cause.read(waiting.cause)), waiting)
            point("in_run")
        point("after_run")
    except _Taken:
        return
    except (BusyError, GoneError):
        raise
    except Exception:
        log.exception("Run %s of rule %s", waiting.id, waiting.rule)
        waiting_runs.later(connection, waiting, min(2.0**waiting.attempts, 300.0))


def _go_on(session: Session, waiting: WaitingRun) -> None:
    run = runs.read(session.connection, waiting.id)
    known = len(run.lines), len(run.effects)
    try:
        with limited_work(), session.connection.savepoint():
            _further(session, waiting, run)
    except (Problem, TemplateFault, *TOO_LARGE) as problem:
        del run.lines[known[0] :]
        del run.effects[known[1] :]
        log.warning("Rule %s on %s: %s", waiting.rule, waiting.event.record, problem)
        words = f"It failed and was rolled back: {runs.words_of(problem)}"
        _fail(session, waiting, run, words)


def _further(session: Session, waiting: WaitingRun, run: Run) -> None:
    rule, faults = recompiled(waiting.rule, waiting.document, session.catalog)
    if rule is None or faults:
        why = f"{faults[0].message} {faults[0].hint}".strip() if faults else "It has no trigger."
        raise Problem(f"The rule as it was when the run began is no longer possible: {why}")
    execution = resumed(session, rule, waiting.event, run)
    if execution is None:
        run.end("stopped", GONE)
        _ended(session, waiting, run)
        return
    execution.names.update(read_names(execution.asking, waiting.names))
    execution.moment = session.now
    if waiting.state == SLEEPING and not _rested(execution, waiting):
        return
    if execution.halt is None:
        _say_why(execution, waiting)
        perform_from(execution, waiting.step)
    _settle(session, waiting, execution)


def _rested(execution: Execution, waiting: WaitingRun) -> bool:
    """Whether the wait is over; else it is looked at again later."""
    _, action = execution.rule.steps[waiting.step - 1]
    rest = _rest(execution, action, waiting.since)
    if rest.due is not None:
        _keep(waiting_runs.look_again(execution.acting.connection, waiting, rest.due))
        return False
    if rest.reason:
        execution.stop(rest.reason)
    else:
        execution.moment = rest.ended or execution.moment  # the next wait counts from here
    return True


def _rest(execution: Execution, action: Action, since: datetime) -> Rest:
    if isinstance(action, Wait):
        return resting(execution, action, since)
    rests = ACTIONS[action.verb].rests
    assert rests is not None
    return rests(execution, action, since)


def _say_why(execution: Execution, waiting: WaitingRun) -> None:
    if waiting.state == SLEEPING:
        execution.run.say("The wait is over.")
        return
    before = execution.rule.steps[waiting.step - 1][1]
    name = getattr(before, "name", "")
    given = execution.names.get(name)
    if isinstance(given, GivenBody):
        none = given.value is None
        execution.run.say(f"The answer came{', without content that can be read' if none else ''}.")


def _settle(session: Session, waiting: WaitingRun, execution: Execution) -> None:
    run, halt = execution.run, execution.halt
    run.outcome = outcome_of(halt)
    if halt is None or not halt.waits:
        _ended(session, waiting, run)
        return
    _keep(
        waiting_runs.stand(
            session.connection,
            waiting,
            step=execution.step,
            names=names_wire(execution.names),
            state=halt.state,
            effect=halt.effect,
            since=execution.moment,
            due=halt.due,
        )
    )
    runs.change(session.connection, run, session.now)


def _ended(session: Session, waiting: WaitingRun, run: Run) -> None:
    _keep(waiting_runs.end(session.connection, waiting))
    runs.change(session.connection, run, session.now)


def _fail(session: Session, waiting: WaitingRun, run: Run, words: str) -> None:
    run.end(FAILED, words)
    _keep(waiting_runs.fail(session.connection, waiting))
    runs.change(session.connection, run, session.now)


def _keep(held: bool) -> None:
    if not held:
        raise _Taken


def happened(session: Session, event: Event) -> None:
    """What waits until something is so is asked as soon as its record has changed."""
    if ":" in event.event:
        return
    if waiting_runs.touched(session.connection, event.record, session.now):
        session.engine.woken(session.connection, waiting_runs.WORK)


def watched(catalog: Catalog) -> frozenset[str]:
    """The object types whose changes end a wait."""
    return catalog.derive(_watched)


def _watched(catalog: Catalog) -> frozenset[str]:
    rules = rule_index(catalog).rules.values()
    return frozenset(rule.trigger.object for rule in rules if _waits_until(rule)) - {""}


def _waits_until(rule: Rule) -> bool:
    return any(isinstance(one, Wait) and one.until is not None for _, one in rule.steps)
