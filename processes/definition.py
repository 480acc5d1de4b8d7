"""A process as it runs: its stages and routes, with their expressions compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.types import Type
from metamodel.folding import humanise, label_text
from rules.action_reader import text_of

AT = "06:00"
START, END = "start", "end"
ONE, ALL = "one", "all"
CREATE, MAIL, FILL, APPROVE = "create", "mail", "fill", "approve"
CALL, DOCUMENT = "call", "document"
VERBS = (CREATE, MAIL, FILL, APPROVE, CALL, DOCUMENT)
# What conditions of routes may name beside the subject's fields.
NAMES: Mapping[str, Type] = {
    "outcome": types.TEXT, "approved": types.BOOLEAN, "attempt": types.NUMBER,
}  # fmt: skip

# Compiles the expression at a pointer; None where it is not valid.
Compile = Callable[[str, str, Type | None, Mapping[str, Type]], Expression | None]


@dataclass(frozen=True)
class MainAction:
    """What a task is about."""

    verb: str
    must: bool
    object: str = ""  # of which a record is created
    fields: tuple[str, ...] = ()  # that are filled in, asked for, or hold the document
    values: Mapping[str, Expression] = field(default_factory=dict)
    target: str = ""  # the endpoint that is called, or the template of the document
    body: Any = None  # what is sent to it: expressions in objects and lists


@dataclass(frozen=True)
class ProcessStage:
    name: str
    label: str
    instructions: str = ""
    duration: str = ""
    clock: str = "elapsed"
    remind_before: str = ""
    performers: tuple[Mapping[str, Any], ...] = ()
    action: MainAction | None = None
    outcomes: tuple[str, ...] = ()
    branches: str = ONE
    join: bool = False
    process: str = ""
    timeout: str = ""


@dataclass(frozen=True)
class Route:
    at: int  # its place in the document
    source: str
    to: str
    outcome: str = ""
    when: Expression | None = None
    label: str = ""
    times: int | None = None
    fails: bool = False

    @property
    def way(self) -> str:
        """What it is called in tasks, so that its uses can be counted."""
        return f"{self.source}>{self.to}" + (f"#{self.outcome}" if self.outcome else "")


@dataclass(frozen=True, eq=False)
class Process:
    """One version of a process."""

    name: str
    label: str
    subject: str
    about: str
    active: bool
    stages: Mapping[str, ProcessStage]
    routes: tuple[Route, ...]
    owner: Mapping[str, Any] | None = None
    by_hand: bool = True
    allow: tuple[str, ...] = ()
    when: Expression | None = None
    every: str = ""  # days or weeks between two runs for a record
    where: str = ""  # the records for which it starts again and again
    at: str = AT

    def ways(self, stage: str) -> list[Route]:
        """The routes from a stage, or from the start, in their order."""
        return [route for route in self.routes if route.source == stage]

    def order(self, stage: str) -> int:
        return list(self.stages).index(stage)


def read_process(name: str, body: Mapping[str, Any], compile: Compile) -> Process:
    """The process of a document whose schema is met."""
    start = body.get("start", {})
    when = None
    if "when" in start:
        when = compile("/start/when", start["when"], types.BOOLEAN, {})
    if "where" in start:
        compile("/start/where", start["where"], types.BOOLEAN, {})
    routes = tuple(_route(at, spec, compile) for at, spec in enumerate(body["routes"]))
    stages: dict[str, ProcessStage] = {}
    for at, spec in enumerate(body["stages"]):
        stages.setdefault(spec["name"], _stage(f"/stages/{at}", spec, routes, compile))
    return Process(
        name=name,
        label=label_text(body.get("label", humanise(name))),
        subject=body["subject"],
        about=body.get("about", ""),
        active=body.get("active", True),
        stages=stages,
        routes=routes,
        owner=body.get("owner"),
        by_hand=start.get("by_hand", True),
        allow=tuple(start.get("allow", ())),
        when=when,
        every=start.get("every", ""),
        where=start.get("where", ""),
        at=start.get("at", AT),
    )


def _route(at: int, spec: Mapping[str, Any], compile: Compile) -> Route:
    when = None
    if "when" in spec:
        when = compile(f"/routes/{at}/when", spec["when"], types.BOOLEAN, NAMES)
    return Route(
        at, spec["from"], spec["to"], spec.get("outcome", ""), when,
        label_text(spec.get("label", "")), spec.get("times"), spec.get("fails", False),
    )  # fmt: skip


def _stage(
    pointer: str, spec: Mapping[str, Any], routes: Sequence[Route], compile: Compile
) -> ProcessStage:
    named = (route.outcome for route in routes if route.source == spec["name"] and route.outcome)
    action = spec.get("main_action")
    return ProcessStage(
        name=spec["name"],
        label=label_text(spec.get("label", humanise(spec["name"]))),
        instructions=spec.get("instructions", ""),
        duration=spec.get("duration", ""),
        clock=spec.get("clock", "elapsed"),
        remind_before=spec.get("remind_before", ""),
        performers=tuple(spec.get("performers", ())),
        action=None if action is None else _action(f"{pointer}/main_action", action, compile),
        outcomes=tuple(spec.get("outcomes") or dict.fromkeys(named)),
        branches=spec.get("branches", ONE),
        join=spec.get("join", False),
        process=spec.get("process", ""),
        timeout=spec.get("timeout", {}).get("to", ""),
    )


def _action(pointer: str, spec: Mapping[str, Any], compile: Compile) -> MainAction | None:
    verb = next((one for one in VERBS if one in spec), "")
    if not verb:
        return None
    written = {CREATE: spec.get("set", {}), MAIL: spec.get(MAIL, {})}.get(verb, {})
    inner = {CREATE: "set", MAIL: MAIL}.get(verb, "")
    expect = types.TEXT if verb == MAIL else None
    values = {}
    for name, source in written.items():
        compiled = compile(f"{pointer}/{inner}/{name}", source, expect, {})
        if compiled is not None:
            values[name] = compiled
    must = spec.get("must", False)
    if verb == CALL:
        body = _body(f"{pointer}/{CALL}/body", spec[CALL].get("body"), compile)
        return MainAction(verb, must, target=spec[CALL]["to"], body=body)
    if verb == DOCUMENT:
        into = (spec[DOCUMENT]["to"],) if "to" in spec[DOCUMENT] else ()
        return MainAction(verb, must, fields=into, target=spec[DOCUMENT]["template"])
    fields = tuple(spec.get({CREATE: "ask", FILL: FILL}.get(verb, ""), ()))
    return MainAction(verb, must, spec.get(CREATE, ""), fields, values)


def _body(pointer: str, value: Any, compile: Compile) -> Any:
    """Expressions in objects and lists, in their places; None where the record itself is sent."""
    if isinstance(value, Mapping):
        return {name: _body(f"{pointer}/{name}", one, compile) for name, one in value.items()}
    if isinstance(value, list):
        return [_body(f"{pointer}/{at}", one, compile) for at, one in enumerate(value)]
    return None if value is None else compile(pointer, text_of(value), None, {})
