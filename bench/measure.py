"""Measuring: the targets take turns within each operation, in rounds."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import stderr

from bench.load import Failed, put_load
from bench.operations import Operation
from bench.targets import Target, show_progress
from bench.world import World

from . import cpu

CLIENTS = (1, 16)
SETTLED = 0.02  # of a core: what a server may still do that has nothing left to do
LOOK = 0.1
LONGEST = 300.0
# By operation, target and number of clients: one cell for each round, in the order of the rounds.
Cells = dict[tuple[str, str, int], list["Cell"]]


@dataclass(frozen=True)
class Cell:
    """What one target did under one load; CPU in milliseconds for each request."""

    p50: float
    server: float
    database: float

    @property
    def total(self) -> float:
        return self.server + self.database


@dataclass(frozen=True)
class Rounds:
    """How often each load is put, and for how many seconds."""

    number: int
    seconds: float


def measure(
    targets: list[Target],
    worlds: dict[str, World],
    operations: Sequence[Operation],
    rounds: Rounds,
) -> Cells:
    found: Cells = defaultdict(list)
    turns = [(operation, clients) for operation in operations for clients in CLIENTS]
    for place, (operation, clients) in enumerate(turns):
        show_progress("measuring", place, len(turns))
        for cell, target in _turn(targets, worlds, operation, clients, rounds):
            found[operation.name, target, clients].append(cell)
    show_progress("measuring", len(turns), len(turns))
    return found


def _turn(
    targets: list[Target],
    worlds: dict[str, World],
    operation: Operation,
    clients: int,
    rounds: Rounds,
) -> Iterator[tuple[Cell, str]]:
    """The cells of one operation; a target that fails has none, and the other goes on."""
    chance = random.Random(operation.name)
    able = list(targets)
    for number in range(rounds.number + 1):
        for target in chance.sample(able, len(able)):
            try:
                cell = _cell(target, worlds[target.name], operation, clients, rounds.seconds)
            except Failed as failed:
                able.remove(target)
                print(f"{operation.name}, {clients} at once: {target.name}: {failed}", file=stderr)
                continue
            if number:  # the first was for connections, prepared statements and caches
                yield cell, target.name


def _cell(target: Target, world: World, operation: Operation, clients: int, seconds: float) -> Cell:
    stream = operation.stream(target.name, world, clients)
    server, database = target.server_cpu(), target.database_cpu()
    try:
        load = put_load(world, stream, clients, seconds)
    finally:
        if operation.writes:
            _settle(target)
        time.sleep(0.02)  # a backend may still be closing its last transaction
    server_spent = cpu.spent(server, target.server_cpu())
    database_spent = cpu.spent(database, target.database_cpu())
    return Cell(
        load.p50, *(spent / load.requests * 1e3 for spent in (server_spent, database_spent))
    )


def _settle(target: Target) -> None:
    """Wait for what a write leaves to be done, which is part of its cost, not of the next one's."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        before = target.server_cpu(), target.database_cpu()
        time.sleep(LOOK)
        after = target.server_cpu(), target.database_cpu()
        if sum(map(cpu.spent, before, after)) < SETTLED * LOOK:
            return


def median(cells: Iterable[Cell]) -> Cell:
    cells = list(cells)
    return Cell(
        statistics.median(cell.p50 for cell in cells),
        statistics.median(cell.server for cell in cells),
        statistics.median(cell.database for cell in cells),
    )
