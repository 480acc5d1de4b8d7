"""`python -m bench`: the hand-written application and the engine, measured in turns."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.databases import databases
from bench.measure import Cells, Rounds, measure
from bench.operations import Operation, chosen
from bench.targets import Baseline, Engine, Target
from bench.verify import Difference, verify
from bench.world import look_around

from . import (
    allocations,
    catalogs,
    change_sets,
    clocks,
    conditions,
    data,
    decisions,
    documents,
    ledgers,
    processes,
    report,
    reports,
    schema,
    turns,
)

KINDS = ("sqlite", "postgresql")
SIZES = "20000,1000000"


def _add_others(add: Callable[..., Any]) -> None:
    """What can be measured instead of requests."""
    add("--schema", action="store_true", help="instead: a change of fields while others work")
    add("--turns", action="store_true", help="instead: how long the writer of SQLite is held")
    add("--catalogs", action="store_true", help="instead: a large catalog")
    add("--expressions", action="store_true", help="instead: conditions through look-ups")
    add("--clocks", action="store_true", help="instead: timers in saves, and a calendar's change")
    add("--decisions", action="store_true", help="instead: decisions over many rows")
    add("--reports", action="store_true", help="instead: reports over many records")
    add("--processes", action="store_true", help="instead: many runs of a process")
    add("--change-sets", action="store_true", help="instead: a change set of 500 edits")
    add("--ledgers", action="store_true", help="instead: runs of a ledger")
    add("--allocations", action="store_true", help="instead: runs of an allocation")
    add("--documents", action="store_true", help="instead: a printed document with many rows")
    add("--many-documents", action="store_true", help="instead: many that one press prints")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="one short round at 2,000 records: does it run?")
    add("--write", action="store_true", help="put the tables into docs/performance.md")
    add("--databases", default=",".join(KINDS), help="default: both")
    add("--sizes", help=f"records, in multiples of {data.SEEDS:,} (default: {SIZES})")
    add("--only", default="", help="operations by the beginnings of their names: list,board")
    add("--rounds", type=int, help="of each measurement (3)")
    add("--seconds", type=float, help="of each round (1)")
    add("--application", choices=("baseline", "fluvial"), help="measure only one of the two")
    add("--baseline-threads", type=int, help="of the baseline (40, as in Starlette)")
    _add_others(add)
    asked = parser.parse_args()
    if asked.baseline_threads is not None:
        os.environ["BENCH_THREADS"] = str(asked.baseline_threads)
    asked.databases = asked.databases.split(",")
    if not set(asked.databases) <= set(KINDS):
        parser.error(f"--databases takes {', '.join(KINDS)}.")
    single = _single(asked)
    sizes = asked.sizes or (str(data.SEEDS) if asked.quick else single)
    asked.sizes = [int(size.replace("_", "")) for size in sizes.split(",")]
    asked.rounds = Rounds(
        asked.rounds or (1 if asked.quick else 3), asked.seconds or (0.3 if asked.quick else 1)
    )
    try:
        asked.operations = chosen([part for part in asked.only.split(",") if part])
    except ValueError as error:
        parser.error(str(error))
    if asked.write and (asked.quick or asked.only or asked.application):
        parser.error("--write takes the place of whole tables: leave out what measures a part.")
    return asked


def run(kind: str, asked: argparse.Namespace, classes: Sequence[type[Baseline | Engine]]) -> None:
    """Every size of one kind of database, and how the costs grow from the first to the last."""
    names = [operation.name for operation in asked.operations]
    found: dict[int, Cells] = {}
    for records in asked.sizes:
        with databases(kind) as (place, directory), contextlib.ExitStack() as running:
            targets: list[Target] = []
            for make in classes:
                target = make(place.create(f"bench_{make.name}"), directory)
                running.callback(target.stop)
                with told(f"{kind}: {make.name} holds {records:,} loans"):
                    target.prepare(data.library(records))
                targets.append(target)
            found[records] = measured(targets, records, asked.operations, asked.rounds)
        where = place.description + (", on a machine busy with other work" if asked.busy else "")
        text = report.table(found[records], names, where, records)
        show(text, f"{kind} {records}", asked.write)
    if len(found) > 1:
        sizes = asked.sizes[0], asked.sizes[-1]
        small, large = (found[size] for size in sizes)
        text = report.growth(small, large, names, place.description, sizes)
        show(text, f"{kind} growth", asked.write)


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what} after {time.monotonic() - began:.0f} seconds", file=sys.stderr)


def measured(
    targets: list[Target], records: int, operations: Sequence[Operation], rounds: Rounds
) -> Cells:
    filled = data.library(records)
    worlds = {target.name: look_around(target, filled) for target in targets}
    verify(worlds)
    print("all answers agree; measuring", file=sys.stderr)
    return measure(targets, worlds, operations, rounds)


def show(text: str, key: str, write: bool) -> None:
    print(f"\n{text}\n", flush=True)
    if write and not report.keep(text, key):
        print(f"{report.PAGE.name} has no place for {key}.", file=sys.stderr)


def _single(asked: argparse.Namespace) -> str:
    """The size that is measured where none is asked for."""
    sized = (asked.schema, asked.expressions, asked.reports, asked.allocations, asked.processes)
    if any(sized):
        return "100000"
    if asked.clocks or asked.turns:
        return "50000" if asked.clocks else "20000"
    if asked.documents or asked.many_documents:
        return "160" if asked.documents else "1000"
    return "10000" if asked.decisions or asked.ledgers or asked.change_sets else SIZES


def others(asked: argparse.Namespace) -> bool:
    """What is measured instead of requests; whether that was asked for."""
    if asked.turns:
        show(turns.measure(asked.sizes[0]), "sqlite turns", asked.write)
        return True
    for kind in asked.databases:
        if asked.schema:
            show(schema.measure(kind, asked.sizes[0]), f"{kind} schema", asked.write)
        if asked.catalogs:
            show(catalogs.measure(kind), f"{kind} catalogs", asked.write)
        if asked.expressions:
            text = conditions.measure(kind, asked.sizes[0])
            show(text, f"{kind} expressions", asked.write)
        if asked.clocks:
            show(clocks.measure(kind, asked.sizes[0]), f"{kind} clocks", asked.write)
        if asked.decisions:
            show(decisions.measure(kind, asked.sizes[0]), f"{kind} decisions", asked.write)
        if asked.reports:
            show(reports.measure(kind, asked.sizes[0]), f"{kind} reports", asked.write)
        if asked.processes:
            show(processes.measure(kind, asked.sizes[0]), f"{kind} processes", asked.write)
        if asked.change_sets:
            show(change_sets.measure(kind, asked.sizes[0]), f"{kind} change sets", asked.write)
        if asked.ledgers:
            for size in asked.sizes:
                show(ledgers.measure(kind, size), f"{kind} ledgers {size}", asked.write)
        if asked.allocations:
            for size in asked.sizes:
                show(allocations.measure(kind, size), f"{kind} allocations {size}", asked.write)
        if asked.documents:
            show(documents.measure(kind, asked.sizes[0]), f"{kind} documents", asked.write)
        if asked.many_documents:
            text = documents.measure_many(kind, asked.sizes[0])
            show(text, f"{kind} many documents", asked.write)
    instead = (asked.schema, asked.catalogs, asked.expressions, asked.clocks, asked.decisions)
    more = (asked.reports, asked.ledgers, asked.change_sets, asked.allocations, asked.documents)
    return any((*instead, *more, asked.processes, asked.many_documents))


def main() -> int:
    asked = arguments()
    if others(asked):
        return 0
    classes: list[type[Baseline | Engine]] = [Baseline, Engine]
    if asked.application is not None:
        classes = [make for make in classes if make.name == asked.application]
    asked.busy = os.getloadavg()[0] > (os.cpu_count() or 1) / 2
    if asked.busy:
        print("This machine is busy with other work: expect noise.", file=sys.stderr)
    try:
        for kind in asked.databases:
            run(kind, asked, classes)
    except Difference as difference:
        print(f"Not measured, because the answers differ.\n{difference}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
