"""The route maps and versions of processes, and moving runs from one version to another."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.pages.reader_format import format_of
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

from .kept_names import RUN, TASK
from .migrating import migrate
from .processes_api import seen_run
from .route_map import draw
from .run_marks import marks_of
from .run_rows import RUNNING, tasks_of
from .versions import current_version, process_in, process_named, versions

SVG = "image/svg+xml"
# It is looked at by itself, too; its colours stand in it.
CLOSED = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")


def map_of_run(session: Session, values: Values, *, alone: bool) -> str:
    """The map of a run, with its current stage marked and those that it has passed ticked."""
    process = process_in(session, values["process"], int(values["version"]))
    rows = (load_row(session, TASK, one.id, None) for one in tasks_of(session, values["id"]))
    tasks = [row for row in rows if row is not None]
    ended = "" if values["status"] == RUNNING else str(values["status"])
    return draw(process, marks_of(tasks, format_of(session)), ended=ended, alone=alone)


def show_run_map(call: Call) -> Answer:
    call.only()
    text = map_of_run(call.session, seen_run(call.session, call.params["id"]), alone=True)
    return Answer(200, text.encode(), SVG, [CLOSED])


def show_process_map(call: Call) -> Answer:
    """The map of a process as it is in force, or in a version."""
    call.only("version")
    session, name = call.session, call.params["name"]
    process = process_named(session, name)
    if not session.access.object(process.subject).can("read"):
        raise NotFound(f"There is no process `{name}`.")
    number = call.whole("version", 0, 1, 1_000_000)
    shown = process_in(session, name, number) if number else process
    return Answer(200, draw(shown, alone=True).encode(), SVG, [CLOSED])


def list_versions(call: Call) -> Answer:
    call.only()
    name = call.params["name"]
    process_named(call.session, name)
    in_force = current_version(call.session, name)
    found = [
        {"number": number, "since": timestamp_wire(at), "in_force": number == in_force}
        for number, at in versions(call.session.connection, name)
    ]
    return Answer.json({"data": found})


def migrate_runs(call: Call) -> Answer:
    call.only()
    name = call.params["name"]
    process_named(call.session, name)
    if RUN not in call.session.catalog.objects:
        raise NotFound(f"There is no process `{name}`.")
    body = call.json_object("from", "to", "map", "dry_run")
    dry_run = body.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise _wrong("dry_run", "`dry_run` must be true or false.")
    stages = body.get("map") or {}
    named = isinstance(stages, dict) and all(isinstance(one, str) for one in stages.values())
    if not named:
        raise _wrong("map", "`map` must say a stage for each old one: {old: new}.")
    source, to = _number(body, "from"), _number(body, "to")
    done = migrate(call.session, name, source, to, stages, dry_run=dry_run)
    return Answer.json(
        {"to": done.to, "dry_run": dry_run, "migrated": len(done.moved), "runs": done.moved,
         "problems": done.problems, "left": done.left}
    )  # fmt: skip


def _number(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, f"`{name}` must be the number of a version.")
    return value


def _wrong(name: str, message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault(f"/{name}", "not_valid", message)])


ENDPOINTS = (
    Endpoint(
        "GET", "/api/processes/runs/{id}/map.svg", show_run_map, Policy.SIGNED_IN,
        "The route map of a run, with where it stands.",
    ),
    Endpoint(
        "GET", "/api/processes/{name}/map.svg", show_process_map, Policy.SIGNED_IN,
        "The route map of a process.",
    ),
    Endpoint(
        "GET", "/api/processes/{name}/versions", list_versions, Policy.SIGNED_IN,
        "The versions of a process.",
    ),
    Endpoint(
        "POST", "/api/processes/{name}/migrate", migrate_runs, Policy.META_WRITE,
        "Move runs at work to another version; `dry_run` only tells.",
    ),
)  # fmt: skip
