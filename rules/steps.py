"""The steps of a rule one after the other, until one of them ends the run or lets it wait."""

from __future__ import annotations

from fluvial.runtime.session import Session

from . import waiting_runs
from .action_kinds import perform
from .execution import Execution
from .halts import Halt
from .named_wire import names_wire


def perform_from(execution: Execution, start: int) -> None:
    """Do the steps from a place on. `execution.step` is then the next one."""
    steps = execution.rule.steps
    for at in range(start, len(steps)):
        execution.step = at + 1
        perform(execution, at, steps[at][1])
        if execution.halt is not None:
            return


def outcome_of(halt: Halt | None) -> str:
    """How a run stands that did all that it could."""
    if halt is None:
        return "done"
    return "waiting" if halt.waits else "stopped"


def let_wait(session: Session, execution: Execution) -> None:
    """Keep the place of a run that goes on later, in the transaction of what it did."""
    halt, rule = execution.halt, execution.rule
    if halt is None or not halt.waits:
        return
    waiting_runs.add(
        session.connection,
        execution.run.id,
        rule.name,
        rule.source,
        execution.event,
        session.cause.wire(),
        step=execution.step,
        names=names_wire(execution.names),
        state=halt.state,
        effect=halt.effect,
        since=execution.moment,
        due=halt.due,
    )
