"""Processes come and go as BPMN 2.0 files: what goes comes back, what cannot be says why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fluvial.kernel.problems import Unprocessable
from processes.bpmn_elements import read
from processes.bpmn_export import bpmn_of
from processes.bpmn_import import Known, imported
from processes.definition import read_process
from tests.processes.desk import Desk, Json, process, stages, ways

ROOT = Path(__file__).parents[2]
READS = Known(
    lambda text: "moon" not in text and "&&" not in text, {"buyer": "buyer", "the buyers": "buyer"}
)
MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def there_and_back(body: Json) -> Json:
    shown = read_process(body["name"], body, lambda *given: None)
    return imported(bpmn_of(body, shown), body["subject"], "", READS).document


LETTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t\x01")
WORDS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
NAMES = ("a", "b", "c", "d")


@st.composite
def bodies(draw: st.DrawFn) -> Json:
    """Documents as their schema has them, whether or not runs would come to an end."""
    names = NAMES[: draw(st.integers(1, 4))]
    targets = [*names, "end"]
    found: list[Json] = []
    for name in names:
        stage: Json = {"name": name}
        of_stage: list[tuple[str, st.SearchStrategy[Any]]] = [
            ("label", WORDS | st.fixed_dictionaries({"en": WORDS, "de": WORDS})),
            ("instructions", WORDS), ("duration", st.sampled_from(["1d", "90min", "1w 2d 4h"])),
            ("performers", st.just([{"role": "buyer"}, {"field": "owner"}, {"starter": True}])),
            ("main_action", st.just({"mail": {"to": "'<a&b>'"}, "must": True})),
            ("outcomes", st.just(["Yes", "No"])), ("branches", st.sampled_from(["one", "all"])),
            ("join", st.just(True)),
        ]  # fmt: skip
        for member, values in of_stage:
            if draw(st.booleans()):
                stage[member] = draw(values)
        if draw(st.booleans()):
            stage["timeout"] = {"to": draw(st.sampled_from(targets))}
        found.append(stage)
    routes: list[Json] = [{"from": "start", "to": names[0]}]
    for source in draw(st.lists(st.sampled_from(["start", *names]), max_size=7)):
        to = draw(st.sampled_from(names if source == "start" else targets))
        route: Json = {"from": source, "to": to}
        of_route: list[tuple[str, st.SearchStrategy[Any]]] = [
            ("outcome", WORDS), ("when", st.sampled_from(["x < 3", "a and 'b & <c>'"])),
            ("label", WORDS), ("times", st.integers(1, 5)),
        ]  # fmt: skip
        for member, values in of_route:
            if draw(st.booleans()):
                route[member] = draw(values)
        if to == "end" and draw(st.booleans()):
            route["fails"] = True
        routes.append(route)
    joined = [one["name"] for one in found if one.get("join")]
    for one in found:  # what no branch leads to is no join
        if one["name"] in joined and not any(r["to"] == one["name"] for r in routes):
            del one["join"]
        if one.get("branches") == "all" and sum(r["from"] == one["name"] for r in routes) < 2:
            del one["branches"]
    return process("drawn", found, routes, about="What\nit is", start={"by_hand": False})


@given(bodies())
def test_what_is_exported_comes_back_as_it_was(body: Json) -> None:
    assert there_and_back(body) == body


@pytest.mark.parametrize("path", sorted((ROOT / "apps/psa/processes").glob("*.yaml")), ids=str)
def test_the_processes_of_the_app_come_back_as_they_were(path: Path) -> None:
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert there_and_back(body) == body


def bpmn(inner: str, prefix: str = "bpmn", more: str = "") -> str:
    """A file as tools write it, with a diagram that is not read."""
    own = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    inner = inner.replace("<~", f"<{own}").replace("</~", f"</{own}")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{own}definitions {space}="{MODEL}" {more} '
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="http://x.example">'
        f"{inner}<bpmndi:BPMNDiagram><bpmndi:BPMNPlane/></bpmndi:BPMNDiagram></{own}definitions>"
    )


def flow(id: str, source: str, target: str, more: str = "", condition: str = "") -> str:
    said = f"<~conditionExpression>{condition}</~conditionExpression>" if condition else ""
    return f'<~sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}" {more}>{said}</~sequenceFlow>'  # noqa: E501


MODELER = bpmn(
    '<~process id="Process_1x4" name="Order" isExecutable="true"><~startEvent id="Start_1"/>'
    '<~userTask id="Activity_0a" name="Check order" camunda:candidateGroups="buyer,moon">'
    "<~documentation>Look twice.</~documentation></~userTask>"
    '<~exclusiveGateway id="Gateway_1" default="Flow_4"/>'
    '<~userTask id="Activity_1b" name="Check order" camunda:assignee="ada@example.com"/>'
    '<~boundaryEvent id="Timer_1" attachedToRef="Activity_1b"><~timerEventDefinition>'
    "<~timeDuration>P1DT4H</~timeDuration></~timerEventDefinition></~boundaryEvent>"
    '<~sendTask id="Activity_2c" name="Tell them"/><~endEvent id="End_1"/>'
    '<~endEvent id="End_2" name="Not ordered"><~errorEventDefinition/></~endEvent>'
    + flow("Flow_1", "Start_1", "Activity_0a") + flow("Flow_2", "Activity_0a", "Gateway_1")
    + flow("Flow_4", "Gateway_1", "End_2")
    + flow("Flow_3", "Gateway_1", "Activity_1b", 'name="big"', "${price &gt; 100 &amp;&amp; !paid}")
    + flow("Flow_5", "Activity_1b", "Activity_2c") + flow("Flow_6", "Activity_2c", "End_1")
    + flow("Flow_7", "Timer_1", "End_1") + "<~textAnnotation/></~process>"
)  # fmt: skip


def test_a_file_of_a_modeler_becomes_stages_and_routes() -> None:
    found = imported(MODELER, "deal", "", READS)
    assert found.document == {
        "kind": "process", "name": "order", "subject": "deal", "label": "Order",
        "stages": [
            {"name": "check_order", "label": "Check order", "instructions": "Look twice.",
             "performers": [{"role": "buyer"}]},
            {"name": "check_order_2", "label": "Check order", "duration": "1d 4h",
             "performers": [{"user": "ada@example.com"}], "timeout": {"to": "end"}},
            {"name": "tell_them", "label": "Tell them",
             "main_action": {"mail": {}, "must": True}},
        ],
        "routes": [
            {"from": "start", "to": "check_order"},
            {"from": "check_order", "to": "check_order_2", "label": "big",
             "when": "price > 100 and not paid"},
            {"from": "check_order", "to": "end", "label": "Not ordered", "fails": True},
            {"from": "check_order_2", "to": "tell_them"},
            {"from": "tell_them", "to": "end"},
        ],
    }  # fmt: skip
    assert found.notes == [
        "1 × textAnnotation left out.",
        "Check order (line 2): there is no role moon here, so it was left out.",
    ]


def test_lanes_and_names_of_flows_become_roles_and_outcomes() -> None:
    text = bpmn(
        '<process id="sid-1"><laneSet><lane id="L" name="The Buyers"><flowNodeRef>sid-2'
        "</flowNodeRef></lane></laneSet>".replace("<", "<~").replace("<~/", "</~")
        + '<~startEvent id="s"><~timerEventDefinition/></~startEvent><~task id="sid-2" name="Ask&#10;twice"/>'  # noqa: E501
        '<~exclusiveGateway id="g"/><~exclusiveGateway id="merge"/><~task id="sid-3" name="Do"/>'
        '<~endEvent id="e"/>'
        + flow("1", "s", "merge") + flow("2", "merge", "sid-2") + flow("3", "sid-2", "g")
        + flow("4", "g", "sid-3", 'name="Yes"', "moon(1)") + flow("5", "g", "merge", 'name="No"')
        + flow("6", "sid-3", "e") + "</~process>", "",
    )  # fmt: skip
    found = imported(text, "deal", "asked", READS)
    assert found.document["stages"][0] == {
        "name": "ask_twice", "label": "Ask twice", "performers": [{"role": "buyer"}],
    }  # fmt: skip
    assert found.document["routes"] == [
        {"from": "start", "to": "ask_twice"},
        {"from": "ask_twice", "to": "do", "outcome": "Yes"},
        {"from": "ask_twice", "to": "ask_twice", "outcome": "No"},
        {"from": "do", "to": "end"},
    ]
    assert len(found.notes) == 2 and found.document["name"] == "asked"


def test_parallel_branches_part_and_join() -> None:
    inner = (
        '<~process id="p1"><~startEvent id="s"/><~task id="a"/><~parallelGateway id="split"/>'
        '<~task id="b"/><~task id="c"/><~parallelGateway id="both"/><~task id="d"/>'
        + flow("1", "s", "a") + flow("2", "a", "split") + flow("3", "split", "b")
        + flow("4", "split", "c") + flow("5", "b", "both") + flow("6", "c", "both")
        + flow("7", "both", "d") + "</~process>"
    )  # fmt: skip
    document = imported(bpmn(inner, "bpmn2"), "deal", "", READS).document
    assert [one.get("branches") for one in document["stages"]] == ["all", None, None, None]
    assert [one.get("join") for one in document["stages"]] == [None, None, None, True]
    ends = {(one["from"], one["to"]) for one in document["routes"]}
    assert ends == {("start", "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}


def test_of_several_pools_one_is_chosen() -> None:
    pools = bpmn(
        '<~collaboration id="c"><~participant id="x" name="Customer" processRef="p1"/>'
        '<~participant id="y" name="Shop" processRef="p2"/><~participant id="z" name="Bank"/>'
        '<~messageFlow id="m" sourceRef="a" targetRef="b"/></~collaboration>'
        '<~process id="p1"><~startEvent id="s1"/><~task id="a"/>' + flow("1", "s1", "a")
        + '</~process><~process id="p2" name="Sale &#10; in a shop"><~startEvent id="s2"/>'
        '<~task id="b"/>' + flow("2", "s2", "b") + "</~process>"
    )  # fmt: skip
    with pytest.raises(Unprocessable) as refused:
        imported(pools, "deal", "", READS)
    assert [one["message"] for one in refused.value.errors or ()] == [
        "Customer", "Sale in a shop",
    ]  # fmt: skip
    with pytest.raises(Unprocessable, match="`Bank` is none of them"):
        imported(pools, "deal", "", READS, "Bank")
    for wanted in ("Sale in a shop", "p2"):
        found = imported(pools, "deal", "", READS, wanted)
        assert [one["name"] for one in found.document["stages"]] == ["b"]
        assert found.notes == ["1 × messageFlow left out."]


def test_what_events_send_is_left_out_and_said() -> None:
    found = imported(
        small('<~intermediateThrowEvent id="t"><~signalEventDefinition/></~intermediateThrowEvent>'
              '<~endEvent id="f" name="Told"><~messageEventDefinition/></~endEvent>',
              flow("2", "a", "t") + flow("3", "t", "f")), "deal", "", READS,
    )  # fmt: skip
    assert found.document["routes"][1:] == [{"from": "a", "to": "end"}]
    assert found.notes == [
        "1 × signalEventDefinition left out.", "1 × messageEventDefinition left out.",
    ]  # fmt: skip


def test_ways_on_without_names_are_called_as_where_they_lead() -> None:
    found = imported(
        small('<~exclusiveGateway id="g"/><~userTask id="b" name="Ask &#10;again"/>',
              flow("2", "a", "g") + flow("3", "g", "b") + flow("4", "g", "e")
              + flow("5", "b", "e")), "deal", "", READS,
    )  # fmt: skip
    assert found.document["routes"][1:3] == [
        {"from": "a", "to": "b", "outcome": "Ask again"},
        {"from": "a", "to": "end", "outcome": "End"},
    ]
    assert "choose them by where they lead" in found.notes[0]


def test_a_process_begins_with_its_first_task_or_with_events_that_lead_alike() -> None:
    task = '<~userTask id="a" camunda:assignee="${initiator}"/>'
    alone = bpmn(f'<~process id="p">{task}<~task id="b"/>' + flow("1", "a", "b") + "</~process>")
    both = bpmn(
        f'<~process id="p"><~startEvent id="s"/>{task}<~startEvent id="t">'
        "<~messageEventDefinition/></~startEvent>" + flow("1", "s", "a") + flow("2", "t", "a")
        + "</~process>"
    )  # fmt: skip
    for text in (alone, both):
        found = imported(text, "deal", "", READS)
        assert found.document["routes"][0] == {"from": "start", "to": "a"}
        assert found.document["stages"][0]["performers"] == [{"starter": True}]
        assert len(found.notes) == 1


FILES = sorted(Path(os.environ.get("BPMN_FILES", "/nowhere")).rglob("*.bpmn*"))


@pytest.mark.skipif(not FILES, reason="BPMN_FILES names a folder with files of other tools")
def test_files_of_other_tools_are_read_or_refused_with_the_reason() -> None:
    """Each becomes a process that can be gone through, or says what cannot be and what to draw."""
    for path in FILES:
        wanted = [""]
        for process_name in wanted:
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
                document = imported(text, "deal", "", READS, process_name).document
            except Unprocessable as refused:
                errors = refused.errors or []
                assert errors and all(one["message"] for one in errors), path
                if errors[0]["code"] == "choose_one" and not process_name:
                    wanted += [one["message"] for one in errors]
                continue
            drawn = read_process(document["name"], document, lambda *given: None)
            assert drawn.stages and drawn.ways("start"), path
            assert there_and_back(document) == document, path


def small(more: str = "", flows: str = "", task: str = '<~task id="a"/>') -> str:
    return bpmn(
        f'<~process id="p"><~startEvent id="s"/>{task}{more}<~endEvent id="e"/>'
        + flow("1", "s", "a") + (flows or flow("2", "a", "e")) + "</~process>"
    )  # fmt: skip


TIMER = "<~timerEventDefinition><~timeDuration>{}</~timeDuration></~timerEventDefinition>"
GATE = '<~{} id="g"/>' + flow("3", "g", "e") + flow("4", "g", "a")
WRONG: dict[str, tuple[str, str]] = {
    "a service": (small('<~serviceTask id="x" name="Book"/>'), "Book (line 2): Nobody does"),
    "a script": (small('<~scriptTask id="x"/>'), "Make it a rule"),
    "a part": (small('<~subProcess id="x"/>'), "call it with a call activity"),
    "an event part": (small('<~subProcess id="x" triggeredByEvent="true"/>'), "not at events"),
    "a wait": (small('<~intermediateCatchEvent id="x"/>'), "waits in stages only"),
    "events": (small('<~eventBasedGateway id="x"/>'), "Draw an exclusive gateway"),
    "a loop": (small(task='<~task id="a"><~standardLoopCharacteristics/></~task>'), "route back"),
    "a cancelled end": (
        small('<~endEvent id="x"><~cancelEventDefinition/></~endEvent>'), "is not known",
    ),
    "a link": (
        small('<~intermediateThrowEvent id="x"><~linkEventDefinition/></~intermediateThrowEvent>'),
        "is not known",
    ),
    "an error that is caught": (
        small('<~boundaryEvent id="x" attachedToRef="a"><~errorEventDefinition/></~boundaryEvent>'),
        "is not known",
    ),
    "nothing to do": (
        bpmn('<~process id="p"><~startEvent id="s"/><~endEvent id="e"/>' + flow("1", "s", "e")
             + "</~process>"), "no task that people do",
    ),
    "no start": (
        bpmn('<~process id="p"><~task id="a"/><~task id="b"/></~process>'), "no start event",
    ),
    "a start alone": (
        bpmn('<~process id="p"><~startEvent id="s"/><~task id="a"/></~process>'), "No flow leads",
    ),
    "a loose flow": (small(flows=flow("2", "a", "nowhere")), "leads from or to nothing"),
    "two starts": (small('<~startEvent id="t"/>'), "There are 2 start events"),
    "a date": (
        small(f'<~boundaryEvent id="t" attachedToRef="a">{TIMER.format("R3/P1D")}</~boundaryEvent>',
              flow("2", "a", "e") + flow("5", "t", "e")), "is not a duration",
    ),
    "a split at the start": (
        bpmn('<~process id="p"><~startEvent id="s"/><~parallelGateway id="g"/><~task id="a"/>'
             '<~task id="b"/>' + flow("1", "s", "g") + flow("2", "g", "a") + flow("3", "g", "b")
             + "</~process>"), "part behind a task",
    ),
    "what cannot be read": (
        small(
            GATE.format("exclusiveGateway"), flow("2", "a", "g") + flow("6", "g", "e", "", "moon")
        ),
        "`moon` cannot be read here",
    ),
    "no process": (bpmn("<~collaboration/>"), "no process"),
    "two processes": (
        small().replace("</bpmn:process>", "</bpmn:process><bpmn:process id='q'><bpmn:task id='z'/>"
                        "</bpmn:process>"), "several processes: `p` and `q`",
    ),
    "not XML": ("<a", "is not XML"),
    "not BPMN": ("<html/>", "is not BPMN"),
    "an entity": ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"),
    "an outside entity": ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
    "too deep": ("<a>" * 70, "too deep"),
    "too long": ("<a>" + "x" * 1_100_000, "more than 1 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_imported_says_why(name: str) -> None:
    text, words = WRONG[name]
    with pytest.raises(Unprocessable) as refused:
        imported(text, "deal", "", READS)
    assert words in refused.value.detail, refused.value.detail


def test_a_file_goes_through_the_api(desk: Desk) -> None:
    body = process(
        "told", [*stages("one", performers=[{"role": "seller"}]), *stages("two", "three")],
        [*ways("start > one", "one > two: Yes", "one > three: No"),
         {"from": "two", "to": "end", "when": "amount > 5"}, *ways("two > three", "three > end")],
        label="Told",
    )  # fmt: skip
    desk.admin.define(body)
    text = desk.admin.get("/api/processes/told/bpmn")
    assert text.status == 200 and '"told.bpmn"' in text.headers["content-disposition"]
    assert read(text.text).first("process") is not None
    sent: dict[str, Any] = {"bpmn": text.text, "subject": "deal"}
    found = desk.admin.post("/api/processes/bpmn", sent).json()
    assert found == {"document": body, "notes": []}
    # Another tool has given a stage another name, and taken a condition out.
    changed = text.text.replace('name="Two"', 'name="Second"').replace("amount &gt; 5", "won")
    again = desk.admin.post("/api/processes/bpmn", {**sent, "bpmn": changed, "name": "other"})
    document = again.json()["document"]
    assert [one.get("label") for one in document["stages"]] == [None, "Second", None]
    assert document["routes"][3] == {"from": "two", "to": "end", "when": "won"}
    desk.admin.define(document)
    assert desk.start("other")["status"] == "running"
    assert desk.admin.get("/api/processes/told/bpmn", version="1").status == 200
    assert desk.admin.get("/api/processes/told/bpmn", version="77").status == 404
    for wrong in ({}, {"bpmn": "<a/>"}, {**sent, "subject": "moon"}, {**sent, "bpmn": 1}):
        assert desk.admin.post("/api/processes/bpmn", wrong).status == 422
    stranger = desk.admin.person("stan@example.com")
    assert stranger.get("/api/processes/told/bpmn").status == 404
    assert stranger.post("/api/processes/bpmn", sent).status == 403
