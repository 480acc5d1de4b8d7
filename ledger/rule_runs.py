"""Runs of ledgers that a rule begins: jobs of whoever set it off, with the rights of the rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fluvial.auth.actors import Actor
from fluvial.kernel.causes import Cause
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, RUNNING, LongJob, LongJobKind
from fluvial.runtime.session import Session
from rules import waiting_runs
from rules.execution import Execution
from rules.halts import Rest

from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_run_rows import RunRow, add_run, runs_with
from .ledger_runs import WORK, RunWish, run_portion, title_of
from .voiding import VOIDING, void_portion

# How soon a rule looks whether its runs are over where none of them has said so.
SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=5)
RULE = "rule"  # in the body of a job: the rule that it acts for


def begin_for_rule(execution: Execution, ledger: Ledger, wish: RunWish) -> str:
    """The id of the run, whose job the workers do once the rule is through."""
    asking, acting = execution.asking, execution.acting
    body: dict[str, Any] = {"ledger": ledger.name, "until": wish.until.isoformat()}
    body |= {"where": wish.where, "dry_run": False}
    body[RULE] = {
        "name": execution.rule.name,
        "roles": list(acting.actor.roles),
        "cause": acting.cause.wire(),
        "record": execution.event.record,
    }
    job = long_jobs.begin(asking, WORK, title_of(ledger, wish), body)
    row = RunRow(
        job.id, ledger.name, acting.now, asking.actor.id, wish.until, wish.where, False, RUNNING, {}
    )
    row.cause = {"rule": execution.rule.name, "event": execution.event.id}
    add_run(acting.connection, row)
    long_jobs.leave(acting.engine, acting.connection, job.id)
    return job.id


def ruled_portion(session: Session, job: LongJob, size: int) -> bool:
    """Some records of a run, whoever began it; whether there are more."""
    rule = job.body.get(RULE)
    if rule is None:
        return run_portion(session, job, size)
    more = run_portion(_acting(session, rule), job, size)
    if not more and waiting_runs.touched(session.connection, rule["record"], session.now):
        session.engine.woken(session.connection, waiting_runs.WORK)
    return more


def rest_of_runs(execution: Execution, since: datetime) -> Rest:
    """Whether the runs that a rule has begun are over; those that ended badly end the rule."""
    begun = [one["target"] for one in execution.run.effects if one["kind"] == "post"]
    rows = runs_with(execution.acting.connection, begun)
    if any(one.state == RUNNING for one in rows):
        now = execution.acting.now
        return Rest(now + min(max((now - since) / 10, SOONEST), LATEST))
    ledgers = execution.acting.catalog.derive(ledgers_of)
    bad = [
        f"{ledgers[one.ledger].label if one.ledger in ledgers else one.ledger} was {one.state}"
        for one in rows
        if one.state != DONE
    ]
    return Rest(None, f"The rest is not done: {', '.join(bad)}." if bad else "")


def _acting(session: Session, rule: Mapping[str, Any]) -> Session:
    name, roles = rule["name"], tuple(rule["roles"])
    actor = Actor(None, f"rule {name}", roles, unrestricted=not roles, rule=name)
    return session.as_actor(actor, Cause.read(rule["cause"]))


KINDS = (LongJobKind(WORK, ruled_portion), LongJobKind(VOIDING, void_portion))
