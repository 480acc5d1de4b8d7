"""The semantic checks of processes: names, expressions, and whether every run can end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.types import Type
from metamodel.folding import listed, nearest

from .action_check import check_action
from .definition import ALL, END, START, Process, ProcessStage, read_process
from .durations import BUSINESS, ELAPSED, calendar_named, seconds_of
from .kept_names import RUN, TASK
from .route_graph import graph_of, reached

RESERVED = {START: "where a run begins", END: "where a run ends"}


def check_process(document: Document, check: DocumentCheck) -> None:
    body = document.body
    if RUN not in check.objects or TASK not in check.objects:
        check.fault(
            "",
            "no_package",
            "Processes need the package `processes`, which holds their runs and tasks.",
            "Save the process once more: the package comes with it.",
        )
        return
    subject = check.object("/subject", body["subject"])
    if subject is None:
        return

    def compile(
        pointer: str, source: str, expect: Type | None, names: Mapping[str, Type]
    ) -> Expression | None:
        return check.compile(pointer, source, subject.name, expect=expect, names=names)

    known = len(check.draft.faults)
    process = read_process(document.name, body, compile)
    check.names("/stages", (spec["name"] for spec in body["stages"]), "stage")
    _check_start(body, subject, check)
    for at, spec in enumerate(body["stages"]):
        _StageCheck(f"/stages/{at}", spec, process, subject, check).check()
    for at, spec in enumerate(body["routes"]):
        _check_route(f"/routes/{at}", spec, process, check)
    if len(check.draft.faults) == known:
        _check_graph(process, check)


def _check_start(body: Mapping[str, Any], subject: ObjectType, check: DocumentCheck) -> None:
    for at, role in enumerate(body.get("start", {}).get("allow", ())):
        check.reference(f"/start/allow/{at}", "role", role)
    for member in ("where", "at"):
        if member in body.get("start", {}) and "every" not in body["start"]:
            message = f"`{member}` says nothing without `every`."
            check.fault(f"/start/{member}", "no_every", message, "Add `every`, or remove it.")
    if "owner" in body:
        check_performer("/owner", body["owner"], subject, check)


def check_performer(
    pointer: str, spec: Mapping[str, Any], subject: ObjectType, check: DocumentCheck
) -> None:
    """Whether there is the role, or the field leads to people."""
    if spec.get("starter") is False:
        message = "A performer who is switched off is nobody."
        check.fault(f"{pointer}/starter", "no_meaning", message, "Write true, or remove it.")
    if "role" in spec:
        check.reference(f"{pointer}/role", "role", spec["role"])
    if "field" in spec:
        field = check.path(f"{pointer}/field", subject, spec["field"])
        people = (types.PERSON.name, types.PERSONS.name)
        if field is not None and field.type.name not in people and field.targets != ("user",):
            check.fault(
                f"{pointer}/field",
                "not_a_person",
                f"`{spec['field']}` is not a person.",
                "Name a person field, such as owner or account.manager.",
            )


class _StageCheck:
    """One stage of a document on its way."""

    def __init__(
        self,
        pointer: str,
        spec: Mapping[str, Any],
        process: Process,
        subject: ObjectType,
        check: DocumentCheck,
    ) -> None:
        self.pointer = pointer
        self.spec = spec
        self.process = process
        self.subject = subject
        self.report = check

    def fault(self, member: str, code: str, message: str, hint: str) -> None:
        self.report.fault(f"{self.pointer}/{member}", code, message, hint)

    def check(self) -> None:
        spec = self.spec
        if spec["name"] in RESERVED:
            meaning = RESERVED[spec["name"]]
            message = f"`{spec['name']}` is {meaning}, so no stage can have this name."
            self.fault("name", "reserved_name", message, "Use another name.")
        for at, performer in enumerate(spec.get("performers", ())):
            check_performer(f"{self.pointer}/performers/{at}", performer, self.subject, self.report)
        self._check_times()
        if "main_action" in spec:
            place = f"{self.pointer}/main_action"
            check_action(place, spec["main_action"], self.subject, self.report)
        if "timeout" in spec:
            self._check_timeout(spec["timeout"]["to"])
        if "process" in spec:
            self._check_part()

    def _check_times(self) -> None:
        spec, calendars = self.spec, self.report.draft.calendars
        clock = spec.get("clock", ELAPSED)
        calendar = calendar_named(clock, calendars)
        if clock == BUSINESS and calendar is None:
            hint = "Name a calendar, or write `default: true` in one."
            self.fault("clock", "no_calendar", "There is no default calendar.", hint)
        elif clock not in (ELAPSED, BUSINESS) and calendar is None:
            hint = nearest(clock, calendars.named) or "Write elapsed, business or its name."
            self.fault("clock", "unknown_calendar", f"There is no calendar `{clock}`.", hint)
        elif clock not in (ELAPSED, BUSINESS):
            self.report.uses(f"{self.pointer}/clock", f"calendar/{clock}")
        if "duration" not in spec:
            for member in ("remind_before", "timeout"):
                if member in spec:
                    message = f"Without `duration` there is no end for `{member}`."
                    self.fault(member, "no_duration", message, "Add `duration`.")
            return
        length = seconds_of(spec["duration"], calendar)
        if not length:
            self.fault("duration", "no_time", "No time is left.", "Write 1h or more.")
        if "remind_before" in spec and seconds_of(spec["remind_before"], calendar) >= length:
            message = f"{spec['remind_before']} before the end would be before the beginning."
            self.fault("remind_before", "too_early", message, "Write a shorter time.")

    def _check_timeout(self, to: str) -> None:
        if to not in self.process.stages and to != END:
            self.fault("timeout/to", *_unknown_stage(to, self.process))
        elif to == self.spec["name"]:
            message = "When the time is up it would begin anew, for ever."
            self.fault("timeout/to", "circle", message, "Name another stage, or end.")

    def _check_part(self) -> None:
        name = self.spec["process"]
        document = self.report.reference(f"{self.pointer}/process", "process", name)
        if document is None:
            return
        if document.body.get("subject") != self.subject.name:
            self.fault(
                "process",
                "other_subject",
                f"`{name}` is about {document.body.get('subject')}, not {self.subject.name}.",
                "Use a process for the same object.",
            )
        way = _circle(self.process.name, name, self.report)
        if way:
            message = f"The process would run inside of itself: {' > '.join(way)}."
            self.fault("process", "circle", message, "Remove one of these.")
        for member in ("main_action", "performers"):
            if member in self.spec:
                message = f"A stage with a sub-process has no `{member}` of its own."
                self.fault(member, "part", message, f"Remove `{member}`, or the sub-process.")


def _circle(name: str, part: str, check: DocumentCheck) -> list[str]:
    """The way from a process to itself through its sub-processes; nothing where there is none."""
    documents = check.documents.get("process", {})
    waiting, seen = [[name, part]], set[str]()
    while waiting:
        way = waiting.pop()
        if way[-1] == name:
            return way
        if way[-1] in seen or way[-1] not in documents:
            continue
        seen.add(way[-1])
        waiting += [[*way, one] for one in _parts(documents[way[-1]])]
    return []


def _parts(document: Document) -> Iterator[str]:
    for stage in document.named("stages"):
        if isinstance(stage.get("process"), str):
            yield stage["process"]


def _unknown_stage(name: str, process: Process) -> tuple[str, str, str]:
    hint = nearest(name, process.stages) or f"Use one of {listed([*process.stages, END])}."
    return "unknown_stage", f"There is no stage `{name}`.", hint


def _check_route(
    pointer: str, spec: Mapping[str, Any], process: Process, check: DocumentCheck
) -> None:
    source, to = spec["from"], spec["to"]
    if source != START and source not in process.stages:
        check.fault(f"{pointer}/from", *_unknown_stage(source, process))
        return
    if to != END and to not in process.stages:
        check.fault(f"{pointer}/to", *_unknown_stage(to, process))
        return
    if source == START and to == END:
        message = "A run that begins and ends at once does nothing."
        check.fault(f"{pointer}/to", "nothing_done", message, "Name a stage.")
    if spec.get("fails") and to != END:
        message = "Only a run that ends can have failed."
        check.fault(f"{pointer}/fails", "no_end", message, "Write `to: end`, or remove `fails`.")
    outcome = spec.get("outcome")
    if outcome is None:
        return
    if source == START:
        message = "Nobody chooses an outcome at the start."
        check.fault(f"{pointer}/outcome", "no_outcome", message, "Write a condition as `when`.")
    elif outcome not in process.stages[source].outcomes:
        known = process.stages[source].outcomes
        hint = nearest(outcome, known) or f"Its outcomes are {listed(known)}."
        message = f"`{outcome}` is not an outcome of `{source}`."
        check.fault(f"{pointer}/outcome", "unknown_outcome", message, hint)


def _check_graph(process: Process, check: DocumentCheck) -> None:
    """Every stage is reached, and from each of them every run can come to an end."""
    if not process.ways(START):
        message = "No route leads from `start`, so a run has no first stage."
        first = next(iter(process.stages))
        check.fault("/routes", "no_start", message, f"Add {{from: start, to: {first}}}.")
        return
    graph = graph_of(process)
    there = reached(graph, [START])
    for at, stage in enumerate(process.stages.values()):
        pointer = f"/stages/{at}"
        if stage.name not in there:
            message = f"No route leads to `{stage.name}`."
            hint = "Add a route to it, or remove the stage."
            check.fault(pointer, "unreachable", message, hint)
        elif END not in reached(graph, [stage.name]):
            message = f"From `{stage.name}` a run never comes to an end."
            check.fault(pointer, "never_ends", message, "Add a route that leads on, or to end.")
        else:
            _check_ways_on(pointer, process, stage, check)
            if stage.join:
                _check_join(pointer, process, stage, there, check)
    _check_ways("/routes", process, START, "", check)


def _check_ways_on(
    pointer: str, process: Process, stage: ProcessStage, check: DocumentCheck
) -> None:
    """Whatever the outcome, and whatever the conditions say, there is a way on."""
    if stage.timeout:
        return
    for outcome in stage.outcomes or ("",):
        _check_ways(pointer, process, stage.name, outcome, check)


def _check_ways(
    pointer: str, process: Process, stage: str, outcome: str, check: DocumentCheck
) -> None:
    ways = process.ways(stage)
    fitting = [one for one in ways if one.outcome in ("", outcome)]
    if not ways or any(one.when is None and one.times is None for one in fitting):
        return
    chosen = f" with the outcome {outcome}" if outcome else ""
    if not fitting:
        message = f"No route leads on from `{stage}`{chosen}."
    else:
        message = f"A run can hang in `{stage}`{chosen}: all its routes have conditions."
    hint = "Add a route without `when` and `times`" + ("." if stage == START else ", or `timeout`.")
    check.fault(pointer, "can_hang", message, hint)


def _check_join(
    pointer: str, process: Process, stage: ProcessStage, there: frozenset[str], check: DocumentCheck
) -> None:
    into = [one for one in process.routes if one.to == stage.name]
    into_by_time = [one for one in process.stages.values() if one.timeout == stage.name]
    graph = graph_of(process)
    splits = [
        one.name
        for one in process.stages.values()
        if one.branches == ALL and stage.name in reached(graph, [one.name])
    ]
    if len(into) + len(into_by_time) < 2:
        message = f"Only one route leads to `{stage.name}`, so it has no branches to wait for."
        hint = "Add the routes of the other branches, or remove `join`."
        check.fault(f"{pointer}/join", "lonely_join", message, hint)
    elif not splits:
        message = f"No parallel branches lead to `{stage.name}`, so there is never one to wait for."
        hint = "Write `branches: all` in the stage at which they part, or remove `join`."
        check.fault(f"{pointer}/join", "no_branches", message, hint)
