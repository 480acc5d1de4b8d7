"""Random processes that are sound, and what holds of each of their runs at every moment."""

from __future__ import annotations

from collections import Counter
from itertools import count
from random import Random

from processes.definition import read_process
from processes.route_graph import Graph, graph_of, reached
from tests.processes.desk import Json, process

BUSY = ("open", "taken", "part", "waiting")
_NUMBERS = count(1)


def random_process(chance: Random) -> Json:
    """Stages in a row, with parallel branches, joins, loops and timeouts."""
    names = [f"s{at}" for at in range(chance.randint(2, 6))]
    splits = set(chance.sample(names[:-1], min(len(names) - 1, chance.randint(0, 2))))
    timed = {
        name: chance.choice([*names[at + 1 :], "end"])
        for at, name in enumerate(names)
        if chance.random() < 0.3
    }
    routes: list[Json] = [{"from": "start", "to": names[0]}]
    for at, name in enumerate(names):
        following = [*names[at + 1 :], "end"]
        for to in chance.sample(following, min(len(following), chance.randint(0, 2))):
            outcome = chance.choice(["", "Yes", "No"]) if name not in splits else ""
            routes.append({"from": name, "to": to, **({"outcome": outcome} if outcome else {})})
        if at and chance.random() < 0.5:
            back = chance.choice(names[: at + 1])
            routes.append({"from": name, "to": back, "times": chance.randint(1, 2)})
        routes.append({"from": name, "to": following[0]})
    into = Counter([*(route["to"] for route in routes), *timed.values()])
    first_split = min((names.index(one) for one in splits), default=len(names))
    specs: list[Json] = []
    for at, name in enumerate(names):
        spec: Json = {"name": name, "duration": "1min"}
        spec |= {"branches": "all"} if name in splits else {}
        may_join = at > first_split and into[name] > 1
        spec |= {"join": True} if may_join and chance.random() < 0.5 else {}
        spec |= {"performers": [{"role": "seller"}]} if chance.random() < 0.5 else {}
        spec |= {"timeout": {"to": timed[name]}} if name in timed else {}
        specs.append(spec)
    return process(f"random_{next(_NUMBERS)}", specs, routes)


def outcomes_of(body: Json, stage: str) -> list[str]:
    """What people may choose in a stage."""
    routes = [one for one in body["routes"] if one["from"] == stage]
    return list(dict.fromkeys(one["outcome"] for one in routes if "outcome" in one))


def graph_of_body(body: Json) -> Graph:
    return graph_of(read_process(body["name"], body, lambda *_: None))


def check_run(run: Json, body: Json, graph: Graph) -> None:
    """The run is in a state that its process allows, with a reason for each wait."""
    busy = [task for task in run["tasks"] if task["status"] in BUSY]
    assert (run["status"] == "running") == bool(busy), run
    _check_tasks(run["tasks"], body, graph)
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


def _check_tasks(tasks: list[Json], body: Json, graph: Graph) -> None:
    """No task is there twice, and each comes from a stage that leads to it and has ended."""
    made, ended = Counter[str](), Counter[str]()
    for task in tasks:
        made[task["stage"]] += 1
        assert task["attempt"] == str(made[task["stage"]]), tasks
        if task["status"] in ("done", "timed_out"):
            ended[task["stage"]] += 1
    all_ways = {one["name"] for one in body["stages"] if one.get("branches") == "all"}
    for stage, number in made.items():
        sources = [one for one, targets in graph.items() if stage in targets]
        most = sum(
            _leads(body, one, stage) * ended[one] if one in all_ways else ended[one]
            for one in sources
        )
        assert number <= most + ("start" in sources), (stage, tasks)
    leaving = sum(
        number * (len([r for r in body["routes"] if r["from"] == one]) if one in all_ways else 1)
        for one, number in ended.items()
    )
    assert len(tasks) <= leaving + 1, tasks


def _leads(body: Json, source: str, stage: str) -> int:
    routes = [one for one in body["routes"] if (one["from"], one["to"]) == (source, stage)]
    timed = [one for one in body["stages"] if one.get("timeout", {}).get("to") == stage]
    return len(routes) + len([one for one in timed if one["name"] == source])
