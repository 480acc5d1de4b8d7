"""Which routes are taken from a stage: the same for runs and for those that are only tried."""

from __future__ import annotations

from collections.abc import Sequence

from metamodel.expressions.python import truth
from rules.named_environment import NamedEnvironment

from .definition import ALL, Process, Route


def chosen_routes(
    process: Process,
    stage: str,
    outcome: str,
    taken: Sequence[str],
    environment: NamedEnvironment,
) -> list[Route]:
    """The routes that fit, of which all are taken or the first one; `taken` are the ways so far."""
    fitting = [
        route
        for route in process.ways(stage)
        if route.outcome in ("", outcome)
        and (route.times is None or taken.count(route.way) < route.times)
        and (route.when is None or truth(route.when, environment))
    ]
    branching = stage in process.stages and process.stages[stage].branches == ALL
    return fitting if branching else fitting[:1]


def unmet(process: Process, stage: str, outcome: str) -> str:
    """Why no route from a stage fits, in words."""
    told = []
    for route in process.ways(stage):
        where = label_of(process, route.to)
        if route.outcome not in ("", outcome):
            told.append(f"{where} is for the outcome {route.outcome}")
        elif route.when is not None:
            told.append(f"{where} needs {route.when.source}")
        else:
            told.append(f"{where} was taken {route.times} times")
    return "; ".join(told)


def label_of(process: Process, stage: str) -> str:
    return process.stages[stage].label if stage in process.stages else "the end"
