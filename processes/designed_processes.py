"""What the designer of processes asks: the map of a draft, and a run that is only tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable
from fluvial.pages.presenters import face_of
from fluvial.records.reading.query import Query
from fluvial.records.reading.summary import measure, summarise
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.errors import ExpressionError, ValueFault
from metamodel.expressions.types import BOOLEAN
from rules.named_environment import NamedEnvironment

from .definition import END, START, Process, read_process
from .kept_names import PROCESS, RUN
from .route_map import draw
from .run_rows import RUNNING
from .trial_runs import TrialRun, tried
from .versions import compiled, versions

Json = dict[str, Any]
SHOWN = ("name", "label", "branches", "join", "timeout")  # of a stage, on its map
TEXTS = ("name", "label", "outcome")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEPT = ("from", "to", "outcome", "label", "times", "fails")  # of a route


def map_of(call: Call) -> Answer:
    """The map of a draft, also of one that cannot be saved yet: what has no place is left out."""
    return Answer.json({"html": draw(_draft(_body(call)), alone=False, handles=True)})


def _body(call: Call, *more: str) -> Json:
    body = call.json_object("body", *more).get("body")
    if not isinstance(body, dict):
        raise Unprocessable("Send the document as `body`.")
    return body


def _draft(body: Mapping[str, Any]) -> Process:
    stages: dict[str, Json] = {}
    for one in _things(body.get("stages")):
        name = one.get("name")
        if isinstance(name, str) and NAME.fullmatch(name) and name not in (START, END):
            stages.setdefault(name, _kept(one, SHOWN))
    sources, targets = {START, *stages}, {END, *stages}
    for one in stages.values():
        timeout = one.get("timeout")
        if not (isinstance(timeout, dict) and timeout.get("to") in targets):
            one.pop("timeout", None)
    routes = [
        _kept(one, KEPT)
        for one in _things(body.get("routes"))
        if one.get("from") in sources and one.get("to") in targets
    ]
    sound = {"subject": str(body.get("subject") or ""), "stages": [*stages.values()],
             "routes": routes, "label": body.get("label") or "Process"}  # fmt: skip
    return read_process("draft", sound, lambda *given: None)


def _kept(one: Json, names: tuple[str, ...]) -> Json:
    """What a map shows of a stage or route, where it is what it should be."""
    kept = {name: one[name] for name in names if name in one}
    return {
        name: value
        for name, value in kept.items()
        if isinstance(value, str) or name not in TEXTS or (name == "label" and value)
    }


def _things(found: Any) -> Iterator[Json]:
    yield from (
        (one for one in found or () if isinstance(one, dict)) if isinstance(found, list) else ()
    )


def try_out(call: Call) -> Answer:
    """A run over values that somebody has typed, as far as they have completed its stages."""
    body = _body(call, "values", "steps")
    given = call.json_object("body", "values", "steps")
    values, steps = given.get("values") or {}, given.get("steps") or []
    sent = isinstance(values, dict) and isinstance(steps, list)
    if not sent or not all(isinstance(one, dict) for one in steps):
        raise Unprocessable("Send `values` as names with texts, and `steps` as a list.")
    session = call.session
    process = _sound(session, body)
    fields = asked_fields(session, process)
    run = TrialRun(session, process, _made_up(session, process, fields, values))
    tried(run, steps)
    return Answer.json(
        {
            "html": draw(process, run.marks(), ended=run.ended, alone=False),
            "fields": [_input(one) for one in fields],
            "open": run.open(),
            "ended": run.ended,
            "said": run.stuck or (run.failed and f"The run has failed: {run.failed}"),
        }
    )


def _sound(session: Session, body: Json) -> Process:
    subject = body.get("subject")
    if not isinstance(subject, str) or subject not in session.catalog.objects:
        raise Unprocessable("Say first what the process is about.")
    session.object(subject)
    try:
        return compiled(session.catalog, str(body.get("name") or "draft"), body)
    except (ExpressionError, KeyError, TypeError, AttributeError) as error:
        said = error.message if isinstance(error, ExpressionError) else "It is not complete yet."
        raise Unprocessable(f"{said} Correct the process, then try it.") from error


def asked_fields(session: Session, process: Process) -> list[Field]:
    """The fields of the record that conditions of routes read, as far as the author may."""
    fields = session.catalog.objects[process.subject].fields
    hides = session.access.hides
    named = {
        name
        for route in process.routes
        if route.when is not None
        for owner, name in route.when.uses
        if owner == process.subject
    }
    return [
        one
        for name, one in fields.items()
        if name in named and one.writable and not one.kind.linked and not one.type.objects
        and not hides(process.subject, name)
    ]  # fmt: skip


def _input(field: Field) -> Json:
    face = face_of(field)
    options = [{"value": one["value"], "label": one["label"]} for one in face.options(field)]
    flag = field.type.name == BOOLEAN.name
    yes_no = [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}]
    return {"name": field.name, "label": field.label, "options": yes_no if flag else options,
            "type": face.input(field).get("type", "text")}  # fmt: skip


def _made_up(
    session: Session, process: Process, fields: list[Field], given: Mapping[str, Any]
) -> NamedEnvironment:
    type_ = session.catalog.objects[process.subject]
    values = {one.name: one.kind.absent(one) for one in type_.fields.values() if one.stored}
    errors = []
    for field in fields:
        text = given.get(field.name)
        if not isinstance(text, str) or not text:
            continue
        try:
            values[field.name] = field.kind.parse_text(field, text, typed_form(session))
        except ValueFault as error:
            errors.append(f"{field.label}: {error.message}")
    if errors:
        raise Unprocessable(" ".join(errors))
    return NamedEnvironment(session, type_, values)


def context(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The version in force, and how many runs are at work in it and in those before."""
    session, name = call.session, str(body.get("name") or "")
    found = versions(session.connection, name) if name in session.catalog.of(PROCESS) else []
    running = 0
    if found and RUN in session.catalog.objects and session.access.object(RUN).can("read"):
        where = f"process == '{name}' and status == '{RUNNING}'"
        counted = summarise(session, Query(RUN, where=where), (), (measure("count"),))
        running = int(counted[0]["count"]) if counted else 0
    return {"version": found[-1][0] if found else 0, "running": running}


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/process-map", map_of, Policy.META_READ,
        "The route map of a process that is being drawn.", page=True,
    ),
    Endpoint(
        "POST", "/studio/process-trial", try_out, Policy.META_READ,
        "Try a process that is being drawn with a made-up record.", page=True,
    ),
)  # fmt: skip
