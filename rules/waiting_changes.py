"""What people do with runs that wait: cancel them, or let them try again."""

from __future__ import annotations

from fluvial.kernel.problems import Conflict
from fluvial.runtime.session import Session

from . import effects, runs, waiting_lists, waiting_runs


def cancel(session: Session, run: str) -> None:
    who = session.actor.name or "an administrator"
    why = f"It was cancelled by {who}."
    with session.connection.transaction():
        if not waiting_runs.cancel(session.connection, run, why):
            raise Conflict("This run does not wait any longer, so there is nothing to cancel.")
        kept = runs.read(session.connection, run)
        kept.end("cancelled", why)
        runs.change(session.connection, kept, session.now)


def retry(session: Session, run: str) -> None:
    connection = session.connection
    with connection.transaction():
        waiting = waiting_lists.among(connection, [run]).get(run)
        if waiting is not None and waiting.get("given_up"):
            effects.again(connection, waiting["delivery"])
            effects.switch_on(connection, waiting["to"])
            session.engine.woken(connection, effects.WORK)
            return
        if not waiting_runs.again(connection, run, session.now):
            raise Conflict("This run has not failed, so there is nothing to try again.")
        kept = runs.read(connection, run)
        kept.outcome = "waiting"
        kept.say("It is tried again.")
        runs.change(connection, kept, session.now)
        session.engine.woken(connection, waiting_runs.WORK)
