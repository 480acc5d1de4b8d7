"""doctor --values: stored values of calculated fields against their formulas."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from fluvial.auth.actors import SYSTEM
from fluvial.records.calculated.verification import verify
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

SAMPLE = 200  # the newest records of each object type


def add_values(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument(
        "--values",
        choices=("sample", "all", "none"),
        default="sample",
        help="compare calculated values with their formulas: for the newest records of each "
        "object type (sample), of all records, or not at all",
    )
    doctor.add_argument(
        "--repair-values",
        action="store_true",
        help="replace stored values that differ from their formulas",
    )


def value_findings(engine: Engine, arguments: argparse.Namespace) -> Iterator[str]:
    """What is wrong with stored values; rules hear of what is repaired."""
    if arguments.values == "none":
        return
    session = Session.begin(engine, SYSTEM)
    most = SAMPLE if arguments.values == "sample" else None
    for name, type_ in session.catalog.objects.items():
        if not type_.kept_fields:
            continue
        verdict = verify(session, name, most=most, repair=arguments.repair_values)
        if verdict.wrong:
            remedy = (
                ("They have been repaired.") if arguments.repair_values else "Run --repair-values."
            )
            plural = "" if verdict.wrong == 1 else "s"
            yield (
                f"{verdict.wrong} record{plural} of `{name}` have values that differ from "
                f"their formulas: {verdict.first}. {remedy}"
            )
