"""Trying a process that is being drawn with a made-up record: which ways a run would take.

Nothing is stored and nobody is told: stages are gone through with the routes and joins that runs
have, over values that somebody has typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fluvial.runtime.session import Session
from metamodel.folding import listed
from metamodel.roles import role_titles
from rules.named_environment import NamedEnvironment

from .definition import APPROVE, END, START, Process, ProcessStage, Route
from .route_choice import chosen_routes, unmet
from .route_graph import open_joins
from .route_map import CURRENT, PASSED, WAITS, Mark

Json = dict[str, Any]
MOST_STEPS = 200
OPEN, WAITING, DONE = "open", "waiting", "done"


@dataclass
class TriedTask:
    stage: str
    status: str
    way: str


@dataclass
class TrialRun:
    """A run on paper: its tasks, and what it says when it cannot go on."""

    session: Session
    process: Process
    subject: NamedEnvironment
    tasks: list[TriedTask] = field(default_factory=list)
    failed: str = ""
    stuck: str = ""

    def begin(self) -> None:
        ways = self._chosen(START, "", None, 1)
        if not ways:
            self.stuck = f"No route leads on from the start: {unmet(self.process, START, '')}."
        self._follow(ways)

    def complete(self, stage: str, outcome: str, approved: bool | None) -> None:
        """Complete the open task of a stage; nothing where there is none."""
        task = next((one for one in self.tasks if one.stage == stage and one.status == OPEN), None)
        if task is None:
            return
        attempt = sum(one.stage == stage for one in self.tasks)
        ways = self._chosen(stage, outcome, approved, attempt)
        if not ways and self.process.ways(stage):
            label, reason = self.process.stages[stage].label, unmet(self.process, stage, outcome)
            self.stuck = f"No route leads on from {label}: {reason}."
            return
        task.status = DONE
        self._follow(ways)

    def _chosen(self, stage: str, outcome: str, approved: bool | None, attempt: int) -> list[Route]:
        known = {"outcome": outcome, "approved": approved, "attempt": Decimal(attempt)}
        about = NamedEnvironment(self.session, self.subject.type, self.subject.values, names=known)
        taken = [one.way for one in self.tasks]
        return chosen_routes(self.process, stage, outcome, taken, about)

    def _follow(self, ways: Sequence[Route]) -> None:
        for way in ways:
            if way.to == END:
                self.failed = (way.label or way.outcome or "It failed.") if way.fails else ""
                continue
            stage = self.process.stages[way.to]
            waits = [one.stage for one in self.tasks if one.status == WAITING]
            if not (stage.join and way.to in waits):
                self.tasks.append(TriedTask(way.to, WAITING if stage.join else OPEN, way.way))
        self._settle()

    def _settle(self) -> None:
        while True:
            waiting = [one.stage for one in self.tasks if one.status == WAITING]
            active = [one.stage for one in self.tasks if one.status == OPEN]
            ready = open_joins(self.process, dict.fromkeys(waiting), active)
            if not ready or self.failed:
                return
            task = next(t for t in self.tasks if t.stage == ready[0] and t.status == WAITING)
            task.status = OPEN

    @property
    def ended(self) -> str:
        """How it has ended: done or failed; empty while it goes on."""
        if self.failed:
            return "failed"
        left = [one for one in self.tasks if one.status != DONE]
        return "" if left or self.stuck or not self.tasks else "done"

    def marks(self) -> dict[str, Mark]:
        states = {OPEN: CURRENT, WAITING: WAITS, DONE: PASSED}
        return {one.stage: Mark(states[one.status]) for one in self.tasks}

    def open(self) -> list[Json]:
        """What can be completed now, each with what somebody would see of it."""
        if self.failed:
            return []
        stages = dict.fromkeys(one.stage for one in self.tasks if one.status == OPEN)
        return [self._told(self.process.stages[name]) for name in stages]

    def _told(self, stage: ProcessStage) -> Json:
        action = stage.action
        return {
            "stage": stage.name,
            "label": stage.label,
            "outcomes": list(stage.outcomes),
            "approves": action is not None and action.verb == APPROVE,
            "who": _who(self.session, stage.performers),
            "time": stage.duration,
        }


def _who(session: Session, performers: Sequence[Mapping[str, Any]]) -> str:
    """Who would do it, as far as that is known without a record."""
    told = []
    for one in performers:
        ((kind, name),) = one.items()
        if kind == "role":
            told.append(str(role_titles(session.catalog, (name,)).get(name, name)))
        else:
            told.append("who started it" if kind == "starter" else str(name))
    return listed(told).replace("`", "") or "the owner of the run"


def tried(run: TrialRun, steps: Sequence[Mapping[str, Any]]) -> None:
    """Go the steps that somebody has chosen, as far as they are possible."""
    run.begin()
    for step in steps[:MOST_STEPS]:
        if run.stuck or run.ended:
            return
        approved = step.get("approved")
        run.complete(
            str(step.get("stage") or ""), str(step.get("outcome") or ""),
            approved if isinstance(approved, bool) else None,
        )  # fmt: skip
