"""Random processes, moved on by random people: never stuck without a reason, no task twice."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processes.definition import read_process
from processes.route_graph import Graph, graph_of, open_joins, reached
from tests.app import Client
from tests.processes.desk import Desk, Json, process

NUMBERS = count(1)
MOST_STEPS = 40
BUSY = ("open", "taken", "part", "waiting")


@st.composite
def bodies(drawn: st.DrawFn) -> Json:
    """A sound process: stages in a row, with parallel branches, joins, loops and timeouts."""
    names = [f"s{at}" for at in range(drawn(st.integers(2, 6)))]
    splits = drawn(st.sets(st.sampled_from(names[:-1]), max_size=2))
    routes: list[Json] = [{"from": "start", "to": names[0]}]
    for at, name in enumerate(names):
        following = [*names[at + 1 :], "end"]
        for to in drawn(st.lists(st.sampled_from(following), max_size=2, unique=True)):
            outcome = drawn(st.sampled_from(["", "Yes", "No"])) if name not in splits else ""
            routes.append({"from": name, "to": to, **({"outcome": outcome} if outcome else {})})
        if at and drawn(st.booleans()):
            back = drawn(st.sampled_from(names[: at + 1]))
            routes.append({"from": name, "to": back, "times": drawn(st.integers(1, 2))})
        routes.append({"from": name, "to": following[0]})
    into = Counter(route["to"] for route in routes)
    first_split = min((names.index(one) for one in splits), default=len(names))
    specs: list[Json] = []
    for at, name in enumerate(names):
        spec: Json = {"name": name, "duration": "1h"}
        spec |= {"branches": "all"} if name in splits else {}
        may_join = at > first_split and into[name] > 1
        spec |= {"join": True} if may_join and drawn(st.booleans()) else {}
        spec |= {"performers": [{"role": "seller"}]} if drawn(st.booleans()) else {}
        specs.append(spec)
    return process(f"random_{next(NUMBERS)}", specs, routes)


@pytest.fixture(scope="module")
def people(desk: Desk) -> list[Client]:
    return [desk.admin, desk.admin.person("rob@example.com", "seller")]


@settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
@given(bodies(), st.data())
def test_runs_are_always_where_their_process_allows(
    desk: Desk, people: list[Client], body: Json, data: st.DataObject
) -> None:
    reply = desk.admin.post("/api/meta/changes", {"documents": [body]})
    assert reply.status == 200, reply.text
    graph = graph_of(read_process(body["name"], body, lambda *_: None))
    run = desk.start(body["name"])
    for _ in range(MOST_STEPS):
        _check(run, body, graph)
        if run["status"] != "running":
            return
        task = data.draw(st.sampled_from([t for t in run["tasks"] if t["status"] == "open"]))
        outcomes = _outcomes(body, task["stage"])
        said = {"outcome": data.draw(st.sampled_from(outcomes))} if outcomes else {}
        person = data.draw(st.sampled_from(people))
        done = desk.step(task["id"], by=person, **said)
        assert done.status in (200, 403, 404), done.text
        again = desk.step(task["id"], by=desk.admin, **said)
        assert again.status == (409 if done.status == 200 else 200), again.text
        before, run = run, desk.run(run["id"])
        assert len(run["tasks"]) >= len(before["tasks"])
    desk.admin.post(f"/api/processes/runs/{run['id']}/cancel", {"reason": "Long enough"})


def _outcomes(body: Json, stage: str) -> list[str]:
    routes = [one for one in body["routes"] if one["from"] == stage]
    return list(dict.fromkeys(one["outcome"] for one in routes if "outcome" in one))


def _check(run: Json, body: Json, graph: Graph) -> None:
    """What holds of every run at every moment."""
    busy = [task for task in run["tasks"] if task["status"] in BUSY]
    assert (run["status"] == "running") == bool(busy)
    if not busy:
        return
    assert any(task["status"] == "open" for task in busy), run["tasks"]
    assert {one["task"] for one in run["waits"]} == {task["id"] for task in busy}
    assert all(one["reason"] for one in run["waits"])
    joins = {one["name"] for one in body["stages"] if one.get("join")}
    waiting = Counter(task["stage"] for task in busy if task["status"] == "waiting")
    assert set(waiting) <= joins and all(number == 1 for number in waiting.values())
    working = [task["stage"] for task in busy if task["status"] != "waiting"]
    for stage in waiting:  # something can still come
        others = [one for one in (*working, *waiting) if one != stage]
        assert any(stage in reached(graph, [one]) for one in others), (stage, others)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 7), st.data())
def test_of_joins_that_wait_one_can_begin_once_nothing_is_worked_on(
    size: int, data: st.DataObject
) -> None:
    names = [f"s{at}" for at in range(size)]
    routes = [{"from": "start", "to": "s0"}] + [
        {"from": name, "to": data.draw(st.sampled_from([*names, "end"]))}
        for name in names
        for _ in range(2)
    ]
    body = process("joined", [{"name": name, "join": True} for name in names], routes)
    drawn = read_process("joined", body, lambda *_: None)
    waiting = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    assert open_joins(drawn, waiting, [])
