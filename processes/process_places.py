"""Where processes show on other pages: My work, the tab of a record, the studio, the navigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from fluvial.auth.access import Access
from fluvial.http.call import Call
from fluvial.kernel.problems import Conflict
from fluvial.pages.designers import Designer
from fluvial.pages.document_previews import DocumentPreview
from fluvial.pages.navigation import NavigationItem
from fluvial.pages.object_tabs import ObjectTab
from fluvial.pages.reader_format import ReaderFormat
from fluvial.pages.record_tabs import RecordTab, ShownOn
from fluvial.pages.work_items import WorkAsked, WorkGroup, WorkItem
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.document import Document

from .designed_processes import context
from .kept_names import PROCESS, RUN, TASK
from .map_api import map_of_run
from .open_tasks import open_tasks
from .route_map import draw
from .run_rows import RUNNING
from .task_pages import HOME, href_of
from .versions import compiled, processes_of
from .why_waiting import run_wire

MOST = 20  # runs in the tab of a record

OBJECT_TABS = ObjectTab(
    PROCESS,
    "Processes",
    "A process says who does what with a record, until when, and what comes then.",
    position=45,
)


def work(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> Sequence[WorkGroup]:
    """The tasks that wait for a person."""
    if TASK not in session.catalog.objects:
        return []
    found = open_tasks(session, asked.limit + 1)
    items = [_item(session, one) for one in found[: asked.limit]]
    more = len(found) > asked.limit
    return [WorkGroup("process-tasks", "Tasks of processes", items, len(items), more, dated=True)]


def _item(session: Session, task: Values) -> WorkItem:
    known = processes_of(session.catalog).get(task["process"])
    subject = _title(session, task.get("subject"))
    return WorkItem(
        title=f"{task['name']}: {subject}" if subject else str(task["name"]),
        href=href_of(task["id"]),
        icon="checklist",
        hint=known.label if known is not None else "",
        due=task.get("work_due"),
        state="Taken" if task["status"] == "taken" else "",
        tone="plum" if task["status"] == "taken" else "",
    )


def _title(session: Session, subject: tuple[str, str] | None) -> str:
    """What the subject is called, for those who may read it."""
    if subject is None or not session.access.object(subject[0]).can("read"):
        return ""
    found = find_one(session, subject[0], subject[1], (("title",),))
    return str(found["title"]) if found is not None else ""


def record_tabs(shown: ShownOn) -> Sequence[RecordTab]:
    """The runs for a record, for those who may see them."""
    session, catalog = shown.session, shown.session.catalog
    if shown.type.name in (RUN, TASK):
        return _map_tab(shown)
    about = any(one.subject == shown.type.name for one in processes_of(catalog).values())
    if not about or RUN not in catalog.objects or session.as_of is not None:
        return []
    where = f"subject == '{shown.type.name}:{shown.id}'"
    query = Query(RUN, (("id",),), where, sort=(SortKey(("created_at",), True),), limit=MOST)
    ids = [one["id"] for one in read_page(session, query)["data"]]
    if not ids:
        return []

    def panel() -> dict[str, Any]:
        return {"runs": [_run(session, one, shown.fmt) for one in ids]}

    return [RecordTab("processes", "Processes", "_process_tab.html", panel, count=str(len(ids)))]


def _map_tab(shown: ShownOn) -> Sequence[RecordTab]:
    """The route map of a run, or of the run of a task, with the way to the page of the task."""
    session, id = shown.session, shown.id
    held = load_row(session, TASK, id, None) if shown.type.name == TASK else None
    values = load_row(session, RUN, held["run"] if held is not None else id, None)
    if values is None or session.as_of is not None:
        return []

    def panel() -> dict[str, Any]:
        try:
            drawn = map_of_run(session, values, alone=False)
        except Conflict as problem:
            drawn = str(Markup("<p>{}</p>").format(problem.detail))
        task = href_of(id) if held is not None else ""
        run = f"{HOME}?{urlencode({'run': values['id'], 'status': 'all'})}"
        return {"task": task, "run": run, "map": Markup(drawn)}

    return [RecordTab("map", "Route map", "_process_map_tab.html", panel)]


def _run(session: Session, id: str, fmt: ReaderFormat) -> dict[str, Any]:
    values = load_row(session, RUN, id, None)
    assert values is not None
    told = run_wire(session, values)
    return {
        "name": values.get("name") or "",
        "number": values.get("number") or "",
        "href": f"{HOME}?run={id}&status=all",
        "state": str(values["status"]).capitalize(),
        "tone": {"running": "info", "done": "good", "failed": "bad"}.get(values["status"], ""),
        "started": fmt.moment(values["started"]),
        "reason": values.get("reason") or "",
        "waits": [
            {"reason": one["reason"], "href": href_of(one["task"]) if one["task"] else ""}
            for one in told["waits"]
        ],
        "running": values["status"] == RUNNING,
    }


def preview(call: Call, document: Document, record: str) -> dict[str, Any]:
    """The map of a process that is being edited."""
    process = compiled(call.session.catalog, document.name, document.body)
    drawn = draw(process, alone=False)
    return {"html": Markup('<div class="scroll-x">{}</div>').format(Markup(drawn))}


PREVIEWS = DocumentPreview(PROCESS, preview)
DESIGNED = Designer(PROCESS, context)


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The log, for those whose roles show runs; others find theirs by their tasks."""
    if not processes_of(catalog) or RUN not in catalog.objects:
        return []
    right = access.object(RUN)
    if right.own or not right.can("read"):
        return []
    group = catalog.objects[RUN].group
    return [
        NavigationItem(group, "Process log", "route", HOME, RUN),
        NavigationItem(group, "Control panel", "layout-grid", f"{HOME}/panel", RUN),
    ]
