"""doctor: what is wrong with an installation, and how to fix it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fluvial.kernel.features import Seam, load_features
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.metadata_changes.drift import drift, repair
from fluvial.metadata_changes.pending_change import open_changes
from fluvial.metadata_changes.purge import purge, retired_list
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

from .server import Commands
from .verify_values import add_values, value_findings

ABOUT = """Compare the tables with the metadata, check the queues, and say what to do.
Finds changes made directly in the database: missing, extra or changed columns, indexes, tables and
constraints, and edited documents."""


@dataclass(frozen=True)
class Checkup:
    """What a feature lets the doctor look for: its options, and what it finds, with the remedy."""

    add: Callable[[argparse.ArgumentParser], None]
    findings: Callable[[Engine, argparse.Namespace], Iterator[str]]


CHECKUP: Seam[Checkup] = Seam("what the doctor looks for")


def add_commands(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="compare the tables with the metadata, and check the queues",
        description=ABOUT,
    )
    add_values(doctor)
    for checkup in load_features().parts(CHECKUP):
        checkup.add(doctor)
    doctor.add_argument(
        "--repair", action="store_true", help="fix what can be fixed without losing data"
    )
    doctor.add_argument(
        "--purge",
        metavar="OBJECT.FIELD",
        help="permanently delete the kept values of a retired field",
    )
    doctor.add_argument("--yes", action="store_true", help="purge without asking")
    doctor.set_defaults(run=run_doctor)


def run_doctor(options: argparse.Namespace) -> int:
    engine = Engine(load())
    engine.open()
    try:
        if options.purge:
            return _purge(engine, options.purge, options.yes)
        return _examine(engine, options)
    finally:
        engine.close()


def _examine(engine: Engine, options: argparse.Namespace) -> int:
    connection = engine.database.connection()
    if engine.catalogs.version(connection) == 0:
        print("- The database has no catalog yet. Run `fluvial migrate`.")
        return 1
    findings = drift(engine)
    if options.repair:
        for finding in repair(Session.begin(engine), findings):
            print(f"+ Fixed: {finding.text}")
        findings = drift(engine)
    told = [f"{finding.text} {finding.remedy}" for finding in findings] + list(_queues(engine))
    if not findings:
        told += value_findings(engine, options)
        for checkup in engine.brought(CHECKUP):
            told += checkup.findings(engine, options)
    for line in told:
        print(f"- {line}")
    for kept in retired_list(connection):
        print(
            f"  Kept: {kept['object']}.{kept['field']} ({kept['kind']}, {kept['cause']} "
            f"{kept['retired_at']:%Y-%m-%d}), {kept['values']} values. "
            f"To delete them: fluvial doctor --purge {kept['object']}.{kept['field']}"
        )
    print("No problems found." if not told else f"{len(told)} problems found.")
    return 1 if told else 0


def _queues(engine: Engine) -> Iterator[str]:
    connection = engine.database.connection()
    waiting = connection.query("SELECT count(*) FROM fluvial_outbox WHERE attempts > 3")[0][0]
    if waiting:
        yield f"{waiting} events have failed more than three times. See the worker's log."
    for pending in open_changes(connection):
        yield f"The change {pending.note!r} waits until a worker has copied its values."


def _purge(engine: Engine, target: str, sure: bool) -> int:
    object, dot, field = target.partition(".")
    if not dot or not field:
        raise Problem("Name the field as OBJECT.FIELD, such as book.pages.")
    if not sure:
        print(
            f"This permanently deletes all kept values of {target}. Type its name to continue: ",
            end="",
        )
        sys.stdout.flush()
        if sys.stdin.readline().strip() != target:
            print("Nothing was deleted.")
            return 1
    dropped = purge(Session.begin(engine), object, field)
    print(f"Deleted {', '.join(dropped)}.")
    return 0
