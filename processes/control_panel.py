"""The control panel of somebody who leads people: the tasks of the team, stages, and the funnel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.frame import Context, page, with_query
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.reading.summary import measure, summarise
from fluvial.runtime.session import Session
from metamodel.folding import humanise

from .definition import Process
from .kept_names import TASK
from .performers import colleagues_of
from .run_rows import UNFINISHED
from .task_figures import funnel
from .task_pages import HOME, href_of
from .versions import processes_of
from .why_waiting import who_words

PANEL = f"{HOME}/panel"
MOST = 15  # tasks in the list
MOST_BARS = 12
COUNT = measure("count")
FIELDS = ("name", "performer", "work_due", "process", "subject", "status")
WORK = " or ".join(f"status == '{one}'" for one in UNFINISHED if one != "waiting")
LATE = "work_due < now()"


def show(call: Call) -> Answer:
    call.only("whose", "process", "late")
    session = call.session
    there = TASK in session.catalog.objects and session.access.object(TASK).can("read")
    colleagues = colleagues_of(session) if there else ()
    whose = call.query.get("whose") or ("team" if len(colleagues) > 1 else "all")
    theirs = _theirs(colleagues) if whose == "team" else ""
    late = call.query.get("late") == "1"
    shown = _shown(session, call, theirs, late) if there else None
    kept = {"process": call.query.get("process", "")}
    tabs = [
        {"label": label, "current": name == whose, "href": with_query(PANEL, **kept, whose=name)}
        for name, label in (("team", "My team"), ("all", "All that I may see"))
    ]
    return page(
        call, "process_panel.html", "Control panel", crumbs=[("Processes", HOME)], here=PANEL,
        panel=shown, tabs=tabs,
    )  # fmt: skip


def _theirs(colleagues: Sequence[str]) -> str:
    """What the tasks of these people meet, and those of their teams, groups and roles."""
    people = " or ".join(f"performer == 'user:{one}'" for one in colleagues)
    return f"mine(performer) or {people}" if people else "mine(performer)"


def _where(*parts: str) -> str:
    return " and ".join(f"({part})" for part in parts if part)


def _shown(session: Session, call: Call, theirs: str, late: bool) -> Context:
    fmt = format_of(session)
    known = {
        name: one
        for name, one in processes_of(session.catalog).items()
        if session.access.object(one.subject).can("read")
    }
    asked = {n: call.query[n] for n in ("whose", "process") if call.query.get(n)}
    stages = list(_stages(session, theirs, known))
    chosen = _chosen(call.query.get("process", ""), known, stages)
    return {
        "figures": list(_figures(session, theirs, asked, late)),
        "late": late,
        "tasks": _tasks(session, fmt, theirs, late),
        "stages": stages[:MOST_BARS],
        "more": max(len(stages) - MOST_BARS, 0),
        "processes": [
            {"value": one.name, "label": one.label, "current": one is chosen}
            for one in known.values()
        ],
        "whose": call.query.get("whose", ""),
        "funnel": _funnel(session, chosen) if chosen is not None else [],
        "funnel_href": with_query(f"{HOME}/analysis", process=chosen.name if chosen else ""),
    }


def _chosen(name: str, known: dict[str, Process], stages: list[Context]) -> Process | None:
    """The process of the funnel: the one asked for, else the one with most open tasks."""
    if name in known:
        return known[name]
    counted: dict[str, int] = {}
    for one in stages:
        counted[one["name"]] = counted.get(one["name"], 0) + one["open"]
    busiest = max(counted, key=lambda one: counted[one], default="")
    return known.get(busiest) or next(iter(known.values()), None)


def _figures(
    session: Session, theirs: str, asked: dict[str, str], late: bool
) -> Iterator[dict[str, Any]]:
    """How many there are, each a way to them where the list below can show them."""
    day = session.today
    week = f"date(ended) > date('{day - timedelta(days=7)}')"
    for label, where, href, tone in (
        ("Open tasks", _where(theirs, WORK), with_query(PANEL, **asked), ""),
        ("Late", _where(theirs, WORK, LATE), with_query(PANEL, **asked, late="1"), "bad"),
        ("Due today", _where(theirs, WORK, f"date(work_due) == date('{day}')"), "", ""),
        ("Done in seven days", _where(theirs, "status == 'done'", week), "", ""),
        ("Done late in seven days",
         _where(theirs, "status == 'done' and not on_time", week), "", "bad"),
    ):  # fmt: skip
        (found,) = summarise(session, Query(TASK, where=where), (), (COUNT,))
        number = int(found[COUNT.text])
        current = href != "" and late == (label == "Late")
        yield {"label": label, "value": f"{number:,}", "href": href,
               "tone": tone if number else "", "current": current}  # fmt: skip


def _tasks(session: Session, fmt: ReaderFormat, theirs: str, late: bool) -> Context:
    """The tasks that are due first."""
    fields = tuple((one,) for one in FIELDS if one not in session.access.object(TASK).hidden)
    query = Query(
        TASK, fields, _where(theirs, WORK, LATE if late else ""), limit=MOST,
        sort=(SortKey(("work_due",), False),),
    )  # fmt: skip
    read = read_page(session, query)
    for one in read["data"]:
        if one.get("subject"):
            fmt.names.want([(one["subject"]["object"], one["subject"]["id"])])
    fmt.names.load()
    rows = [_task(session, fmt, one) for one in read["data"]]
    return {"rows": rows, "more": read["next"] is not None}


def _task(session: Session, fmt: ReaderFormat, one: dict[str, Any]) -> Context:
    due = datetime.fromisoformat(one["work_due"]) if one.get("work_due") else None
    subject, known = one.get("subject"), processes_of(session.catalog).get(one.get("process") or "")
    ((kind, name),) = (one.get("performer") or {"": ""}).items()
    return {
        "name": one.get("name") or "",
        "href": href_of(one["id"]),
        "subject": fmt.names.title(subject["object"], subject["id"]) or "" if subject else "",
        "process": known.label if known is not None else humanise(one.get("process") or ""),
        "who": who_words(session, (kind, name)) if kind else "",
        "due": fmt.moment(due) if due is not None else "",
        "late": due is not None and due < session.now,
    }


def _stages(session: Session, theirs: str, known: dict[str, Process]) -> Iterator[Context]:
    """The stages at which something is open, as the documents order them, and how much is late."""
    groups = (("process",), ("stage",), ("name",))
    late = {
        (one["process"], one["stage"], one["name"]): int(one[COUNT.text])
        for one in summarise(
            session, Query(TASK, where=_where(theirs, WORK, LATE)), groups, (COUNT,)
        )
    }
    found = summarise(session, Query(TASK, where=_where(theirs, WORK)), groups, (COUNT,))
    most = max((int(one[COUNT.text]) for one in found), default=0) or 1

    def place(one: dict[str, Any]) -> tuple[Any, ...]:
        process = known.get(one["process"])
        stages = list(process.stages) if process is not None else []
        at = stages.index(one["stage"]) if one["stage"] in stages else len(stages)
        return (process.label if process is not None else "", at, one["name"] or "")

    for one in sorted(found, key=place):
        number = int(one[COUNT.text])
        behind = late.get((one["process"], one["stage"], one["name"]), 0)
        process = known.get(one["process"])
        yield {
            "name": one["process"],
            "process": process.label if process is not None else humanise(one["process"] or ""),
            "stage": one["name"] or "",
            "open": number,
            "late": behind,
            "width": round((number - behind) / most * 100, 2),
            "late_width": round(behind / most * 100, 2),
        }


def _funnel(session: Session, process: Process) -> list[Context]:
    """How far the runs of a process came, as bars around the middle."""
    found = funnel(session, process)
    if not found or not found[0]["steps"][0]["runs"]:
        return []
    steps = found[0]["steps"]
    most = max(one["runs"] for one in steps)
    return [
        {**one, "x": round((100 - one["runs"] / most * 100) / 2, 2),
         "width": round(max(one["runs"] / most * 100, 0.6), 2)}
        for one in steps
    ]  # fmt: skip


ENDPOINTS = (
    Endpoint(
        "GET", PANEL, show, Policy.SIGNED_IN,
        "The tasks of a team, what is late, the stages and the funnel.", page=True,
    ),
)  # fmt: skip
