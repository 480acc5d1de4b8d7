"""`python -m bench`: the hand-written application and the engine, measured in turns."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys

from bench.databases import databases
from bench.load import WRK
from bench.measure import measure
from bench.operations import look_around
from bench.targets import Baseline, Engine, Target
from bench.verify import Difference, verify

from . import catalogs, conditions, data, report, schema

KINDS = ("sqlite", "postgresql")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="about a minute; the page stays as it is"
    )
    parser.add_argument("--database", choices=KINDS, action="append", help="default: both")
    parser.add_argument("--records", type=int, help="loans in each application (20,000)")
    parser.add_argument("--repetitions", type=int, help="of each measurement (5)")
    parser.add_argument("--seconds", type=float, help="of each measurement (1)")
    parser.add_argument(
        "--only", choices=("baseline", "fluvial"), help="measure only one of the two"
    )
    parser.add_argument(
        "--baseline-threads", type=int, help="of the hand-written application (40, as in Starlette)"
    )
    parser.add_argument(
        "--schema", action="store_true", help="measure a change of fields while others work"
    )
    parser.add_argument(
        "--catalogs", action="store_true", help="measure a large catalog instead of requests"
    )
    parser.add_argument(
        "--expressions", action="store_true", help="measure conditions instead of requests"
    )
    parser.add_argument("--no-page", action="store_true", help="print only; leave the page alone")
    chosen = parser.parse_args()
    if chosen.baseline_threads is not None:
        os.environ["BENCH_THREADS"] = str(chosen.baseline_threads)
    quick = chosen.quick
    chosen.database = chosen.database or list(KINDS)
    full = 100_000 if chosen.expressions else 20_000
    chosen.records = chosen.records or (2_000 if quick else full)
    chosen.repetitions = chosen.repetitions or (1 if quick else 5)
    chosen.seconds = chosen.seconds or (0.5 if quick else 1)
    chosen.no_page = chosen.no_page or quick or chosen.only is not None
    return chosen


def run(
    kind: str, chosen: argparse.Namespace, classes: list[type[Baseline] | type[Engine]]
) -> None:
    filled = data.library(chosen.records)
    with databases(kind) as (place, directory), contextlib.ExitStack() as running:
        targets: list[Target] = []
        for make in classes:
            target: Target = make(place.create(f"bench_{make.name}"), directory)
            running.callback(target.stop)
            print(f"{kind}: filling {target.name} with {chosen.records:,} loans", file=sys.stderr)
            target.prepare(filled)
            targets.append(target)
        worlds = {target.name: look_around(target, filled) for target in targets}
        verify(worlds)
        print(f"{kind}: all answers agree; measuring", file=sys.stderr)
        cells = measure(targets, worlds, chosen.repetitions, chosen.seconds)
        names = [target.name for target in targets]
        text = report.tables(cells, names, place.description, chosen.records)
    show(text, f"{kind} {chosen.records}", not chosen.no_page)


def show(text: str, key: str, keep: bool) -> None:
    print(f"\n{text}\n")
    if keep and not report.keep(text, key):
        print(f"{report.PAGE.name} has no place for {key}.", file=sys.stderr)


def main() -> int:
    chosen = arguments()
    if chosen.schema:
        for kind in chosen.database:
            show(schema.measure(kind, chosen.records), f"{kind} schema", not chosen.no_page)
        return 0
    if chosen.catalogs:
        for kind in chosen.database:
            show(catalogs.measure(kind), f"{kind} catalogs", not chosen.no_page)
        return 0
    if chosen.expressions:
        for kind in chosen.database:
            text = conditions.measure(kind, chosen.records)
            show(text, f"{kind} expressions", not chosen.no_page)
        return 0
    classes: list[type[Baseline] | type[Engine]] = [Baseline, Engine]
    if chosen.only is not None:
        classes = [make for make in classes if make.name == chosen.only]
    elif not Engine.available():
        print(
            "`fluvial serve` does not start here; only the baseline is measured.", file=sys.stderr
        )
        classes, chosen.no_page = [Baseline], True
    if WRK is None:
        print("wrk is not installed; the bench's own client reads as well.", file=sys.stderr)
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("This machine is busy with other work: expect noise.", file=sys.stderr)
    try:
        for kind in chosen.database:
            run(kind, chosen, classes)
    except Difference as difference:
        print(f"Not measured, because the answers differ.\n{difference}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
