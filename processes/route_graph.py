"""Which stages lead to which: pure questions about the routes of a process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .definition import END, START, Process

Graph = Mapping[str, frozenset[str]]


def graph_of(process: Process) -> Graph:
    """The stages to which each stage leads, and the start; timeouts lead on too."""
    found: dict[str, set[str]] = {START: set(), **{name: set() for name in process.stages}}
    for route in process.routes:
        if route.source in found:
            found[route.source].add(route.to)
    for stage in process.stages.values():
        if stage.timeout:
            found[stage.name].add(stage.timeout)
    for name, targets in found.items():
        if not targets and name != START:
            targets.add(END)  # without a route the branch ends here
    return {name: frozenset(targets) for name, targets in found.items()}


def reached(graph: Graph, starts: Iterable[str]) -> frozenset[str]:
    """What can be reached from what the stages lead to, also in several steps."""
    waiting = [target for one in starts for target in graph.get(one, ())]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += graph.get(one, ())
    return frozenset(seen)


def without(graph: Graph, stage: str) -> Graph:
    """The same graph in which nothing goes on behind a stage."""
    return {**graph, stage: frozenset()}


def open_joins(process: Process, waiting: Iterable[str], active: Iterable[str]) -> list[str]:
    """The joins, of those that wait, to which no branch can come any more.

    A join waits for stages that are worked on, and for joins that stand strictly before it. Those
    of one loop do not wait for each other, so there is always one that can begin once nothing is
    worked on: no run hangs in a join.
    """
    held = list(waiting)
    if not held:
        return []
    graph = graph_of(process)
    working = list(active)
    behind = {one: reached(graph, [one]) for one in {*held, *working}}
    found = []
    for join in held:
        to_it = without(graph, join)
        came = any(join in reached(to_it, [one]) for one in working if one != join)
        before = any(
            join in behind[other] and other not in behind[join] for other in held if other != join
        )
        if not came and not before:
            found.append(join)
    return sorted(found, key=process.order)
