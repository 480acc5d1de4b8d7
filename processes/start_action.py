"""The action of rules that starts a process, for the rule's record or for one that it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.problems import Problem
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.reach import Reach
from rules.action_kinds import ActionKind
from rules.action_reader import ActionReader
from rules.effect_kinds import EffectKind
from rules.execution import Execution
from rules.model import Action, Rule

from .kept_names import PROCESS, RUN
from .task_steps import start
from .versions import process_named

SCHEMA: Mapping[str, Any] = {
    "title": "Start a process",
    "type": "object",
    "properties": {
        "process": {
            "title": "Process",
            "$ref": "#/$defs/name",
            "description": "The process to start.",
            "x-editor": {"is": "document", "kind": PROCESS},
        },
        "for": {
            "title": "For",
            "$ref": "#/$defs/expression",
            "description": "The record that it is about, by default the rule's: such as account.",
        },
    },
    "required": ["process"],
    "additionalProperties": False,
    "description": "Starts a process for a record.",
}


@dataclass(frozen=True)
class Start(Action):
    process: str
    subject: Expression | None


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["start"], f"{pointer}/start"
    document = reader.check.reference(f"{place}/process", PROCESS, spec["process"])
    if document is None:
        return None
    about, subject = str(document.body.get("subject")), None
    if "for" in spec:
        subject = reader.compile(f"{place}/for", spec["for"])
        if subject is None:
            return None
        fits = subject.type.name == types.RECORD.name and subject.type.objects == (about,)
    else:
        fits = reader.trigger.object == about
    if not fits:
        reader.check.fault(
            f"{place}/for" if "for" in spec else f"{place}/process",
            "other_subject",
            f"`{spec['process']}` is about {about}, and this is not.",
            f"Name a record of {about} as `for`.",
        )
        return None
    return Start("start", spec["process"], subject)


def _acts(pointer: str, rule: Rule, action: Start) -> Iterator[Reach]:
    yield Reach(f"{pointer}/start", "read", rule.trigger.object, everywhere=True)


def _perform(execution: Execution, at: int, action: Start) -> None:
    session = execution.asking.as_actor(execution.asking.actor, execution.acting.cause)
    process = process_named(session, action.process)
    if not process.active:
        raise Problem(f"{process.label} is switched off.")
    record: Any = execution.event.record
    if action.subject is not None:
        record = evaluate(action.subject, execution.environment)
        record = record[1] if isinstance(record, tuple) else record
    if not record:
        execution.run.say(f"There is no record to start {process.label} for.")
        return
    run = start(session, process, (process.subject, record))
    told = {"object": RUN, "title": process.label}
    execution.effects(at, "start", {run.id: told})
    execution.run.say(f"It started {process.label}.")


START_ACTION = ActionKind(
    "start",
    "Start a process",
    SCHEMA,
    _read,
    _perform,
    acts=_acts,
    effects=(EffectKind("start", "route", "Started the", "Starts the"),),
    says="start {process|process}[ for {for|field}]",
    icon="route",
)
