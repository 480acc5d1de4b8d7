"""Figures of processes of the API: tasks by stage and person, and the funnel of a process."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import refuse
from fluvial.http.routes import Endpoint, Policy

from .task_figures import BY, figures, funnel
from .versions import process_named


def show_figures(call: Call) -> Answer:
    call.only("by", "process")
    by, process = call.query.get("by", "stage"), call.query.get("process", "")
    if by not in BY:
        raise refuse("by", "not_an_option", "Write stage, person or process.")
    if process:
        process_named(call.session, process)
    return Answer.json({"data": figures(call.session, by, process)})


def show_funnel(call: Call) -> Answer:
    call.only("group")
    process = process_named(call.session, call.params["name"])
    return Answer.json({"data": funnel(call.session, process, call.query.get("group", ""))})


ENDPOINTS = (
    Endpoint(
        "GET", "/api/processes/figures", show_figures, Policy.SIGNED_IN,
        "Tasks by stage, person or process: open, done, failed, late, and how long they take.",
    ),
    Endpoint(
        "GET", "/api/processes/{name}/funnel", show_funnel, Policy.SIGNED_IN,
        "How many runs of a process came to each stage.",
    ),
)  # fmt: skip
