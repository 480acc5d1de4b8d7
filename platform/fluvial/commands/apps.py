"""app install, app check."""

from __future__ import annotations

import argparse
import sys

from fluvial import packages
from fluvial.engine import Engine
from fluvial.installation import prepare
from fluvial.settings import load
from metamodel.build import build_catalog
from metamodel.errors import MetadataError

from .server import Commands


def add_commands(commands: Commands) -> None:
    app = commands.add_parser("app", help="install and check apps, which are folders of metadata")
    parts = app.add_subparsers(title="commands", metavar="COMMAND", required=True)
    install = parts.add_parser(
        "install", help="put an app's documents in force, or its new version"
    )
    install.add_argument("app", help="a folder with an app.yaml, or the name of a shipped app")
    install.set_defaults(run=run_install)
    check = parts.add_parser(
        "check", help="tell every fault of an app's documents; changes nothing"
    )
    check.add_argument("app", help="a folder with an app.yaml, or the name of a shipped app")
    check.set_defaults(run=run_check)


def run_install(options: argparse.Namespace) -> int:
    engine = prepare(load())
    change = packages.install(engine.session(), packages.folder_of(options.app))
    if change.documents:
        print(f"{len(change.documents)} documents in force, {len(change.operations)} operations.")
    else:
        print("It is installed already; nothing has changed.")
    engine.close()
    return 0


def run_check(options: argparse.Namespace) -> int:
    engine = Engine(load())
    folder = packages.folder_of(options.app)
    try:
        core = packages.read_documents(packages.CORE_FOLDER, engine.kinds)
        own = packages.read_documents(folder, engine.kinds)
        catalog = build_catalog([*core, *own], engine.kinds)
    except MetadataError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        print(f"{len(error.faults)} faults.", file=sys.stderr)
        return 1
    print(f"{folder.name}: {len(own)} documents, {len(catalog.objects)} object types, no faults.")
    return 0
