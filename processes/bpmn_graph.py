"""The one process of a BPMN file as nodes and flows, without what processes here cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fluvial.kernel.problems import Unprocessable, fault
from metamodel.folding import listed

from .bpmn_elements import MODEL, Element, refuse

ACTIVITIES = ("task", "userTask", "manualTask", "sendTask", "callActivity")
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")
NODES = (*ACTIVITIES, *GATEWAYS, "startEvent", "endEvent", "boundaryEvent",
         "intermediateThrowEvent")  # fmt: skip
# What is left out, and said so.
LEFT_OUT = (
    "textAnnotation", "association", "dataObject", "dataObjectReference", "dataStoreReference",
    "group", "property", "ioSpecification",
)  # fmt: skip
SILENT = ("documentation", "extensionElements", "laneSet", "sequenceFlow", "auditing", "monitoring",
          "supports")  # fmt: skip
# Why an element cannot be imported, and what to draw in its place.
PART = "Draw it as a process of its own, and call it with a call activity."
REFUSED = {
    "serviceTask": "Nobody does a service task. Draw a user task that calls, or make it a rule.",
    "scriptTask": "Nobody does a script task. Make it a rule, and draw the stages around it.",
    "businessRuleTask": "Nobody does a business rule task. Ask the decision in a calculated field.",
    "receiveTask": "A stage waits for people, not for messages. Draw a user task.",
    "subProcess": f"An embedded sub-process cannot be a stage. {PART}",
    "transaction": f"A transaction cannot be a stage. {PART}",
    "adHocSubProcess": f"An ad-hoc sub-process has no order. {PART}",
    "eventBasedGateway": "Routes are chosen by people and conditions. Draw an exclusive gateway.",
    "complexGateway": "It has no meaning here. Draw an exclusive, parallel or inclusive gateway.",
    "intermediateCatchEvent": "A run waits in stages only. Draw a user task with a timer on it.",
    "eventSubProcess": "Routes begin at stages, not at events. Draw a route, or make a rule.",
}
# What events send is left out, and said so: the run goes on, or ends, as it would with it.
_MESSAGES = (
    "messageEventDefinition", "signalEventDefinition", "escalationEventDefinition",
    "compensateEventDefinition",
)  # fmt: skip
SENT = {"endEvent": _MESSAGES, "intermediateThrowEvent": _MESSAGES}
FAILING = ("errorEventDefinition", "terminateEventDefinition")
MULTIPLE = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")


@dataclass
class Flow:
    id: str
    source: str
    target: str
    element: Element
    at: int  # its place in the file
    name: str = ""
    condition: str = ""
    default: bool = False


@dataclass
class BpmnGraph:
    """Nodes by their ids, and flows in the order of the file."""

    process: Element
    nodes: dict[str, Element]
    flows: list[Flow]
    lanes: dict[str, str]  # the name of the lane in which a node lies
    notes: list[str] = field(default_factory=list)

    def out(self, id: str) -> list[Flow]:
        """The flows from a node; the one that is taken if no other fits is the last."""
        found = [one for one in self.flows if one.source == id]
        return sorted(found, key=lambda one: one.default)

    def into(self, id: str) -> list[Flow]:
        return [one for one in self.flows if one.target == id]

    def called(self, id: str) -> str:
        """What a node is called in messages."""
        node = self.nodes[id]
        name = " ".join(node.get("name").split())
        return f"{name or id} (line {node.line})"


class BpmnFaults:
    """What cannot be imported, all at once."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def add(self, message: str, code: str = "not_supported") -> None:
        self.found.append(fault("/bpmn", code, message))

    def tell(self) -> None:
        if self.found:
            told = " ".join(one["message"] for one in self.found[:5])
            raise Unprocessable(told, errors=self.found[:100])


def graph_of(root: Element, faults: BpmnFaults, wanted: str = "") -> BpmnGraph:
    """The process of a file; of several the one with this name, or in the pool with it."""
    process = _chosen(root, wanted)
    nodes: dict[str, Element] = {}
    notes = _left_out(root, process)
    for one in process.children:
        if one.space != MODEL or one.name in SILENT or one.name in LEFT_OUT:
            continue
        _enter(one, nodes, faults)
    flows = list(_flows(process, nodes, faults))
    faults.tell()
    return BpmnGraph(process, nodes, flows, _lanes(process), notes)


def _chosen(root: Element, wanted: str) -> Element:
    processes = [one for one in root.all("process") if any(one.all(*NODES))]
    if not processes:
        refuse("The file has no process with elements, so there is nothing to import.")
    names = _names_of(root, processes)
    found = [one for one, name in names if wanted in (name, one.get("id"))]
    if len(processes) == 1 and not wanted:
        return processes[0]
    if len(found) != 1:
        said = f"`{wanted}` is none of them. " if wanted else ""
        raise Unprocessable(
            f"The file has several processes: {listed([name for _, name in names])}. {said}Send "
            "`process` with the name of one; each becomes a process of its own.",
            errors=[fault("/process", "choose_one", name) for _, name in names],
        )
    return found[0]


def _names_of(root: Element, processes: Sequence[Element]) -> list[tuple[Element, str]]:
    """What each process is called: itself, or its pool; by its id where that tells it apart."""
    pools = {
        one.get("processRef").rpartition(":")[2]: one.get("name")
        for held in root.all("collaboration")
        for one in held.all("participant")
    }
    said = [
        " ".join((one.get("name") or pools.get(one.get("id")) or one.get("id")).split())
        for one in processes
    ]
    return [
        (one, name if said.count(name) == 1 else one.get("id"))
        for one, name in zip(processes, said, strict=True)
    ]


def _left_out(root: Element, process: Element) -> list[str]:
    found = [one.name for one in process.children if one.name in LEFT_OUT]
    found += [one.name for held in root.all("collaboration") for one in held.all("messageFlow")]
    found += [event.name for one in process.all(*SENT) for event in one.all(*SENT[one.name])]
    return [f"{found.count(name)} × {name} left out." for name in dict.fromkeys(found)]


def _enter(one: Element, nodes: dict[str, Element], faults: BpmnFaults) -> None:
    name = " ".join((one.get("name") or one.get("id") or one.name).split())
    called = f"{name} (line {one.line})"
    kind = "eventSubProcess" if one.get("triggeredByEvent") == "true" else one.name
    if kind in REFUSED or one.name not in NODES:
        why = REFUSED.get(kind, f"`{one.name}` has no meaning here. Draw it without.")
        faults.add(f"{called}: {why}")
        return
    id = one.get("id")
    if not id or id in nodes:
        faults.add(f"{called}: every element needs an id of its own.", "id")
        return
    for loop in one.all(*MULTIPLE):
        faults.add(f"{called}: stages have no {loop.name}. Draw the loop as a route back.")
    events = [e.name for e in one.children if e.space == MODEL and "EventDefinition" in e.name]
    _check_events(one, events, called, faults)
    nodes[id] = one


def _check_events(one: Element, events: list[str], called: str, faults: BpmnFaults) -> None:
    known = {
        "endEvent": FAILING,
        "boundaryEvent": ("timerEventDefinition",),
    }.get(one.name, ())
    for event in events:
        if one.name == "startEvent":
            continue  # it is said how the process starts when it is here
        if event not in known and event not in SENT.get(one.name, ()):
            faults.add(f"{called}: {event} is not known at {one.name}. Draw a stage or a route.")


def _flows(process: Element, nodes: dict[str, Element], faults: BpmnFaults) -> Iterator[Flow]:
    defaults = {one.get("default") for one in nodes.values() if one.get("default")}
    for at, one in enumerate(process.all("sequenceFlow")):
        id, source, target = one.get("id"), one.get("sourceRef"), one.get("targetRef")
        condition = one.first("conditionExpression")
        if source in nodes and target in nodes:
            yield Flow(
                id, source, target, one, at, one.get("name").strip(),
                condition.text if condition is not None else "", id in defaults,
            )  # fmt: skip
        elif not faults.found:
            message = (
                f"The flow {id or 'without an id'} (line {one.line}) leads from or to nothing."
            )
            faults.add(message, "loose_flow")


def _lanes(process: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for held in process.all("laneSet"):
        for lane in (one for one in held.below() if one.space == MODEL and one.name == "lane"):
            for ref in lane.all("flowNodeRef"):
                found[ref.text] = lane.get("name").strip() or found.get(ref.text, "")
    return found
