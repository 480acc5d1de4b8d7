"""doctor: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from fluvial.database.changes import Columns
from fluvial.database.objects import tables_of
from fluvial.engine import Engine
from fluvial.settings import load

from .server import Commands
from .values import add_values, value_findings


def add_commands(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="compare tables and catalog, and look at the queues"
    )
    add_values(doctor)
    doctor.set_defaults(run=run_doctor)


def run_doctor(arguments: argparse.Namespace) -> int:
    engine = Engine(load())
    engine.open()
    findings = list(_findings(engine))
    if not findings:
        findings += value_findings(engine, arguments)
    for finding in findings:
        print(f"- {finding}")
    print("Nothing is wrong." if not findings else f"{len(findings)} findings.")
    engine.close()
    return 1 if findings else 0


def _findings(engine: Engine) -> Iterator[str]:
    connection = engine.database.connection()
    if engine.catalogs.version(connection) == 0:
        yield "The database holds no catalog yet. Run `fluvial migrate`."
        return
    catalog = engine.catalogs.current(connection)
    there = Columns.read(connection).tables
    tables = tables_of(catalog)
    for table in (*tables.objects.values(), *tables.links.values()):
        if table.name not in there:
            yield f"The table `{table.name}` is missing."
            continue
        for column in table.columns:
            if column.name not in there[table.name]:
                yield f"The column `{table.name}.{column.name}` is missing."
    waiting = connection.query("SELECT count(*) FROM fluvial_outbox WHERE attempts > 3")[0][0]
    if waiting:
        yield f"{waiting} events have failed more than three times. See the log of the worker."
