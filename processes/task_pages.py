"""The page of a task: what is to be done, the main action, what comes next, and the route map."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Problem, Unprocessable
from fluvial.pages.frame import Context, page
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.roles import role_titles

from . import main_actions, task_steps
from .answer_fields import answers
from .definition import END, Process, ProcessStage
from .kept_names import RUN, TASK
from .map_api import map_of_run
from .performers import is_for, owns
from .processes_api import seen_task
from .run_marks import lasted
from .run_moves import RunAtWork, opened_run
from .run_rows import ACTIVE, OPEN, PART, TAKEN, tasks_of
from .shown_actions import shown_action, shown_made
from .why_waiting import reason, who_words

HOME = "/processes"
TONES = {"open": "info", "taken": "plum", "part": "warn", "done": "good", "failed": "bad",
         "timed_out": "bad"}  # fmt: skip


def href_of(task: str) -> str:
    return f"{HOME}/tasks/{task}"


def show(call: Call) -> Answer:
    return _shown(call)


def _shown(call: Call, error: str = "", status: int = 200) -> Answer:
    session = call.session
    held = seen_task(session, call.params["id"])
    values = load_row(session, RUN, held["run"], None)
    assert values is not None
    fmt = format_of(session)
    try:
        run: RunAtWork | None = opened_run(session, values)
        trouble = ""
    except Conflict as problem:  # its version is no longer valid
        run, trouble = None, problem.detail
    shown = {
        **_head(session, held, values, fmt),
        "error": error or trouble,
        "history": history(session, values, fmt),
        "map": Markup("" if run is None else map_of_run(session, values, alone=False)),
        "stage": None if run is None else _stage(session, run, held, values, fmt),
    }
    crumbs = [("My work", "/work"), (str(values.get("name") or ""), shown["run_href"])]
    return page(
        call, "process_task.html", str(held["name"]), crumbs=crumbs, here="/work", status=status,
        task=shown, topics=f"record:{held['id']}",
    )  # fmt: skip


def _head(session: Session, held: Values, run: Values, fmt: ReaderFormat) -> Context:
    state = session.catalog.objects[TASK].fields["status"]
    due = held.get("work_due")
    return {
        "id": held["id"],
        "name": held["name"],
        "state": state.kind.show(state, held["status"]),
        "tone": TONES.get(held["status"], ""),
        "subject": subject_link(session, run, fmt),
        "due": fmt.full(due) if due is not None else "",
        "late": due is not None and held["status"] in ACTIVE and due < session.now,
        "who": who_words(session, held.get("performer")),
        "because": held.get("assigned_because") or "",
        "opened": fmt.full(held["opened"]) if held.get("opened") is not None else "",
        "note": held.get("note") or "",
        "run_href": f"{HOME}?run={run['id']}",
        "action_href": f"{href_of(held['id'])}/action",
        "step_href": f"{href_of(held['id'])}/step",
        "open": held["status"] in (OPEN, TAKEN),
    }


def subject_link(session: Session, run: Values, fmt: ReaderFormat) -> Context | None:
    """The record of a run, where its reader may read it."""
    subject = run.get("subject")
    if subject is None or not session.access.object(subject[0]).can("read"):
        return None
    found = find_one(session, subject[0], subject[1], (("title",),))
    if found is None:
        return None
    label = session.catalog.objects[subject[0]].label
    return {"label": label, "title": found["title"], "href": record_href(*subject)}


def _stage(
    session: Session, run: RunAtWork, held: Values, values: Values, fmt: ReaderFormat
) -> Context | None:
    stage = run.process.stages.get(held["stage"])
    if stage is None:
        return None
    mine = held["status"] in (OPEN, TAKEN) and (is_for(session, held) or owns(session, values))
    rows = (load_row(session, TASK, one.id, None) for one in tasks_of(session, run.id))
    tasks = [row for row in rows if row is not None]
    unfinished, owner = held["status"] in (*ACTIVE, "waiting"), owns(session, values)
    return {
        "about": run.process.about,
        "instructions": stage.instructions,
        "why": reason(run, held, tasks) if unfinished else "",
        "mine": mine,
        "taken": held["status"] == TAKEN,
        "part": held["status"] == PART,
        "owner": owner,
        "outcomes": stage.outcomes,
        "next": next_steps(run.process, stage),
        "hand": _hand_on(session, run.process, owner=owner),
        "action": shown_action(session, run, held, stage, fmt),
        "made": shown_made(session, held, fmt),
    }


def next_steps(process: Process, stage: ProcessStage) -> list[Context]:
    """Where the run can go from a stage, in words."""
    found = []
    for route in process.ways(stage.name):
        to = process.stages[route.to].label if route.to in process.stages else "The end"
        words = [f"for {route.outcome}"] if route.outcome else []
        words += [f"where {route.when.source}"] if route.when is not None else []
        words += [f"at most {route.times} times"] if route.times else []
        found.append({"to": to, "words": ", ".join(words), "label": route.label})
    if stage.timeout:
        to = process.stages[stage.timeout].label if stage.timeout != END else "The end"
        found.append({"to": to, "words": "when the time is up", "label": ""})
    return found or [{"to": "The end", "words": "", "label": ""}]


def _hand_on(session: Session, process: Process, *, owner: bool) -> Context:
    """To whom a task can be given, beside people, and to which stages one may skip it."""
    named = [one for stage in process.stages.values() for one in stage.performers]
    roles = dict.fromkeys(one["role"] for one in named if "role" in one)
    titles = role_titles(session.catalog, roles)
    stages = [{"value": one.name, "label": one.label} for one in process.stages.values()]
    return {
        "roles": [{"value": name, "label": titles.get(name, name)} for name in roles],
        "stages": [*stages, {"value": END, "label": "The end"}] if owner else [],
        "owner": owner,
    }


def history(session: Session, run: Values, fmt: ReaderFormat) -> list[Context]:
    """The tasks of a run in the order in which they were made, each with who and when."""
    state = session.catalog.objects[TASK].fields["status"]
    found = []
    for one in tasks_of(session, run["id"]):
        task = load_row(session, TASK, one.id, None)
        if task is None:
            continue
        by = task.get("ended_by") or task.get("performer")
        until = task.get("ended") or session.now
        found.append({
            "name": task["name"],
            "href": href_of(task["id"]),
            "state": state.kind.show(state, task["status"]),
            "tone": TONES.get(task["status"], ""),
            "who": who_words(session, by) if by is not None else "",
            "ended": fmt.moment(task["ended"]) if task.get("ended") is not None else "",
            "due": fmt.moment(task["work_due"]) if task.get("work_due") is not None else "",
            "spent": lasted(task.get("opened"), until) if task.get("opened") is not None else "",
            "outcome": task.get("outcome") or "",
            "note": task.get("note") or "",
        })  # fmt: skip
    return found


def do_action(call: Call) -> Answer:
    """Do the main action with what the page has asked for."""
    session, task = call.session, call.params["id"]
    try:
        with session.connection.transaction():
            held = seen_task(session, task)
            values = load_row(session, RUN, held["run"], None)
            if values is None:
                raise NotFound("The run of this task has been deleted.")
            run = opened_run(session, values)
            stage = run.process.stages.get(held["stage"])
            if stage is None or stage.action is None:
                raise Conflict("This task has no main action.")
            fields = main_actions.questions(session, run, stage.action)
            assert call.form is not None
            given = answers(session, fields, call.form)
            task_steps.act(session, task, given)
    except Problem as problem:
        return _refused(call, problem)
    return Answer.redirect(href_of(task))


def do_step(call: Call) -> Answer:
    """Complete a task, take it, give it back, skip it, or say that it cannot be done."""
    session, task, note = call.session, call.params["id"], form_text(call, "note")
    step = form_text(call, "step")
    steps: dict[str, Any] = {
        "take": lambda: task_steps.take(session, task),
        "release": lambda: task_steps.release(session, task),
        "reassign": lambda: _give(call, task, note, delegate=False),
        "delegate": lambda: _give(call, task, note, delegate=True),
        "skip": lambda: task_steps.skip(session, task, note, form_text(call, "to")),
        "fail": lambda: task_steps.fail(session, task, note),
        "complete": lambda: task_steps.complete(session, task, form_text(call, "outcome"), note),
    }
    if step not in steps:
        return _shown(call, "Say what is to be done with the task.", 422)
    try:
        steps[step]()
    except Problem as problem:
        return _refused(call, problem)
    return Answer.redirect(href_of(task))


def _give(call: Call, task: str, note: str, *, delegate: bool) -> None:
    """Give a task to the person or the role that the page names."""
    person, role = form_text(call, "to"), form_text(call, "role")
    if bool(person) == bool(role):
        raise Unprocessable("Say to whom: a person, or everybody with a role.")
    to = {"role": role} if role else {"user": person.removeprefix("user:")}
    task_steps.hand_on(call.session, task, to, note, delegate=delegate)


def _refused(call: Call, problem: Problem) -> Answer:
    if problem.status == NotFound.status:
        raise problem
    return _shown(call, problem.detail, problem.status)


ENDPOINTS = (
    Endpoint(
        "GET", f"{HOME}/tasks/{{id}}", show, Policy.SIGNED_IN, "The page of a task.", page=True
    ),
    Endpoint(
        "POST", f"{HOME}/tasks/{{id}}/action", do_action, Policy.SIGNED_IN,
        "Do the main action of a task.", page=True, form=True,
    ),
    Endpoint(
        "POST", f"{HOME}/tasks/{{id}}/step", do_step, Policy.SIGNED_IN,
        "Complete, take, give back, hand on or skip a task.", page=True, form=True,
    ),
)  # fmt: skip
