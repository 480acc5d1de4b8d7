"""The API of runs that wait: which there are, letting one try again, and cancelling one."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Problem, fault

from . import run_lists, waiting_changes, waiting_lists
from .rules_api import MAX_PAGE, run_wire
from .seen_rules import unseen

PER_PAGE = 50


def list_waiting(call: Call) -> Answer:
    query = call.only("rule", "record", "limit", "cursor")
    for name in ("record", "cursor"):
        if name in query and not is_id(query[name]):
            message = f"`{name}` must be an id."
            raise Problem(message, errors=[fault(name, "not_an_id", message)])
    found = waiting_lists.page(
        call.session.connection,
        query,
        limit=call.whole("limit", PER_PAGE, 1, MAX_PAGE),
        before=query.get("cursor", waiting_lists.LAST),
    )
    for run in found["data"]:
        if unseen(call.session, run["rule"]):
            waiting_lists.hide(run)
    return Answer.json(found)


def read_run(call: Call) -> Answer:
    call.only()
    return Answer.json(run_wire(call.session, _run(call)))


def _run(call: Call) -> dict[str, Any]:
    id = call.params["id"]
    found = run_lists.one(call.session.connection, id) if is_id(id) else None
    if found is None:
        raise NotFound(f"There is no run with the id `{id}`. Runs are kept for 90 days.")
    return found


def cancel_run(call: Call) -> Answer:
    """It goes on no more; what it did so far stays."""
    call.only()
    found = _run(call)
    waiting_changes.cancel(call.session, found["id"])
    return Answer.json(run_wire(call.session, _run(call)))


def retry_run(call: Call) -> Answer:
    """A run that could not go on tries once more; a call that was given up is made again."""
    call.only()
    found = _run(call)
    waiting_changes.retry(call.session, found["id"])
    return Answer.json(run_wire(call.session, _run(call)), 202)


ENDPOINTS = (
    Endpoint("GET", "/api/runs/waiting", list_waiting, Policy.META_READ, "Runs that wait."),
    Endpoint("GET", "/api/runs/{id}", read_run, Policy.META_READ, "One run of a rule."),
    Endpoint("POST", "/api/runs/{id}/cancel", cancel_run, Policy.ADMIN, "End a run that waits."),
    Endpoint("POST", "/api/runs/{id}/retry", retry_run, Policy.ADMIN, "Let a run go on."),
)
