"""Why a run waits: for whom, for what and until when, in words and as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import Conflict
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.expressions.types import ROLE
from metamodel.folding import listed
from metamodel.roles import role_titles

from . import main_actions
from .definition import CALL, DOCUMENT
from .kept_names import RUN, TASK
from .made_records import Made, made_by
from .ordered_actions import became
from .performers import Who
from .route_graph import graph_of, reached
from .run_moves import RunAtWork, opened_run
from .run_rows import ACTIVE, PART, WAITING, parts_of, tasks_of

Json = dict[str, Any]
RUN_FIELDS = (
    "number", "process", "version", "status", "stage", "responsible", "started", "ended", "reason",
)  # fmt: skip
TASK_FIELDS = (
    "name", "stage", "attempt", "status", "performer", "candidates", "offered",
    "assigned_because", "opened", "ended", "ended_by", "outcome", "note", "came_from", "work_due",
    "work_state", "reminder_due", "calendar",
)  # fmt: skip


def run_wire(session: Session, values: Values) -> Json:
    """A run as its readers see it, with its tasks and why it waits."""
    told: Json = {"id": values["id"], **_fields(session, RUN, values, RUN_FIELDS)}
    told["subject"] = _subject(session, values)
    rows = (load_row(session, TASK, one.id, None) for one in tasks_of(session, values["id"]))
    tasks = [row for row in rows if row is not None]
    told["tasks"] = [task_wire(session, one) for one in tasks]
    told["waits"] = []
    if values["status"] == "running":
        told["waits"] = waits(session, values, tasks)
    return told


def task_wire(session: Session, task: Values) -> Json:
    made = [
        {
            "verb": one.verb,
            "object": one.object,
            "id": one.record,
            "at": one.at,
            **said_of(session, one),
        }
        for one in made_by(session, task["id"])
        if one.verb != "create" or _readable(session, one.object, one.record)
    ]
    told = _fields(session, TASK, task, TASK_FIELDS)
    return {"id": task["id"], "run": task["run"], **told, "made": made}


def said_of(session: Session, one: Made) -> Mapping[str, Any]:
    """What the task keeps of it; of what others carry out, how that stands."""
    if one.verb not in (CALL, DOCUMENT):
        return one.said
    state, words = became(session, one.said)
    return {"target": one.said.get("target"), "state": state, "said": words}


def _fields(
    session: Session, name: str, values: Values, wanted: tuple[str, ...]
) -> Mapping[str, Any]:
    fields = session.catalog.objects[name].fields
    return {one: wire_value(fields[one], values.get(one)) for one in wanted}


def _readable(session: Session, object_name: str, record: str) -> bool:
    if not session.access.object(object_name).can("read"):
        return False
    return find_one(session, object_name, record, (("id",),)) is not None


def _subject(session: Session, values: Values) -> Json | None:
    subject = values.get("subject")
    if subject is None:
        return None
    object_name, record = subject
    told: Json = {"object": object_name, "id": record}
    if session.access.object(object_name).can("read"):
        found = find_one(session, object_name, record, (("title",),))
        if found is not None:
            told["title"] = found["title"]
    return told


def waits(session: Session, values: Values, tasks: list[Values]) -> list[Json]:
    """What each unfinished task waits for."""
    try:
        run = opened_run(session, values)
    except Conflict as problem:
        return [{"task": None, "stage": None, "reason": problem.detail, "due": None}]
    return [
        {
            "task": task["id"],
            "stage": task["stage"],
            "reason": reason(run, task, tasks),
            "due": wire_value(_due_field(session), task.get("work_due")),
        }
        for task in tasks
        if task["status"] in (WAITING, *ACTIVE)
    ]


def _due_field(session: Session) -> Any:
    return session.catalog.objects[TASK].fields["work_due"]


def reason(run: RunAtWork, task: Values, tasks: list[Values]) -> str:
    """One sentence or two about an unfinished task."""
    stage = run.process.stages.get(task["stage"])
    if stage is None:
        return f"The stage {task['stage']} is not in this version any more: migrate the run."
    if task["status"] == WAITING:
        graph = graph_of(run.process)
        ahead = [
            other["name"]
            for other in tasks
            if other["status"] in (WAITING, *ACTIVE)
            and other["id"] != task["id"]
            and stage.name in reached(graph, [other["stage"]])
        ]
        behind = listed(dict.fromkeys(ahead)).replace("`", "") or "the other branches"
        return f"{stage.label} waits for {behind}."
    if task["status"] == PART:
        numbers = (
            load_row(run.session, RUN, one, None) for one in parts_of(run.session, task["id"])
        )
        named = [str(one["title"]) for one in numbers if one and one["status"] == "running"]
        return f"{stage.label} waits for the sub-process {', '.join(named) or stage.process}."
    said = [f"{stage.label} waits for {who_words(run.session, task.get('performer'))}."]
    if task.get("assigned_because"):
        said.append(str(task["assigned_because"]))
    lacks = main_actions.lacking(run, task, stage.action)
    if lacks and stage.action is not None and stage.action.must:
        said += lacks
    return " ".join(said)


def who_words(session: Session, who: Who | None) -> str:
    """A person, a team or a role in words."""
    if who is None:
        return "nobody yet"
    kind, name = who
    if kind == ROLE:
        label = role_titles(session.catalog, (name,)).get(name, name)
        return f"somebody with the role {label}"
    row = load_row(session, kind, name, None)
    shown = str(row.get("name") or row["title"]) if row else "somebody who is gone"
    return shown if kind == "user" else f"{kind} {shown}"
