"""A process as a BPMN 2.0 file, with its diagram; what BPMN has no words for stands in extensions.

Every element is plain BPMN, so that other tools draw it. Identifiers of what is no stage have a
hyphen, which no stage has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .bpmn_elements import MODEL, OWN
from .bpmn_words import condition_text, iso_duration, performer_text, plain, shown_label
from .definition import ALL, END, START, Process
from .durations import USUAL
from .route_layout import Box, lay_out

Json = Mapping[str, Any]
FAILED = "end-failed"
GATE = 22.0  # the width of a gateway on the diagram
SPACES = (
    f'xmlns:bpmn="{MODEL}" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fluvial="{OWN}"'
)
# What stands in the process itself; everything else is in the extension of its process.
APART = ("kind", "stages", "routes")


def bpmn_of(body: Json, process: Process) -> str:
    """The file of a process."""
    return "".join(_Export(body, process).lines())


def _own(name: str, value: Json) -> str:
    # ASCII alone: nothing in it that XML has no place for.
    written = escape(json.dumps(value, separators=(",", ":")))
    return (
        f"<bpmn:extensionElements><fluvial:{name}>{written}</fluvial:{name}>"
        "</bpmn:extensionElements>"
    )


def _documented(text: Any) -> str:
    return f"<bpmn:documentation>{escape(plain(text))}</bpmn:documentation>" if text else ""


class _Export:
    def __init__(self, body: Json, process: Process) -> None:
        self.body, self.process = body, process
        self.stages: dict[str, Json] = {one["name"]: one for one in body["stages"]}
        self.ways = {
            name: [r for r in body["routes"] if r["from"] == name] for name in (START, *self.stages)
        }
        self.flows: list[tuple[str, str, str]] = []  # id, source and target
        self.fails = any(one.get("fails") for one in body["routes"])

    def lines(self) -> Iterator[str]:
        name = quoteattr(self.body["name"])
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<bpmn:definitions {SPACES} id="definitions-1" targetNamespace="{OWN}" '
        yield 'exporter="Fluvial">\n'
        yield f"<bpmn:process id={name} name={quoteattr(shown_label(self.body))} "
        yield 'isExecutable="false">\n'
        yield _documented(self.body.get("about"))
        yield _own("process", {k: v for k, v in self.body.items() if k not in APART}) + "\n"
        yield from self._nodes()
        yield from self._flows()
        yield "</bpmn:process>\n"
        yield from self._diagram()
        yield "</bpmn:definitions>\n"

    def _nodes(self) -> Iterator[str]:
        yield f'<bpmn:startEvent id="{START}"/>\n'
        for name, stage in self.stages.items():
            yield from self._stage(name, stage)
            if stage.get("join"):
                yield f'<bpmn:{self._gate(name, "join")} id="join-{name}"/>\n'
            if self._parts(name):
                yield f'<bpmn:{self._gate(name, "ways")} id="ways-{name}"/>\n'
            if "timeout" in stage:
                yield f'<bpmn:boundaryEvent id="time-{name}" attachedToRef="{name}">'
                yield "<bpmn:timerEventDefinition><bpmn:timeDuration "
                yield 'xsi:type="bpmn:tFormalExpression">'
                yield iso_duration(stage.get("duration", USUAL))
                yield "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>\n"
        if len(self.ways[START]) > 1:
            yield f'<bpmn:exclusiveGateway id="ways-{START}"/>\n'
        yield f'<bpmn:endEvent id="{END}"/>\n'
        if self.fails:
            yield f'<bpmn:endEvent id="{FAILED}"><bpmn:errorEventDefinition/></bpmn:endEvent>\n'

    def _stage(self, name: str, stage: Json) -> Iterator[str]:
        kind, more = "userTask", ""
        if "process" in stage:
            kind, more = "callActivity", f" calledElement={quoteattr(stage['process'])}"
        yield f'<bpmn:{kind} id="{name}" name={quoteattr(shown_label(stage))}{more}>'
        yield _documented(stage.get("instructions"))
        yield _own("stage", {k: v for k, v in stage.items() if k != "name"})
        for one in stage.get("performers", ()) if kind == "userTask" else ():
            yield "<bpmn:potentialOwner><bpmn:resourceAssignmentExpression>"
            yield f"<bpmn:formalExpression>{escape(performer_text(one))}</bpmn:formalExpression>"
            yield "</bpmn:resourceAssignmentExpression></bpmn:potentialOwner>"
        yield f"</bpmn:{kind}>\n"

    def _parts(self, name: str) -> bool:
        return len(self.ways[name]) > 1

    def _gate(self, name: str, role: str) -> str:
        if role == "ways" and self.stages[name].get("branches") != ALL:
            return "exclusiveGateway"
        sources = self.ways[name] if role == "ways" else []
        free = not any("when" in one or "outcome" in one for one in sources)
        return "parallelGateway" if role == "ways" and free else "inclusiveGateway"

    def _into(self, name: str) -> str:
        """Where a flow to a stage leads: to the gateway before it, if it has one."""
        return f"join-{name}" if self.stages.get(name, {}).get("join") else name

    def _flows(self) -> Iterator[str]:
        for name, stage in self.stages.items():
            if stage.get("join"):
                yield self._flow(f"into-{name}", f"join-{name}", name)
            if self._parts(name):
                yield self._flow(f"from-{name}", name, f"ways-{name}")
            if not self.ways[name]:
                yield self._flow(f"last-{name}", name, END)
            if "timeout" in stage:
                to = self._into(stage["timeout"]["to"])
                yield self._flow(f"late-{name}", f"time-{name}", to)
        if len(self.ways[START]) > 1:
            yield self._flow(f"from-{START}", START, f"ways-{START}")
        for at, route in enumerate(self.body["routes"]):
            yield self._route(at, route)

    def _flow(self, id: str, source: str, target: str) -> str:
        self.flows.append((id, source, target))
        return f'<bpmn:sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}"/>\n'

    def _route(self, at: int, route: Json) -> str:
        source = f"ways-{route['from']}" if self._parts(route["from"]) else route["from"]
        target = FAILED if route.get("fails") else self._into(route["to"])
        self.flows.append((f"route-{at}", source, target))
        name = plain(route_name(route))
        named = f" name={quoteattr(name)}" if name else ""
        condition = condition_text(route)
        said = (
            '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
            f"{escape(condition)}</bpmn:conditionExpression>"
            if condition
            else ""
        )
        own = _own("route", {k: v for k, v in route.items() if k not in ("from", "to")})
        return (
            f'<bpmn:sequenceFlow id="route-{at}"{named} sourceRef="{source}" '
            f'targetRef="{target}">{own}{said}</bpmn:sequenceFlow>\n'
        )

    def _diagram(self) -> Iterator[str]:
        places = self._places()
        name = quoteattr(self.body["name"])
        yield '<bpmndi:BPMNDiagram id="diagram-1">'
        yield f'<bpmndi:BPMNPlane id="plane-1" bpmnElement={name}>\n'
        for id, box in places.items():
            yield f'<bpmndi:BPMNShape id="shape-{id}" bpmnElement="{id}"><dc:Bounds '
            yield f'x="{box.x - box.width / 2:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" '
            yield f'height="{box.height:.0f}"/></bpmndi:BPMNShape>\n'
        for id, source, target in self.flows:
            one, other = places[source], places[target]
            yield f'<bpmndi:BPMNEdge id="edge-{id}" bpmnElement="{id}">'
            yield f'<di:waypoint x="{one.x:.0f}" y="{one.y + one.height:.0f}"/>'
            yield f'<di:waypoint x="{other.x:.0f}" y="{other.y:.0f}"/></bpmndi:BPMNEdge>\n'
        yield "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\n"

    def _places(self) -> dict[str, Box]:
        """Stages as on the route map, with room for the gateways between them."""
        boxes = {name: box for name, box in lay_out(self.process).boxes.items() if not box.passing}
        last = max(boxes.values(), key=lambda one: one.y)
        boxes.setdefault(END, Box(END, last.row + 1, 26.0, 26.0, x=last.x, y=last.y + 100))
        for box in boxes.values():
            box.y *= 1.6

        def gate(id: str, box: Box, dx: float, dy: float) -> None:
            boxes[id] = Box(id, box.row, GATE, GATE, x=box.x + dx, y=box.y + dy)

        for name, stage in self.stages.items():
            box = boxes[name]
            if stage.get("join"):
                gate(f"join-{name}", box, 0, -GATE - 14)
            if self._parts(name):
                gate(f"ways-{name}", box, 0, box.height + 14)
            if "timeout" in stage:
                gate(f"time-{name}", box, box.width / 2 - GATE, box.height - GATE / 2)
        if len(self.ways[START]) > 1:
            gate(f"ways-{START}", boxes[START], 0, boxes[START].height + 14)
        if self.fails:
            gate(FAILED, boxes[END], 60, 2)
        return boxes


def route_name(route: Json) -> str:
    """What a flow is called: the label of its route, or its outcome."""
    label = route.get("label") or route.get("outcome") or ""
    return str(label if isinstance(label, str) else label.get("en") or next(iter(label.values())))
