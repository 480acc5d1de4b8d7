"""Random processes, moved on by random people and by time: never stuck, no task twice."""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processes.definition import read_process
from processes.route_graph import open_joins
from tests.app import Client
from tests.processes.desk import Desk, Json, process
from tests.processes.random_processes import (
    check_run,
    graph_of_body,
    outcomes_of,
    random_process,
)

MOST_STEPS = 40
RUNS = int(os.environ.get("RANDOM_RUNS", "8"))
GROUPS = ("responsible", "outcome", "subject.seller", "subject.won,responsible", "run,outcome")


@pytest.fixture(scope="module")
def people(desk: Desk) -> list[Client]:
    return [desk.admin, desk.admin.person("rob@example.com", "seller")]


@settings(max_examples=RUNS, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.randoms(use_true_random=False), st.data())
def test_runs_are_always_where_their_process_allows(
    desk: Desk, people: list[Client], chance: Random, data: st.DataObject
) -> None:
    body = random_process(chance)
    reply = desk.admin.post("/api/meta/changes", {"documents": [body]})
    assert reply.status == 200, reply.text
    graph = graph_of_body(body)
    run = desk.start(body["name"])
    for _ in range(MOST_STEPS):
        check_run(run, body, graph)
        if run["status"] != "running":
            break
        if data.draw(st.integers(0, 4)) == 0:  # the time of some tasks is up
            desk.engine.clock._shift += timedelta(minutes=2)
            desk.work()
            run = desk.run(run["id"])
            continue
        _step(desk, people, run, body, data)
        before, run = run, desk.run(run["id"])
        assert len(run["tasks"]) >= len(before["tasks"])
    else:
        desk.admin.post(f"/api/processes/runs/{run['id']}/cancel", {"reason": "Long enough"})
    _check_funnel(desk, body, {task["stage"] for task in run["tasks"]})


def _step(desk: Desk, people: list[Client], run: Json, body: Json, data: st.DataObject) -> None:
    """Somebody completes a task; once it is done, nobody does it again."""
    task = data.draw(st.sampled_from([t for t in run["tasks"] if t["status"] == "open"]))
    outcomes = outcomes_of(body, task["stage"])
    said = {"outcome": data.draw(st.sampled_from(outcomes))} if outcomes else {}
    person = data.draw(st.sampled_from(people))
    done = desk.step(task["id"], by=person, **said)
    assert done.status in (200, 403, 404), done.text
    again = desk.step(task["id"], by=desk.admin, **said)
    assert again.status == (409 if done.status == 200 else 200), again.text


def _check_funnel(desk: Desk, body: Json, stages: set[str]) -> None:
    """Every grouping adds up to the same total, stage by stage."""
    for group in GROUPS:
        groups = desk.admin.rows(f"/api/processes/{body['name']}/funnel", group=group)
        for at, stage in enumerate(one["name"] for one in body["stages"]):
            told = sum(one["steps"][at]["runs"] for one in groups)
            assert told == (stage in stages), (group, stage, groups)


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
