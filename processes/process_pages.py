"""The log of processes, list left and map right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Problem
from fluvial.pages.frame import Context, page, with_query
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.rows import Values
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.folding import humanise

from . import task_steps
from .kept_names import RUN
from .map_api import map_of_run
from .performers import owns
from .processes_api import seen_run
from .run_marks import lasted
from .run_rows import RUNNING
from .task_pages import HOME, history, subject_link
from .versions import processes_of
from .why_waiting import run_wire, who_words

Row = dict[str, Any]
STATUSES = {"": "All", "running": "Running", "done": "Done", "failed": "Failed",
            "cancelled": "Cancelled"}  # fmt: skip
TONES = {"running": "info", "done": "good", "failed": "bad"}
MOST = 100
MINE = (  # what a person has or had to do with
    "(mine(responsible) or created_by == me"
    " or exists(tasks, mine(performer) or me in candidates or ended_by == me))"
)
COUNTS = ("open", "done", "failed", "late")


def show(call: Call) -> Answer:
    call.only("process", "status", "run", "cursor", "whose")
    return _shown(call, call.query.get("run") or "")


def _shown(call: Call, chosen: str, problem: Problem | None = None) -> Answer:
    session, fmt = call.session, format_of(call.session)
    process, status = call.query.get("process", ""), call.query.get("status", "running")
    whose = "mine" if call.query.get("whose") == "mine" else ""
    found, more = _runs(call, session, process, status, whose)
    chosen = chosen or (found[0]["id"] if found else "")
    log: Context = {
        "processes": [
            {"value": one.name, "label": one.label, "current": one.name == process}
            for one in processes_of(session.catalog).values()
        ],
        "process": process,
        "statuses": [
            {"label": label, "current": name == status,
             "href": with_query(HOME, process=process, status=name or "all", whose=whose)}
            for name, label in STATUSES.items()
        ],
        "whose": [
            {"value": value, "label": label, "current": value == whose}
            for value, label in (("", "All that I may see"), ("mine", "My processes"))
        ],
        "status": status,
        "rows": [_row(session, one, fmt, chosen, process, status, whose) for one in found],
        "more": with_query(HOME, process=process, status=status, whose=whose, cursor=more)
        if more else "",
        "run": _chosen(session, chosen, fmt) if chosen else None,
        "error": problem.detail if problem is not None else "",
    }  # fmt: skip
    menu = [
        {"label": label, "href": f"{HOME}/{name}", "icon": icon, "method": "get", "danger": False}
        for name, label, icon in (("panel", "Control panel", "layout-grid"),
                                  ("analysis", "Analysis", "chart-bar"),
                                  ("people", "Performance", "users"))
    ]  # fmt: skip
    topics = f"object:{RUN}" if found else ""
    return page(
        call, "process_log.html", "Processes", here=HOME, log=log, menu=menu, topics=topics,
        status=problem.status if problem is not None else 200,
    )  # fmt: skip


def _runs(
    call: Call, session: Session, process: str, status: str, whose: str
) -> tuple[list[Row], str]:
    if RUN not in session.catalog.objects:
        return [], ""
    where = []
    if process in processes_of(session.catalog):
        where.append(f"process == '{process}'")
    if whose:
        where.append(MINE)
    if status in STATUSES and status:
        where.append(f"status == '{status}'")
    fields = ("number", "name", "title", "status", "stage", "started", "ended")
    hidden = session.access.object(RUN).hidden
    query = Query(
        RUN, tuple((one,) for one in fields if one not in hidden), " and ".join(where),
        sort=(SortKey(("created_at",), True),), limit=MOST, cursor=call.query.get("cursor", ""),
    )  # fmt: skip
    read = read_page(session, query)
    return read["data"], read["next"] or ""


def _row(
    session: Session, one: Row, fmt: ReaderFormat, chosen: str, process: str, status: str,
    whose: str,
) -> Context:  # fmt: skip
    started, ended = (
        datetime.fromisoformat(one[name]) if one.get(name) else None
        for name in ("started", "ended")
    )
    return {
        "title": one.get("title") or one.get("name") or "",
        "href": with_query(HOME, process=process, status=status, whose=whose, run=one["id"]),
        "current": one["id"] == chosen,
        "state": humanise(str(one.get("status") or "")),
        "tone": TONES.get(str(one.get("status")), ""),
        "stage": one.get("stage") or "",
        "started": fmt.moment(started) if started is not None else "",
        "lasted": lasted(started, ended or session.now),
    }


def _chosen(session: Session, id: str, fmt: ReaderFormat) -> Context:
    """The run whose map is shown, with why it waits."""
    values: Values = seen_run(session, id)
    running = values["status"] == RUNNING
    told = run_wire(session, values)
    try:
        drawn = map_of_run(session, values, alone=False)
    except Conflict:
        drawn = ""
    until = values.get("ended") or session.now
    return {
        "number": values.get("number") or "",
        "name": values.get("name") or "",
        "subject": subject_link(session, values, fmt),
        "state": humanise(values["status"]),
        "tone": TONES.get(values["status"], ""),
        "version": int(values["version"]),
        "owner": who_words(session, values.get("responsible")),
        "started": fmt.full(values["started"]),
        "lasted": lasted(values["started"], until),
        "reason": values.get("reason") or "",
        "waits": [one["reason"] for one in told["waits"]],
        "running": running,
        "cancel_href": f"{HOME}/runs/{id}/cancel" if running and owns(session, values) else "",
        "map": Markup(drawn),
        "history": history(session, values, fmt),
    }


def cancel_run(call: Call) -> Answer:
    """End a run before its end, with the reason, and show it."""
    run = call.params["id"]
    try:
        task_steps.cancel(call.session, run, form_text(call, "reason"))
    except Problem as problem:
        if problem.status == NotFound.status:
            raise
        return _shown(call, run, problem)
    return Answer.redirect(with_query(HOME, run=run, status="all"))


ENDPOINTS = (
    Endpoint("GET", HOME, show, Policy.SIGNED_IN, "The log of processes.", page=True),
    Endpoint(
        "POST", f"{HOME}/runs/{{id}}/cancel", cancel_run, Policy.SIGNED_IN,
        "End a run before its end.", page=True, form=True,
    ),
)  # fmt: skip
