"""app install, upgrade, uninstall, export, check and list."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from fluvial.apptests import checking
from fluvial.kernel.problems import Conflict, NotFound, Problem
from fluvial.kernel.settings import load
from fluvial.metadata_changes import cutover, package_order
from fluvial.metadata_changes.pending_change import COPYING, DONE, pending_change
from fluvial.packages import (
    archive,
    exporting,
    installed_list,
    installing,
    registry,
    source,
    uninstalling,
)
from fluvial.packages.installation import prepare
from fluvial.packages.installing import Installation
from fluvial.packages.source import Package
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.documents import SITE
from metamodel.upgrades import CHANGES, CONFLICT, EVERYTHING

from .server import Commands

APP = "a folder with an app.yaml, a zip file of one, or the name of a shipped app"
ABOUT = """\
An app is a folder of documents (objects, forms, rules ...) with an app.yaml, installed as a layer
of its own. Your own changes form the site's layer above it and survive every upgrade.

  fluvial app check my_app               list all errors, and run the app's own tests
  fluvial app install my_app             install it
  fluvial app upgrade my_app --dry-run   show what a new version would change
  fluvial app export site --name desk    export the site's own changes as an app
"""
MAX_LINE = 100
SHOWN = 6


def add_commands(commands: Commands) -> None:
    app = commands.add_parser(
        "app",
        help="install, upgrade, check and export apps, which are folders of metadata",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = app.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_install(parts)
    _add_uninstall(parts)
    _add_export(parts)
    check = parts.add_parser("check", help="list all errors of an app, and run its tests")
    check.add_argument("app", help=APP)
    check.set_defaults(run=run_check)
    listed = parts.add_parser("list", help="list the installed apps")
    listed.set_defaults(run=run_list)


def _add_install(parts: Commands) -> None:
    words = {
        "install": "install an app, or another version of it",
        "upgrade": "change an installed app to another version; older versions work too",
    }
    for name, about in words.items():
        command = parts.add_parser(
            name,
            help=about,
            description=f"{about.capitalize()}, in one transaction. If the app and the site "
            "both changed an attribute, the site keeps its own value and the conflict is shown.",
        )
        command.add_argument("apps", nargs="+", metavar="APP", help=APP)
        command.add_argument(
            "--dry-run",
            action="store_true",
            help="show what would happen, without changing anything",
        )
        command.add_argument(
            "--take",
            action="append",
            default=[],
            metavar="PLACE",
            help="a conflict in which to use the app's value, such as "
            "object/book#/fields/price/formula; `*` for all",
        )
        command.add_argument(
            "--force",
            action="store_true",
            help="also remove what the site has that uses removed parts",
        )
        command.set_defaults(run=run_install, upgrade=name == "upgrade")


def _add_uninstall(parts: Commands) -> None:
    command = parts.add_parser(
        "uninstall",
        help="uninstall an app; its tables and values stay until they are purged",
    )
    command.add_argument("name", help="the name of an installed app")
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would be removed and what stays, without changing anything",
    )
    command.add_argument(
        "--force", action="store_true", help="also remove what the site has that needs the app"
    )
    command.set_defaults(run=run_uninstall)


def _add_export(parts: Commands) -> None:
    command = parts.add_parser(
        "export", help="write an app, or the site's own changes, as a zip file"
    )
    command.add_argument("layer", help="the name of an installed app, or `site`")
    command.add_argument("--to", type=Path, help="the file; NAME.zip by default")
    command.add_argument("--name", default="", help="for `site`: the name of the new app")
    command.add_argument("--label", default="", help="for `site`: its label")
    command.add_argument("--version", default="", help="for `site`: its version; 1.0.0 by default")
    command.set_defaults(run=run_export)


def package_of(text: str, engine: Engine) -> Package:
    """The package of a folder, a zip file, or the name of a shipped app."""
    path = Path(text)
    if path.is_file():
        return source.from_zip(path.read_bytes(), engine.kinds)
    return source.from_folder(registry.folder_of(text), engine.kinds)


def run_install(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        packages = [package_of(text, engine) for text in options.apps]
        for package in packages:
            source.refuse_core(package)
            if options.upgrade and package.name not in package_order.versions(session.connection):
                raise NotFound(f"The app `{package.name}` is not installed. Use `app install`.")
        done = installing.put_all(
            session, packages, take=options.take, force=options.force, keep=not options.dry_run
        )
        for one in done:
            _tell_installation(one, options.dry_run)
            if one.change.pending:
                follow(engine, one.change.pending)
    return 0


def _tell_installation(done: Installation, planned: bool) -> None:
    if not done.change.documents and not done.change.more:
        print(f"{done.name} {done.version} is already installed; nothing has changed.")
        return
    was = f" (from {done.was})" if done.was and done.was != done.version else ""
    print(f"{done.verb} {done.name} {done.version}{was}:")
    for word, places in (("comes", done.added), ("goes", done.removed)):
        for kind, names in _by_kind(places).items():
            print(f"  {word}: {len(names)} {kind}: {_short(', '.join(names))}")
    if done.was is not None:
        for entry in done.of(CHANGES):
            print(f"  changes: {_place(entry)}: {_short(entry['old'])} -> {_short(entry['new'])}")
        outcomes = {d.outcome for found in done.decisions.values() for d in found}
        for entry in done.of(*sorted(outcomes - {CHANGES, CONFLICT})):
            print(f"  {entry['outcome']}: {_place(entry)}: {_short(entry['site'])}")
    conflicts = list(done.of(CONFLICT))
    for entry in conflicts:
        print(f"  CONFLICT: {_place(entry)}: was {_short(entry['old'])}")
        print(f"    app:  {_short(entry['new'])}")
        print(
            f"    site: {_short(entry['site'])}   <- kept; use --take '{_place(entry)}' for "
            "the app's"
        )
    for step in done.change.operations:
        print(f"  {step.class_}: {step.op} {step.target} ({step.rows} records)")
    if conflicts:
        print(
            f"{len(conflicts)} conflicts: the site keeps its own values. Use --take "
            f"'{EVERYTHING}' for the app's."
        )
    if planned:
        print("Nothing was changed: this was a dry run.")
    elif not done.change.pending:
        print("Done.")


def follow(engine: Engine, plan: str) -> None:
    """Copy the values of large tables, as the workers do too, until the change is in force.

    Who stops it here leaves the rest to the workers.
    """
    connection, told = engine.database.connection(), -1
    while (pending := pending_change(connection, plan)).state == COPYING:
        if pending.copied != told:
            told = pending.copied
            print(f"  {told:,} of {pending.rows:,} values copied")
        if not cutover.run(engine):
            time.sleep(0.2)
    if pending.state != DONE:
        raise Conflict(pending.error or "It was cancelled.")
    print("Done.")


def _place(entry: dict[str, Any]) -> str:
    return f"{entry['document']}#{entry['pointer']}" if entry["pointer"] else entry["document"]


def _by_kind(places: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        kind, _, name = place.partition("/")
        found.setdefault(kind, []).append(name)
    return found


def _short(value: Any) -> str:
    text = "(nothing)" if value is None else str(value)
    return text if len(text) <= MAX_LINE else f"{text[: MAX_LINE - 4]} ..."


def run_uninstall(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        if options.dry_run:
            removal = uninstalling.plan(session, options.name)
        else:
            try:
                removal = uninstalling.remove(session, options.name, force=options.force)
            except Problem as problem:
                for use in problem.extra.get("uses", ()):
                    print(f"  needed by: {use}", file=sys.stderr)
                raise
        print(f"Uninstall {removal.name} {removal.version}:")
        for entry in removal.objects:
            print(
                f"  removes: object {entry['name']}; its {entry['records']} records stay in the "
                "database"
            )
        for name in removal.fields:
            print(f"  removes: field {name}; its values stay in the database")
        for kind, names in _by_kind(removal.documents).items():
            print(f"  removes: {len(names)} {kind}: {_short(', '.join(names))}")
        for place in removal.waiting:
            print(f"  kept for a later install: the site's changes to {place}")
        for use in removal.uses:
            print(f"  needed by, and removed only with --force: {use}")
        if removal.change.pending:
            follow(engine, removal.change.pending)
        print("Nothing was changed: this was a dry run." if options.dry_run else "Done.")
    return 0


def run_export(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        given = {"name": options.name, "label": options.label, "version": options.version}
        given = {name: text for name, text in given.items() if text}
        if options.layer != SITE and given:
            raise Problem("--name, --label and --version are for an export of `site`.")
        files = exporting.files_of(Session.begin(engine), options.layer, **given)
        target = options.to or Path(f"{options.name or options.layer}.zip")
        target.write_bytes(archive.packed(files))
        print(f"{target}: {len(files)} files.")
    return 0


def run_list(_: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        for entry in installed_list.listed(Session.begin(engine)):
            changed = f", {entry['changed_by_site']} of them changed here" * bool(
                entry["changed_by_site"]
            )
            print(f"{entry['name']} {entry['version']}: {entry['documents']} documents{changed}")
    return 0


def run_check(options: argparse.Namespace) -> int:
    engine = Engine(load())
    report = checking.check(registry.folder_of(options.app), engine.kinds)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    for failure in report.failures:
        print(failure, file=sys.stderr)
    for remark in report.warnings:
        print(f"{remark.place}: {remark.message}")
    for language, places in report.untranslated.items():
        shown = ", ".join(places[:SHOWN])
        print(f"translations/{language}.yaml: {len(places)} texts are missing: {shown}")
    counts = {
        "documents": report.documents,
        "faults": len(report.faults),
        "remarks": len(report.warnings),
        "tests": report.tests,
        "failed": report.failed,
    }
    print(f"{report.name}: {', '.join(f'{count} {word}' for word, count in counts.items())}.")
    return 0 if report.sound else 1
