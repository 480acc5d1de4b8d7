"""Figures of processes of the API: tasks by stage and person, and the funnel of a process."""

from __future__ import annotations

from datetime import date

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import refuse
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.reading.query import Path

from .task_figures import BY, figures, funnel
from .versions import process_named


def show_figures(call: Call) -> Answer:
    call.only("by", "process", "since", "until")
    by, process = call.query.get("by", "stage"), call.query.get("process", "")
    if by not in BY:
        raise refuse("by", "not_an_option", "Write stage, person or process.")
    if process:
        process_named(call.session, process)
    since, until = (_day(call, name) for name in ("since", "until"))
    return Answer.json({"data": figures(call.session, by, process, since, until)})


def _day(call: Call, name: str) -> date | None:
    text = call.query.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse(name, "not_a_date", "Write a day such as 2026-06-15.") from None


def show_funnel(call: Call) -> Answer:
    call.only("group")
    process = process_named(call.session, call.params["name"])
    groups = paths_of(call.query.get("group", ""))
    return Answer.json({"data": funnel(call.session, process, groups)})


def paths_of(text: str) -> tuple[Path, ...]:
    """The groups of an address, with commas between them."""
    return tuple(tuple(one.strip().split(".")) for one in text.split(",") if one.strip())


ENDPOINTS = (
    Endpoint(
        "GET", "/api/processes/figures", show_figures, Policy.SIGNED_IN,
        "Tasks by stage, person or process: open, done, failed, late, and how long they take.",
    ),
    Endpoint(
        "GET", "/api/processes/{name}/funnel", show_funnel, Policy.SIGNED_IN,
        "How many runs of a process came to each stage, in groups if you like.",
    ),
)  # fmt: skip
