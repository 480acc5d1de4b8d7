"""The analysis by process and stage, the funnel by dimensions, and the performance of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages.frame import Context, page
from fluvial.pages.presenters import face_of
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.records.reading.query import Path
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.types import TEXT
from metamodel.folding import humanise

from .definition import Process
from .figures_api import paths_of
from .kept_names import TASK
from .run_marks import DAY, HOUR, MINUTE
from .stage_counts import GROUPABLE, SUBJECT, field_of
from .task_figures import figures, funnel, share
from .task_pages import HOME
from .versions import processes_of
from .why_waiting import who_words

COUNTS = ("open", "done", "failed", "late")
OF_TASKS = ("responsible", "performer", "ended_by", "outcome", "run")
PICKS = 3  # groups that the page offers inside of each other
PICKED = tuple(f"by{at}" for at in range(1, PICKS + 1))
NOBODY = "None"


def analysis(call: Call) -> Answer:
    """Tasks by process and stage, and how far the runs of a process came, by what one picks."""
    call.only("process", "group", *PICKED)
    session, known = call.session, _known(call.session)
    process = call.query.get("process", "")
    process = process if process in known else ""
    rows = [_stage_row(session, one) for one in figures(session, "stage", process)]
    picked = ",".join(call.query.get(name, "") for name in ("group", *PICKED))
    groups, steps, error = paths_of(picked), list[Context](), ""
    if process:
        try:
            steps = _funnel_rows(session, known[process], groups)
        except Problem as problem:
            groups, error = (), problem.detail
            steps = _funnel_rows(session, known[process], ())
    shown = {
        "processes": _choices(session, process),
        "rows": rows,
        "groups": _picks(session, known[process], groups) if process else [],
        "heads": [_head(session, known[process], one) for one in groups] if process else [],
        "stages": [one.label for one in known[process].stages.values()] if process else [],
        "steps": steps,
        "error": error,
        "all": {name: sum(row[name] for row in rows) for name in COUNTS},
    }
    return page(
        call, "process_analysis.html", "Analysis", crumbs=[("Processes", HOME)], here=HOME,
        shown=shown,
    )  # fmt: skip


def _known(session: Session) -> dict[str, Process]:
    """The processes of what somebody may read."""
    return {
        name: one
        for name, one in processes_of(session.catalog).items()
        if session.access.object(one.subject).can("read")
    }


def _choices(session: Session, process: str) -> list[Context]:
    return [
        {"value": one.name, "label": one.label, "current": one.name == process}
        for one in _known(session).values()
    ]


def _funnel_rows(session: Session, process: Process, groups: Sequence[Path]) -> list[Context]:
    """A row for each group, and behind them one for all."""
    found = funnel(session, process, groups)
    fields = [field_of(session, process.subject, one) for one in groups]
    names = [".".join(one) for one in groups]
    fmt = format_of(session)
    for one in found:
        for field, name in zip(fields, names, strict=True):
            if field.targets and isinstance(one[name], str):
                fmt.names.want([(field.targets[0], one[name])])
            elif isinstance(one[name], dict) and "object" in one[name]:
                fmt.names.want([(one[name]["object"], one[name]["id"])])
    fmt.names.load()
    rows = [
        {
            "groups": [
                _value_words(session, fmt, field, one[name])
                for field, name in zip(fields, names, strict=True)
            ],
            "steps": one["steps"],
        }
        for one in found
    ]
    return [*rows, {"groups": [], "steps": _total(found)}] if groups and rows else rows


def _total(found: Sequence[Context]) -> list[Context]:
    steps: list[Context] = []
    for at, step in enumerate(found[0]["steps"]):
        runs = sum(one["steps"][at]["runs"] for one in found)
        first, before = (steps[0]["runs"], steps[-1]["runs"]) if steps else (runs, runs)
        steps.append({
            **step, "runs": runs, "of_start": share(runs, first), "of_step": share(runs, before),
        })  # fmt: skip
    return steps


def _value_words(session: Session, fmt: ReaderFormat, field: Field, value: Any) -> str:
    if value in (None, ""):
        return NOBODY
    if isinstance(value, dict) and "object" in value:
        return fmt.names.title(value["object"], value["id"]) or NOBODY
    if isinstance(value, dict):
        ((kind, name),) = value.items()
        return who_words(session, (kind, name))
    if field.targets and isinstance(value, str):
        return fmt.names.title(field.targets[0], value) or NOBODY
    return face_of(field).text(field, value, fmt)


def _head(session: Session, process: Process, path: Path) -> str:
    return field_of(session, process.subject, path).label


def _picks(session: Session, process: Process, groups: Sequence[Path]) -> list[list[Context]]:
    """The options of each picker: one more than there are groups."""
    options = [*_offered(session, process)]
    named = [".".join(one) for one in groups]
    for name in named:
        if name not in [value for value, _ in options]:
            options.append((name, _head(session, process, tuple(name.split(".")))))
    return [
        [
            {"value": value, "label": label, "current": at < len(named) and named[at] == value}
            for value, label in options
        ]
        for at in range(min(PICKS, len(named) + 1))
    ]


def _offered(session: Session, process: Process) -> list[tuple[str, str]]:
    """The fields of the records, of those that they link to, and of tasks."""
    objects, access = session.catalog.objects, session.access
    found: list[tuple[str, str]] = []
    for field in _groupable(session, process.subject):
        found.append((f"{SUBJECT}.{field.name}", field.label))
        if field.to and not field.many and access.object(field.to).can("read"):
            for inner in _groupable(session, field.to):
                if inner.type.name != TEXT.name:
                    name = f"{SUBJECT}.{field.name}.{inner.name}"
                    found.append((name, f"{field.label} › {inner.label}"))
    tasks = objects[TASK].fields
    hidden = access.object(TASK).hidden
    return found + [(name, tasks[name].label) for name in OF_TASKS if name not in hidden]


def _groupable(session: Session, object_name: str) -> list[Field]:
    hides = session.access.hides
    return [
        field
        for field in session.catalog.objects[object_name].own_fields
        if not hides(object_name, field.name) and not field.kind.linked
        and not field.many and field.type.name in GROUPABLE
        and (field.option("max_length") or 0) <= 255
    ]  # fmt: skip


def _stage_row(session: Session, one: Context) -> Context:
    known = processes_of(session.catalog).get(str(one["process"]))
    label = known.label if known is not None else humanise(str(one["process"] or ""))
    return {**_told(one), "process": label}


def _told(one: Context) -> Context:
    kept = f"{one['on_time'].removesuffix('.0')} %" if one["on_time"] else ""
    return {**one, "kept": kept, "spent": _long(one["spent"])}


def _long(whole: int | None) -> str:
    if whole is None:
        return ""
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    return f"{whole / HOUR:.1f} h" if whole < DAY else f"{whole / DAY:.1f} d"


def performance(call: Call) -> Answer:
    """What people did: done, failed, in time, and how long it took; in a period."""
    call.only("process", "since", "until")
    session, process = call.session, call.query.get("process", "")
    process = process if process in _known(session) else ""
    since, until = (_day(call.query.get(name, "")) for name in ("since", "until"))
    people = figures(session, "person", process, since, until)
    fmt = format_of(session)
    fmt.names.want(("user", one["ended_by"]["user"]) for one in people)
    fmt.names.load()
    rows = [
        {
            **_told(one),
            "name": fmt.names.title("user", one["ended_by"]["user"]) or "",
            "last": fmt.full(datetime.fromisoformat(one["last"])) if one["last"] else "",
        }
        for one in people
    ]
    shown = {
        "processes": _choices(session, process),
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "rows": sorted(rows, key=lambda one: (-one["done"], one["name"])),
    }
    return page(
        call, "process_people.html", "Performance", crumbs=[("Processes", HOME)], here=HOME,
        shown=shown,
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


ENDPOINTS = (
    Endpoint(
        "GET", f"{HOME}/analysis", analysis, Policy.SIGNED_IN,
        "Tasks by process and stage, and the funnel.", page=True,
    ),
    Endpoint(
        "GET", f"{HOME}/people", performance, Policy.SIGNED_IN,
        "What people did, and in time.", page=True,
    ),
)  # fmt: skip
