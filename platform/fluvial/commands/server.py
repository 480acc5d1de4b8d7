"""serve, worker, scheduler and migrate."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

from fluvial import packages
from fluvial.apptests import story
from fluvial.auth.passwords import SAMPLE
from fluvial.database.connection import Connection
from fluvial.events.worker import main_scheduler, main_worker, start_embedded
from fluvial.http.app import build_app
from fluvial.http.patient_protocol import server_of
from fluvial.kernel.features import Seam
from fluvial.kernel.garbage import settle
from fluvial.kernel.settings import load
from fluvial.metadata_changes import package_order
from fluvial.packages import sample, sample_people
from fluvial.packages.installation import prepare
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

# Who has waited so long for the interpreter gets it: a request does not stand behind a change of
# metadata, an import or a document that is made meanwhile.
TURN_SECONDS = 0.001

# What a feature has to say when the server starts, such as what it cannot do there.
SAID_AT_START: Seam[Callable[[], str]] = Seam("said when the server starts")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_commands(commands: Commands) -> None:
    serve = commands.add_parser(
        "serve", help="start the web server, with an embedded worker for rules"
    )
    serve.add_argument(
        "--with",
        dest="apps",
        action="append",
        default=[],
        metavar="APP",
        help="install this app first, unless it is installed",
    )
    serve.add_argument("--sample", action="store_true", help="load the apps' sample data, once")
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser(
        "worker", help="start a worker for mails, webhooks and rules (with Redis: Celery)"
    )
    worker.set_defaults(run=lambda _: main_worker(load()))
    scheduler = commands.add_parser(
        "scheduler", help="start the scheduler, which wakes the workers when something is due"
    )
    scheduler.set_defaults(run=lambda _: main_scheduler(load()))
    migrate = commands.add_parser("migrate", help="migrate the database to this version, then exit")
    migrate.set_defaults(run=run_migrate)


def run_migrate(_: argparse.Namespace) -> int:
    engine = prepare(load())
    connection: Connection = engine.database.connection()
    print(f"The database is ready at catalog {engine.catalogs.version(connection)}.")
    engine.close()
    return 0


def run_serve(options: argparse.Namespace) -> int:
    settings = load()
    started = time.monotonic()
    engine = prepare(settings)
    for name in options.apps:
        _install_once(engine, name)
    if options.sample:
        for package in package_order.installed(engine.database.connection()):
            _load_sample(engine, package["name"])
            sample_people.admit(engine, package["name"])
    engine.closers.append(start_embedded(engine))
    server = server_of(build_app(engine), settings)
    sys.setswitchinterval(TURN_SECONDS)
    # The server raises the signal again once it has ended, which must not skip the rest; and one
    # that comes before it listens to signals itself must not be lost.
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    print(f"Fluvial is at {settings.base_url} (ready in {time.monotonic() - started:.1f} s).")
    print(f"Sign in as {settings.admin_email}{_or_as_sample_people(engine)}.")
    for said in engine.brought(SAID_AT_START):
        if words := said():
            print(words)
    print("Press Ctrl-C to stop.", flush=True)
    settle()
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0


def _or_as_sample_people(engine: Engine) -> str:
    people = sample_people.admitted(engine)
    if not people:
        return ""
    return f", or as one of the sample people, such as {people[0].email}, password {SAMPLE}"


def _install_once(engine: Engine, name: str) -> None:
    known = {p["name"] for p in package_order.installed(engine.database.connection())}
    if name not in known:
        print(f"Installing {name} ...", flush=True)
    packages.install(Session.begin(engine), packages.folder_of(name))


def _load_sample(engine: Engine, app: str) -> None:
    started = time.monotonic()
    if sample.load_once(engine, app):
        print(f"Loaded the sample data of {app} in {time.monotonic() - started:.0f} s.", flush=True)
    started = time.monotonic()
    if steps := story.tell(engine, app):
        print(f"Told its story, {steps} steps, in {time.monotonic() - started:.0f} s.", flush=True)
