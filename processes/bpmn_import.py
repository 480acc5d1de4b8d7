"""A BPMN 2.0 file as the document of a process, with notes on what was left out.

Tasks become stages; gateways become the routes, branches and joins of the stages between which they
stand. What this product wrote itself comes back as it was, unless another tool has changed it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.folding import humanise

from .bpmn_elements import Element, read
from .bpmn_export import route_name
from .bpmn_graph import ACTIVITIES, FAILING, BpmnFaults, BpmnGraph, Flow, graph_of
from .bpmn_people import BpmnPeople
from .bpmn_words import (
    condition_text,
    iso_duration,
    json_of,
    own_duration,
    plain,
    shown_label,
    slug_of,
)
from .definition import ALL, END, START
from .durations import USUAL

Json = dict[str, Any]
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Words of other expression languages.
OTHERS = (
    (re.compile(r"&&"), " and "), (re.compile(r"\|\|"), " or "),
    (re.compile(r"!(?!=)"), " not "), (re.compile(r"(?<![<>=!])=(?!=)"), "=="),
    (re.compile(r"\beq\b"), "=="), (re.compile(r"\bne\b"), "!="),
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What an import asks of the site: which conditions can be read, and what roles there are."""

    reads: Callable[[str], bool]
    roles: Mapping[str, str]  # by name and by label, in small letters


@dataclass
class FlowWay:
    """How one comes from a stage to the next one: over flows and through gateways."""

    flows: list[Flow]
    target: str
    joins: bool = False


@dataclass
class ImportedProcess:
    document: Json
    notes: list[str] = field(default_factory=list)


def imported(text: str, subject: str, name: str, known: Known, wanted: str = "") -> ImportedProcess:
    """The document of a file; `wanted` is the process that is meant, where there are several."""
    faults = BpmnFaults()
    graph = graph_of(read(text), faults, wanted)
    return _Import(graph, faults, known).made(subject, name)


class _Import:
    def __init__(self, graph: BpmnGraph, faults: BpmnFaults, known: Known) -> None:
        self.graph, self.faults, self.known = graph, faults, known
        self.notes = list(graph.notes)
        self.people = BpmnPeople(graph, known.roles, self.notes)
        self.names = self._names()
        self.splits: dict[str, bool] = {}  # stages that go on all ways
        self.joins: set[str] = set()

    def made(self, subject: str, name: str) -> ImportedProcess:
        process = self.graph.process
        own = json_of(process.own("process"))
        routes = self._beginning()
        for id in self._activities():
            routes += self._routes(id, self.names[id])
        stages = [self._stage(id) for id in self._activities()]
        self.faults.tell()
        if any("fluvial" in one for _, one in routes):
            routes.sort(key=lambda one: one[0])
        found = [{k: v for k, v in one.items() if k != "fluvial"} for _, one in routes]
        body = {**own, "kind": "process", "name": name or self._own_name(), "subject": subject}
        self._head(body, process)
        return ImportedProcess({**body, "stages": stages, "routes": found}, self.notes)

    def _beginning(self) -> list[tuple[int, Json]]:
        """The routes from the start: one event, several that lead alike, or a task before all."""
        nodes = self.graph.nodes
        starts = [id for id, one in nodes.items() if one.name == "startEvent"]
        if not self._activities():
            self.faults.add("The process has no task that people do, so it has no stage.")
        if not starts:
            loose = [id for id in nodes if not self.graph.into(id)]
            first = [id for id in loose if nodes[id].name != "boundaryEvent"]
            if len(first) == 1 and nodes[first[0]].name in ACTIVITIES:
                self.notes.append(f"Without a start event it begins with {self.names[first[0]]}.")
                return [(-1, {"from": START, "to": self.names[first[0]]})]
            self.faults.add("There is no start event. Draw one that leads to the first task.")
            return []
        found = [self._routes(id, START) for id in starts]
        if not any(found):
            self.faults.add("No flow leads from the start event. Draw one to the first task.")
        ways = [[route for _, route in one] for one in found]
        if any(one != ways[0] for one in ways):
            self.faults.add(
                f"There are {len(starts)} start events that lead to different places. Draw one, "
                "or a process for each."
            )
        if len(starts) > 1 or any("EventDefinition" in e.name for e in nodes[starts[0]].children):
            self.notes.append("How the process starts was left out: it starts by hand.")
        return found[0]

    def _head(self, body: Json, process: Element) -> None:
        label, about = process.get("name").strip(), process.first("documentation")
        if label and (not process.own("process") or label != shown_label(body)):
            body["label"] = label
        said = about.text if about is not None else ""
        if said != plain(body.get("about") or ""):
            body.pop("about", None)
            body |= {"about": said} if said else {}

    def _own_name(self) -> str:
        process = self.graph.process
        given = process.get("id")
        return (
            given if NAME.fullmatch(given) else slug_of(process.get("name") or given or "process")
        )

    def _activities(self) -> list[str]:
        return [id for id, one in self.graph.nodes.items() if one.name in ACTIVITIES]

    def _names(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for id in self._activities():
            label = self.graph.nodes[id].get("name")
            stem = id if NAME.fullmatch(id) and id not in (START, END) else slug_of(label or id)
            name, at = stem, 1
            while name in (START, END) or name in found.values():
                at += 1
                name = f"{stem[:36]}_{at}"
            found[id] = name
        return found

    def _stage(self, id: str) -> Json:
        node = self.graph.nodes[id]
        own = json_of(node.own("stage"))
        stage: Json = {"name": self.names[id], **own}
        ours = bool(node.own("stage"))
        label = plain(node.get("name") if ours else " ".join(node.get("name").split()))
        if label and (not ours or label != shown_label(stage)):
            stage["label"] = label[:200]
        self._said(stage, "instructions", node.first("documentation"))
        self._kind(stage, node, own=ours)
        self.people.give(stage, id, own)
        if self.splits.get(id, False) != (stage.get("branches") == ALL):
            stage.pop("branches", None)
            stage |= {"branches": ALL} if self.splits.get(id) else {}
        if (self.names[id] in self.joins) != bool(stage.get("join")):
            stage.pop("join", None)
            stage |= {"join": True} if self.names[id] in self.joins else {}
        self._timeout(stage, id)
        return stage

    def _said(self, stage: Json, name: str, element: Element | None) -> None:
        said = element.text if element is not None else ""
        if said != plain(stage.get(name) or ""):
            stage.pop(name, None)
            stage |= {name: said[:4000]} if said else {}

    def _kind(self, stage: Json, node: Element, *, own: bool) -> None:
        if node.name == "callActivity":
            called = node.get("calledElement").rpartition(":")[2]
            if not called:
                self.faults.add(f"{self.graph.called(node.get('id'))} calls no process.")
            stage["process"] = called
        elif "process" in stage:
            stage.pop("process")
        if node.name == "sendTask" and not own:
            stage["main_action"] = {"mail": {}, "must": True}

    def _timeout(self, stage: Json, id: str) -> None:
        timers = [
            (at, one)
            for at, one in self.graph.nodes.items()
            if one.name == "boundaryEvent" and one.get("attachedToRef") == id
        ]
        for at, one in timers:
            if one.get("cancelActivity") == "false":
                self.notes.append(f"{self.graph.called(at)} was left out: use remind_before.")
        found = [(at, one) for at, one in timers if one.get("cancelActivity") != "false"]
        if len(found) > 1:
            self.faults.add(f"{self.graph.called(id)} has several timers. A stage has one.")
        if not found:
            stage.pop("timeout", None)
            return
        at, timer = found[0]
        ways = self._ways(at)
        if len(ways) != 1:
            self.faults.add(f"{self.graph.called(at)} has to lead to one stage, or to the end.")
            return
        stage["timeout"] = {"to": self._place(ways[0])}
        self._length(stage, at, timer)

    def _length(self, stage: Json, at: str, timer: Element) -> None:
        spans = [one.text for one in timer.below() if one.name == "timeDuration"]
        iso = spans[0] if spans else ""
        if iso == iso_duration(stage.get("duration", USUAL)):
            return
        length = own_duration(iso)
        if not length:
            said = f"{iso or 'its time'} is not a duration such as P1D or PT4H"
            self.faults.add(f"{self.graph.called(at)}: {said}. Write one.")
        stage["duration"] = length

    def _routes(self, id: str, name: str) -> list[tuple[int, Json]]:
        ways = self._ways(id)
        node = self.graph.nodes[id]
        if len(self.graph.out(id)) > 1 and node.name in ACTIVITIES:
            self.splits[id] = True
        found = []
        for way in ways:
            route = self._route(name, way)
            if route is not None:
                found.append(
                    (way.flows[-1].at if "fluvial" not in route else route["fluvial"], route)
                )
        plain_end = len(found) == 1 and found[0][1] == {"from": name, "to": END}
        if plain_end and ways[0].flows[0].id == f"last-{id}":
            return []  # a stage without routes ends the branch by itself
        free = [one for _, one in found if not one.keys() - {"from", "to", "label"}]
        if len(free) > 1 and not self.splits.get(id):
            found = self._named(id, found)
        return found

    def _named(self, id: str, found: list[tuple[int, Json]]) -> list[tuple[int, Json]]:
        """The ways on that have neither a condition nor a name are called as where they lead."""
        labels = {name: self.graph.nodes[at].get("name") for at, name in self.names.items()}
        routes: list[tuple[int, Json]] = []
        for at, route in found:
            if not route.keys() - {"from", "to", "label"}:
                label = route.get("label") or labels.get(route["to"]) or humanise(route["to"])
                route = {**route, "outcome": " ".join(label.split())[:60]}
            if all(route != other for _, other in routes):
                routes.append((at, route))
        self.notes.append(
            f"{self.graph.called(id)}: its ways on have neither a condition nor a name. People "
            "choose them by where they lead."
        )
        return routes

    def _ways(self, id: str) -> list[FlowWay]:
        found: list[FlowWay] = []
        for flow in self.graph.out(id):
            self._follow(id, flow, FlowWay([], ""), found, set())
        return found

    def _follow(
        self, stage: str, flow: Flow, way: FlowWay, found: list[FlowWay], seen: set[str]
    ) -> None:
        here = FlowWay([*way.flows, flow], flow.target, way.joins)
        node = self.graph.nodes[flow.target]
        if node.name in ACTIVITIES or node.name == "endEvent":
            found.append(here)
            return
        if flow.target in seen:
            self.faults.add(
                f"{self.graph.called(flow.target)} leads back to itself without a task."
            )
            return
        if node.name in ("startEvent", "boundaryEvent"):
            self.faults.add(f"{self.graph.called(flow.target)}: no flow leads to it.")
            return
        out = self.graph.out(flow.target)
        if not out:
            found.append(here)  # a gateway or event behind which nothing comes
            return
        self._gateway(stage, node, here, len(out))
        for one in out:
            self._follow(stage, one, here, found, {*seen, flow.target})

    def _gateway(self, stage: str, node: Element, way: FlowWay, out: int) -> None:
        """What a gateway on a way means for its stage, and for the one behind it."""
        if node.name not in ("parallelGateway", "inclusiveGateway"):
            if out > 1 and way.joins:
                called = self.graph.called(node.get("id"))
                self.faults.add(f"{called}: a choice stands behind a join. Draw a task between.")
            return
        id = node.get("id")
        called = self.graph.called(id)
        joins = len(self.graph.into(id)) > 1 or id.startswith("join-")
        if joins and out > 1:
            self.faults.add(f"{called} joins branches and parts them at once. Draw two gateways.")
        if joins:
            way.joins = True
        elif out > 1:
            if self.graph.nodes[stage].name not in ACTIVITIES or len(way.flows) > 1:
                self.faults.add(f"{called}: branches part behind a task. Draw a task before it.")
            if any(one.default for one in self.graph.out(id)):
                self.faults.add(f"{called}: an inclusive gateway has no default flow here.")
            self.splits[stage] = True

    def _place(self, way: FlowWay) -> str:
        """Where a way leads; a stage behind a join waits for its branches."""
        name = self.names.get(way.target, END)
        if way.joins and name != END:
            self.joins.add(name)
        return name

    def _route(self, name: str, way: FlowWay) -> Json | None:
        to = self._place(way)
        target = self.graph.nodes[way.target]
        for flow in way.flows:
            written = flow.element.own("route")
            if written and condition_text(json_of(written)) == flow.condition:
                own = json_of(written)
                route = {"from": name, "to": to, **own}
                if flow.name and flow.name != plain(route_name(own)):
                    route["label"] = flow.name
                return {**self._ending(route, target, way, own=True), "fluvial": flow.at}
        return self._ending(self._foreign(name, to, way), target, way, own=False)

    def _foreign(self, name: str, to: str, way: FlowWay) -> Json:
        """A route of another tool, from the names and conditions of its flows."""
        route: Json = {"from": name, "to": to}
        conditions = []
        for flow in way.flows:
            condition = self._read(flow.condition)
            if condition:
                conditions.append(condition)
            elif flow.condition and not flow.name:
                where = f"The flow {flow.id} (line {flow.element.line})"
                self.faults.add(
                    f"{where}: `{flow.condition[:80]}` cannot be read here. Name the flow, so that "
                    "people choose it, or write a condition over the record."
                )
            split = len(self.graph.out(flow.source)) > 1
            if flow.name and not condition and split and self._chosen(flow):
                self._outcome(route, flow, way)
            elif flow.name:
                route.setdefault("label", flow.name)
        if conditions:
            route["when"] = " and ".join(f"({c})" if len(conditions) > 1 else c for c in conditions)
        return route

    def _outcome(self, route: Json, flow: Flow, way: FlowWay) -> None:
        """The name of a flow as what people choose."""
        if "outcome" in route:
            called = self.graph.called(way.flows[0].source)
            words = "two choices stand behind each other. Draw a task between them."
            self.faults.add(f"{called}: {words}")
        route["outcome"] = flow.name[:60]
        if flow.condition:
            said = f"`{flow.condition[:80]}` cannot be read here"
            self.notes.append(f"{flow.name}: {said}, so people choose it as an outcome.")

    def _chosen(self, flow: Flow) -> bool:
        """Whether a named flow is one that people choose: none beside it has a condition alone."""
        beside = self.graph.out(flow.source)
        read = [one for one in beside if self._read(one.condition)]
        parting = self.graph.nodes[flow.source].name in ("parallelGateway",)
        return not parting and not (read and flow.default) and (not read or not flow.default)

    def _ending(self, route: Json, target: Element, way: FlowWay, *, own: bool) -> Json:
        fails = target.name == "endEvent" and any(target.all(*FAILING))
        if fails != bool(route.get("fails")):
            route.pop("fails", None)
            route |= {"fails": True} if fails else {}
        if fails and not own and target.get("name"):
            route.setdefault("label", target.get("name").strip()[:200])
        return route

    def _read(self, text: str) -> str:
        """A condition as expressions here are written; empty where it cannot be read."""
        said = text.strip()
        if not said:
            return ""
        match = re.fullmatch(r"[$#]\{(.*)\}", said, re.DOTALL)
        said = (match[1] if match else said.removeprefix("=")).strip()
        if self.known.reads(said):
            return said
        for pattern, word in OTHERS:
            said = pattern.sub(word, said)
        said = " ".join(said.split())
        return said if self.known.reads(said) else ""
