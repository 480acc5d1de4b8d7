"""Processes of the API: starting runs, seeing why they wait, and working on their tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import refuse
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session

from . import run_rows, task_steps
from .kept_names import RUN, TASK
from .open_tasks import open_tasks
from .process_lists import runs_page
from .versions import process_named, processes_of
from .why_waiting import run_wire, said_of, task_wire


def list_processes(call: Call) -> Answer:
    """The processes of objects that the caller may read."""
    call.only()
    access = call.session.access
    found = [
        {
            "name": one.name, "label": one.label, "subject": one.subject, "active": one.active,
            "by_hand": one.by_hand,
            "stages": [{"name": s.name, "label": s.label} for s in one.stages.values()],
        }
        for one in processes_of(call.session.catalog).values()
        if access.object(one.subject).can("read")
    ]  # fmt: skip
    return Answer.json({"data": found})


def start_run(call: Call) -> Answer:
    call.only()
    body = call.json_object("subject")
    process = process_named(call.session, call.params["name"])
    run = task_steps.start_by_hand(call.session, process.name, _subject_of(body, process.subject))
    return Answer.json(_run(call.session, run.id), 201)


def _subject_of(body: dict[str, Any], object_name: str) -> str:
    """The id of the subject: as such, or as a link that names its object."""
    given = body.get("subject")
    if isinstance(given, dict) and given.keys() == {"object", "id"}:
        if given["object"] != object_name:
            message = f"The process is about {object_name}, not {given['object']}."
            raise Unprocessable(message, errors=[fault("/subject", "wrong_object", message)])
        given = given["id"]
    if not isinstance(given, str):
        message = f"Send `subject`: the id of a record of {object_name}."
        raise Unprocessable(message, errors=[fault("/subject", "required", message)])
    return given


def list_runs(call: Call) -> Answer:
    call.only("status", "subject", "limit", "cursor")
    process = process_named(call.session, call.params["name"])
    limit = call.whole("limit", 50, 1, 500)
    status, subject = call.query.get("status", ""), call.query.get("subject", "")
    if status and status not in ("running", "done", "failed", "cancelled"):
        raise refuse("status", "not_an_option", "Write running, done, failed or cancelled.")
    page = runs_page(
        call.session, process.name, status=status, subject=subject, limit=limit,
        cursor=call.query.get("cursor", ""),
    )  # fmt: skip
    return Answer.json(page)


def show_run(call: Call) -> Answer:
    call.only()
    return Answer.json(_run(call.session, call.params["id"]))


def _run(session: Session, run: str) -> dict[str, Any]:
    return run_wire(session, seen_run(session, run))


def seen_run(session: Session, run: str) -> Values:
    """A run that the caller may see."""
    from_row = run_rows.run_named(session, run)
    if from_row is None or not task_steps.sees(session, from_row):
        raise NotFound(f"There is no process run with the id `{run}`.")
    return from_row


def cancel_run(call: Call) -> Answer:
    call.only()
    body = call.json_object("reason")
    task_steps.cancel(call.session, call.params["id"], _text(body, "reason"))
    return Answer.json(_run(call.session, call.params["id"]))


def my_tasks(call: Call) -> Answer:
    """The open tasks of the caller, those that are due first."""
    call.only("limit")
    found = open_tasks(call.session, call.whole("limit", 50, 1, 500))
    return Answer.json({"data": [task_wire(call.session, one) for one in found]})


def show_task(call: Call) -> Answer:
    call.only()
    return Answer.json(task_wire(call.session, seen_task(call.session, call.params["id"])))


def seen_task(session: Session, task: str) -> Values:
    """A task that the caller may see."""
    held = run_rows.task_named(session, task)
    run = load_row(session, RUN, held["run"], None) if held is not None else None
    if held is None or run is None or not task_steps.sees(session, run, held):
        raise run_rows.missing_task(task)
    return held


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        message = f"`{name}` must be a text."
        raise Unprocessable(message, errors=[fault(f"/{name}", "not_a_text", message)])
    return value


def _complete(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.complete(session, task, _text(body, "outcome"), _text(body, "note"))


def _fail(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.fail(session, task, _text(body, "note"))


def _take(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.take(session, task)


def _release(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.release(session, task)


def _reassign(session: Session, task: str, body: dict[str, Any]) -> str:
    note = _text(body, "note")
    return task_steps.hand_on(session, task, body.get("to"), note, delegate=False)


def _delegate(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.hand_on(session, task, body.get("to"), _text(body, "note"), delegate=True)


def _skip(session: Session, task: str, body: dict[str, Any]) -> str:
    return task_steps.skip(session, task, _text(body, "note"), _text(body, "to"))


STEPS: dict[str, tuple[Callable[[Session, str, dict[str, Any]], str], tuple[str, ...], str]] = {
    "complete": (_complete, ("outcome", "note"), "Complete a task; its run moves on."),
    "fail": (_fail, ("note",), "Say that a task cannot be done; its run has failed."),
    "take": (_take, (), "Make a task one's own."),
    "release": (_release, (), "Give a task back to those it was offered to."),
    "reassign": (_reassign, ("to", "note"), "Give a task to somebody else."),
    "delegate": (_delegate, ("to", "note"), "Let somebody else do a task."),
    "skip": (_skip, ("note", "to"), "Go on without a task, with the reason."),
}


def _step(name: str) -> Callable[[Call], Answer]:
    perform, members, _ = STEPS[name]

    def handle(call: Call) -> Answer:
        call.only()
        body = call.json_object(*members) if call.body else {}
        if not members and body:
            raise Unprocessable("This takes no values. Send no body.")
        perform(call.session, call.params["id"], body)
        held = load_row(call.session, TASK, call.params["id"], None)
        assert held is not None
        told = task_wire(call.session, held)
        return Answer.json(told)

    return handle


def do_action(call: Call) -> Answer:
    """Do the main action of a task; what it made."""
    call.only()
    body = call.json_object() if call.body else {}
    made = task_steps.act(call.session, call.params["id"], body)
    told = {
        "verb": made.verb,
        "object": made.object,
        "id": made.record,
        **said_of(call.session, made),
    }
    return Answer.json(told, 201)


_RUN = "/api/processes/runs/{id}"
_TASK = "/api/processes/tasks/{id}"

ENDPOINTS = (
    Endpoint(
        "GET", "/api/processes", list_processes, Policy.SIGNED_IN,
        "The processes, with their stages.",
    ),
    Endpoint(
        "POST", "/api/processes/{name}/runs", start_run, Policy.SIGNED_IN,
        "Start a process for a record.",
    ),
    Endpoint(
        "GET", "/api/processes/{name}/runs", list_runs, Policy.SIGNED_IN,
        "The runs of a process.",
    ),
    Endpoint(
        "GET", _RUN, show_run, Policy.SIGNED_IN,
        "A run with its tasks, and why it waits.",
    ),
    Endpoint(
        "POST", f"{_RUN}/cancel", cancel_run, Policy.SIGNED_IN,
        "End a run before its end, with the reason.",
    ),
    Endpoint(
        "GET", "/api/processes/tasks", my_tasks, Policy.SIGNED_IN,
        "The open tasks of the caller.",
    ),
    Endpoint("GET", _TASK, show_task, Policy.SIGNED_IN, "A task of a run."),
    Endpoint(
        "POST", f"{_TASK}/action", do_action, Policy.SIGNED_IN,
        "Do the main action of a task.",
    ),
    *(
        Endpoint("POST", f"{_TASK}/{name}", _step(name), Policy.SIGNED_IN, about)
        for name, (_, _, about) in STEPS.items()
    ),
)  # fmt: skip
