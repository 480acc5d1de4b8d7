"""The pages of long work: what runs, how far it is, what came out of it; and imports to undo."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.metadata_changes import pending_change
from fluvial.metadata_changes.pending_change import COPYING
from fluvial.records.calculated import recalculation_queue
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import CANCELLED, DONE, FAILED, RUNNING, LongJob
from fluvial.services import bulk_edit_undo
from fluvial.transfer.imports.import_list import Imported, imports
from fluvial.transfer.imports.import_undo import job_id, undo
from metamodel.folding import humanise

from .frame import Context, page
from .reader_format import ReaderFormat, format_of, number

JOBS = "/jobs"
PATIENCE = 2.0  # seconds until who waits is shown how far it is
TONES = {RUNNING: "info", DONE: "good", FAILED: "bad", CANCELLED: "", COPYING: "info"}


def show(call: Call) -> Answer:
    fmt = format_of(call.session)
    found = long_jobs.visible_jobs(call.session)
    fmt.names.want(("user", one.by) for one in found if one.by)
    fmt.names.load()
    items = [
        *_changes(call, fmt),
        *_recalculations(call, fmt),
        *(_item(call, o, fmt) for o in found),
    ]
    return _page(call, "Jobs", JOBS, items)


def show_one(call: Call) -> Answer:
    fmt = format_of(call.session)
    found = long_jobs.visible_job(call.session, call.params["id"])
    fmt.names.want([("user", found.by)] if found.by else [])
    fmt.names.load()
    return _page(call, found.title, f"{JOBS}/{found.id}", [_item(call, found, fmt)])


def _page(call: Call, title: str, href: str, items: list[Context]) -> Answer:
    one = href != JOBS
    return page(
        call, "jobs.html", title, crumbs=[("Jobs", JOBS)] if one else [], here=JOBS,
        jobs={
            "title": title,
            "items": items,
            "href": href,
            "one": one,
            "running": any(item["running"] for item in items),
            "imports_href": "/imports",
        },
    )  # fmt: skip


def _item(call: Call, job: LongJob, fmt: ReaderFormat) -> Context:
    path, over = f"{JOBS}/{job.id}", job.state != RUNNING
    ending = job.ending and not over
    return {
        "title": job.title,
        "href": path,
        "person": (fmt.names.title("user", job.by) if job.by else None) or "",
        "when": fmt.ago(job.ended_at or job.at),
        "state": "Stopping" if ending else humanise(job.state),
        "tone": TONES[job.state],
        "running": not over,
        "percent": None if over or not job.total else min(100, 100 * job.done // job.total),
        "text": job.error or _came(job, fmt),
        "cancel_href": "" if over or ending else f"{path}/cancel",
        "retry_href": f"{path}/retry" if job.state in (FAILED, CANCELLED) else "",
        "undo_href": f"{path}/undo" if bulk_edit_undo.may_undo(call.session, job) else "",
        "reasons": job.result.get("reasons", []) if isinstance(job.result, dict) else [],
    }


def _came(job: LongJob, fmt: ReaderFormat) -> str:
    """What came of it, in figures."""
    if job.state not in (DONE, CANCELLED) or not isinstance(job.result, dict):
        return ""
    counts = ((humanise(name), value) for name, value in job.result.items())
    told = [
        f"{label}: {number(str(value), fmt.locale)}"
        for label, value in counts
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return ", ".join(told)


def _changes(call: Call, fmt: ReaderFormat) -> Iterator[Context]:
    """Changes of metadata whose values are being copied."""
    access = call.session.access
    if "read" not in access.meta:
        return
    for one in pending_change.open_changes(call.session.connection):
        cancel = f"{JOBS}/changes/{one.id}/cancel" if "write" in access.meta else ""
        yield {
            **_plain(one.note or "Change of metadata", fmt.ago(one.at), cancel),
            "percent": min(100, 100 * one.copied // one.rows) if one.rows else None,
            "text": ", ".join(f"{o['kind']}/{o['name']}" for o in one.documents[:8]),
        }


def _recalculations(call: Call, fmt: ReaderFormat) -> Iterator[Context]:
    """Calculated values that workers bring up to date, as far as the reader may know of them."""
    session = call.session
    for one in recalculation_queue.waiting_since(session):
        type_ = session.catalog.objects.get(one.object)
        access = session.access
        if type_ is None or not access.object(one.object).can("read"):
            continue
        if one.field not in type_.fields or access.hides(one.object, one.field):
            continue
        label = f"Recalculate {type_.fields[one.field].label} of {type_.plural.lower()}"
        done = number(str(one.done), fmt.locale)
        yield {**_plain(label, fmt.ago(one.at), ""), "text": f"{done} done"}


def _plain(title: str, when: str, cancel: str) -> Context:
    return {
        "title": title, "href": "", "person": "", "when": when, "state": "Running", "tone": "info",
        "running": True, "percent": None, "text": "", "cancel_href": cancel, "retry_href": "",
        "undo_href": "", "reasons": [],
    }  # fmt: skip


def cancel(call: Call) -> Answer:
    long_jobs.cancel(call.session, call.params["id"])
    return Answer.redirect(f"{JOBS}/{call.params['id']}")


def retry(call: Call) -> Answer:
    long_jobs.retry(call.session, call.params["id"])
    return Answer.redirect(f"{JOBS}/{call.params['id']}")


def undo_job(call: Call) -> Answer:
    id = bulk_edit_undo.begin(call.session, call.params["id"])
    long_jobs.leave(call.engine, call.session.connection, id)
    return Answer.redirect(f"{JOBS}/{id}")


def cancel_change(call: Call) -> Answer:
    pending_change.cancel(call.session, call.params["id"])
    return Answer.redirect(JOBS)


def show_imports(call: Call) -> Answer:
    fmt = format_of(call.session)
    found = list(imports(call.session))
    fmt.names.want(("user", one.by) for one in found if one.by)
    fmt.names.load()
    items = [_import(call, one, fmt) for one in found]
    return page(
        call,
        "imports.html",
        "Imports",
        here="/imports",
        imports={"items": items, "jobs_href": JOBS},
    )


def _import(call: Call, one: Imported, fmt: ReaderFormat) -> Context:
    counts = [("added", "created"), ("changed", "updated"), ("unchanged", "unchanged"),
              ("skipped", "skipped")]  # fmt: skip
    told = ((word, one.counts.get(name, 0)) for word, name in counts)
    type_ = call.session.catalog.objects[one.object]
    return {
        "file": one.file or "A file",
        "plural": type_.plural,
        "list_href": f"/o/{one.object}",
        "person": (fmt.names.title("user", one.by) if one.by else None) or "",
        "when": fmt.ago(one.at),
        "text": ", ".join(
            f"{number(str(count), fmt.locale)} {word}" for word, count in told if count
        ),
        "undone": one.undone,
        "job_href": f"{JOBS}/{job_id(one.id)}" if one.undoing else "",
        "undo_href": "" if one.undone or one.undoing else f"/imports/{one.id}/undo",
    }


def undo_import(call: Call) -> Answer:
    return undo_shown(call, call.params["batch"], "/imports")


def undo_shown(call: Call, batch: str, then: str) -> Answer:
    """Take an import back; a large one is shown on its way."""

    def shown(_: Call, job: LongJob) -> Answer:
        if job.state == FAILED:
            raise Stopped(job)
        return Answer.redirect(then)

    done = undo(call.session, batch)
    if isinstance(done, str):
        begin = partial(_begun, call, batch)
        return job_answer(call, begin, shown, PATIENCE, on_its_way)
    return Answer.redirect(then)


def _begun(call: Call, batch: str) -> str:
    return str(undo(call.session, batch))


def on_its_way(_: Call, id: str) -> Answer:
    return Answer.redirect(f"{JOBS}/{id}")


class Stopped(Problem):
    """What a job could not go on with, as the page of a problem."""

    title = "It did not work"

    def __init__(self, job: LongJob) -> None:
        self.status = job.status
        told: dict[str, Any] = job.result if isinstance(job.result, dict) else {}
        extra = {n: v for n, v in told.items() if n not in ("type", "title", "status", "detail")}
        super().__init__(job.error, errors=extra.pop("errors", ()), **extra)


def _post(path: str, handler: Any, about: str, policy: Policy = Policy.SIGNED_IN) -> Endpoint:
    return Endpoint("POST", path, handler, policy, about, page=True, form=True)


ENDPOINTS = (
    Endpoint("GET", JOBS, show, Policy.SIGNED_IN, "Long jobs.", page=True),
    Endpoint("GET", f"{JOBS}/{{id}}", show_one, Policy.SIGNED_IN, "One of them.", page=True),
    _post(f"{JOBS}/{{id}}/cancel", cancel, "Cancel it."),
    _post(f"{JOBS}/{{id}}/retry", retry, "Let it go on."),
    _post(f"{JOBS}/{{id}}/undo", undo_job, "Undo a bulk edit."),
    _post(f"{JOBS}/changes/{{id}}/cancel", cancel_change, "Cancel a change.", Policy.META_WRITE),
    Endpoint("GET", "/imports", show_imports, Policy.SIGNED_IN, "Imports.", page=True),
    _post("/imports/{batch}/undo", undo_import, "Undo one of them."),
)
