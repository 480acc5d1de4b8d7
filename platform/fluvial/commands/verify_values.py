"""doctor --values: stored values, timers and state logs against what they follow from."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from fluvial.auth.actors import SYSTEM
from fluvial.records.calculated.log_verification import verify_log
from fluvial.records.calculated.timer_verification import verify_timers
from fluvial.records.calculated.verification import Verdict, verify
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

SAMPLE = 200  # the newest records of each object type


def add_values(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument(
        "--values",
        choices=("sample", "all", "none"),
        default="sample",
        help="compare calculated values with their formulas, timers and state logs with what they "
        "follow from: for the newest records of each object type (sample), of all records, or not "
        "at all",
    )
    doctor.add_argument(
        "--repair-values",
        action="store_true",
        help="replace stored values, timers and logs that differ",
    )


def value_findings(engine: Engine, arguments: argparse.Namespace) -> Iterator[str]:
    """What is wrong with stored values; rules hear of what is repaired."""
    if arguments.values == "none":
        return
    session = Session.begin(engine, SYSTEM)
    asked: dict[str, Any] = {
        "most": SAMPLE if arguments.values == "sample" else None,
        "repair": arguments.repair_values,
    }
    for name, type_ in session.catalog.objects.items():
        for field in type_.logged_fields:  # timers are worked out from them
            differ = f"a log of {field.name} that differs from their state"
            yield from _told(verify_log(session, field, **asked), differ, arguments)
        if type_.kept_fields:
            differ = "values that differ from their formulas"
            yield from _told(verify(session, name, **asked), differ, arguments)
        if type_.worked_fields:
            differ = "timers that differ from what they depend on"
            yield from _told(verify_timers(session, name, **asked), differ, arguments)


def _told(verdict: Verdict, differ: str, arguments: argparse.Namespace) -> Iterator[str]:
    if not verdict.wrong:
        return
    remedy = "They have been repaired." if arguments.repair_values else "Run --repair-values."
    records = f"{verdict.wrong} record{'' if verdict.wrong == 1 else 's'} of `{verdict.object}`"
    yield f"{records} have {differ}: {verdict.first}. {remedy}"
