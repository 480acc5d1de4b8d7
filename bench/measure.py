"""Measuring: the targets take turns within each operation, in rounds."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass

from bench.load import Load, own_client, put_load
from bench.operations import NAMES, World, operation
from bench.targets import Target, show_progress

from . import cpu

CLIENTS = (1, 16)
# By operation, target and number of clients: one cell for each round, in the order of the rounds.
Cells = dict[tuple[str, str, int], list["Cell"]]


@dataclass(frozen=True)
class Cell:
    """What one target did under one load; CPU in milliseconds for each request."""

    requests_per_second: float
    p50: float
    p95: float
    server: float
    database: float

    @property
    def total(self) -> float:
        return self.server + self.database


def measure(
    targets: list[Target], worlds: dict[str, World], repetitions: int, seconds: float
) -> Cells:
    found: Cells = defaultdict(list)
    chance = random.Random(4)
    turns = [(name, clients) for name in NAMES for clients in CLIENTS]
    for place, (name, clients) in enumerate(turns):
        show_progress("measuring", place, len(turns))
        for _ in range(repetitions):
            for target in chance.sample(targets, len(targets)):
                cell = _cell(target, worlds[target.name], name, clients, seconds)
                found[name, target.name, clients].append(cell)
    show_progress("measuring", len(turns), len(turns))
    return found


def _cell(target: Target, world: World, name: str, clients: int, seconds: float) -> Cell:
    work = operation(name, world, clients)
    own_client(world, work, clients, seconds / 5)  # connections, prepared statements, caches
    server, database = target.server_cpu(), target.database_cpu()
    load: Load = put_load(world, work, clients, seconds)
    server_spent = cpu.spent(server, target.server_cpu())
    time.sleep(0.02)  # a backend may still be closing its last transaction
    database_spent = cpu.spent(database, target.database_cpu())
    return Cell(
        load.requests / load.seconds,
        load.p50,
        load.p95,
        server_spent / load.requests * 1e3,
        database_spent / load.requests * 1e3,
    )


def median(cells: list[Cell]) -> Cell:
    return Cell(
        statistics.median(cell.requests_per_second for cell in cells),
        statistics.median(cell.p50 for cell in cells),
        statistics.median(cell.p95 for cell in cells),
        statistics.median(cell.server for cell in cells),
        statistics.median(cell.database for cell in cells),
    )
