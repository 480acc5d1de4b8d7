"""import: a file of records from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.packages.installation import prepare
from fluvial.runtime.session import Session
from fluvial.transfer.imports.command import import_file

from .server import Commands

# Options that have a switch of their own.
SWITCHES = (
    "dates", "empty", "skip_faults", "encoding", "delimiter", "headings", "sheet", "empty_cells",
)  # fmt: skip


def add_commands(commands: Commands) -> None:
    command = commands.add_parser("import", help="import a CSV or XLSX file into an object type")
    command.add_argument("object", help="the object type, such as book")
    command.add_argument("file", type=Path, help="a .csv or .xlsx file")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="the field for a column; not needed where the names match",
    )
    command.add_argument(
        "--dates",
        choices=("ymd", "dmy", "mdy"),
        help="the order of day, month and year",
    )
    command.add_argument("--empty", action="append", default=[], help="a cell that means empty")
    command.add_argument(
        "--key", default="", help="comma-separated fields that identify a record to update"
    )
    command.add_argument("--encoding", help="of a CSV file, such as cp1250 or shift_jis")
    command.add_argument("--delimiter", help="between the cells of a CSV file, or its name: tab")
    command.add_argument("--headings", type=int, help="the number of the row with the headings")
    command.add_argument("--sheet", help="the sheet of a workbook")
    command.add_argument(
        "--empty-cells",
        choices=("keep", "clear"),
        help="what an empty cell does to the value of a record that is updated",
    )
    command.add_argument("--options", default="{}", help="more options as JSON")
    command.add_argument(
        "--dry-run", action="store_true", help="check every row without importing anything"
    )
    command.add_argument("--skip-faults", action="store_true", help="import the valid rows only")
    command.set_defaults(run=run_import)


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The JSON of --options with what the other switches say, which come first."""
    try:
        options = json.loads(arguments.options)
    except json.JSONDecodeError as error:
        raise Problem(f"--options is not JSON: {error}.") from error
    if not isinstance(options, dict):
        raise Problem('--options takes a JSON object, such as {"durations": "hours"}.')
    pairs = [pair.partition("=") for pair in arguments.map]
    if wrong := [column for column, sign, _ in pairs if not sign]:
        raise Problem(f"--map {wrong[0]} names no field. Write it as COLUMN=FIELD.")
    if pairs:
        said = options.get("map")
        given = {column: name for column, _, name in pairs}
        options["map"] = {**said, **given} if isinstance(said, dict) else given
    if arguments.key:
        options["key"] = [name for name in arguments.key.split(",") if name]
    for name in SWITCHES:
        if said := getattr(arguments, name):
            options[name] = said
    return options


def run_import(arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    with closing(prepare(load())) as engine:
        result = import_file(
            Session.begin(engine),
            arguments.object,
            arguments.file,
            options,
            dry_run=arguments.dry_run,
        )
        for error in result["errors"][:50]:
            place = (
                f"row {error['row']}, {error['column']}"
                if error["column"]
                else f"row {error['row']}"
            )
            print(f"  {place}: {error['message']}", file=sys.stderr)
        for warning in result["warnings"][:50]:
            print(
                f"  row {warning['row']}, {warning['column']}: {warning['message']}",
                file=sys.stderr,
            )
        counts = ", ".join(f"{result[name]} {name}" for name in ("created", "updated", "unchanged"))
        print(
            f"{counts}, {len(result['errors'])} errors."
            + (" Nothing was imported." if arguments.dry_run else "")
        )
    return 1 if result["errors"] and not arguments.skip_faults else 0
