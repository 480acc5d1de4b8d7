"""Undoing bulk work: each record is as before, unless somebody changed it since."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.reading.reader import find_one, read_one
from fluvial.records.writing.writer import update
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, RUNNING, LongJob, LongJobKind
from fluvial.runtime.session import Session

from . import bulk_edit_rows as rows
from .bulk_deletions import DELETION, binned, bring_back
from .bulk_edit_job import EDIT, held_of
from .bulk_refusals import Refusal, refusal, told
from .bulk_work import BulkTask, undo_id

SHOWN = 50  # records that are told one by one
SINCE = "It was changed again since, so it stays as it is."
GONE = "It is not in the bin any more."

# Why a record does not become what it was; None where it has.
Back = Callable[[Session, LongJob, str, dict[str, Any]], Refusal | None]


def may_undo(session: Session, job: LongJob) -> bool:
    """Whether there is something to take back, and nobody has done so."""
    task = _TASKS.get(job.kind)
    if task is None or job.state == RUNNING or not _count(task, job):
        return False
    before = long_jobs.found_job(session.connection, undo_id(job.id))
    return before is None or before.state not in (RUNNING, DONE)


def _count(task: BulkTask, job: LongJob) -> int:
    return int((job.place.get("result") or {}).get(task.word, 0))


def begin(session: Session, id: str) -> str:
    """The id of the job that takes bulk work back."""
    job = long_jobs.visible_job(session, id)
    task = _TASKS.get(job.kind)
    if task is None:
        raise Conflict(f"“{job.title}” cannot be undone here.")
    if job.state == RUNNING:
        raise Conflict("It is still running. Cancel it first, then undo what it has done.")
    task.allow(session, job)
    # Of an earlier version, too: what a record held is kept as the body of its job says.
    body = {name: one for name, one in job.body.items() if name in ("object", "field", "values")}
    body |= {"job": job.id, "rows": _count(task, job), long_jobs.CONCERNS: job.by}
    undoing = long_jobs.begin(session, f"undo of a {job.kind}", f"Undo: {job.title}", body,
                              undo_id(job.id))  # fmt: skip
    if undoing.state == DONE:
        raise Conflict("This was undone already.")
    return undoing.id if undoing.state == RUNNING else long_jobs.retry(session, undoing.id).id


def _portion(back: Back, session: Session, job: LongJob, size: int) -> bool:
    job.result = job.place.setdefault("result", {"restored": 0, "kept": 0, "reasons": []})
    job.total = job.body["rows"]
    if job.ending:
        return False
    last = job.place.get("last", rows.FIRST)
    found = rows.following(session.connection, job.body["job"], last, size)
    for record, held in found:
        job.place["last"] = record
        if held is not None:  # else the change was cancelled before it
            _restore_one(back, session, job, record, held)
            job.done += 1
    return len(found) == size


def _restore_one(
    back: Back, session: Session, job: LongJob, record: str, held: dict[str, Any]
) -> None:
    try:
        with session.connection.savepoint():
            kept = back(session, job, record, held)
    except Problem as problem:
        kept = refusal(session, job.body["object"], record, problem)
    if kept is None:
        job.result["restored"] += 1
        return
    job.result["kept"] += 1
    if len(job.result["reasons"]) < SHOWN:
        job.result["reasons"].append(kept)


def _values_back(
    session: Session, job: LongJob, record: str, held: dict[str, Any]
) -> Refusal | None:
    """Fields that somebody changed since stay, and the others get their values back."""
    name, kept = job.body["object"], held_of(job.body, held)
    before, after = kept["before"], kept["after"]
    now = read_one(session, name, record, tuple((field,) for field in before))
    wanted = {one: old for one, old in before.items() if now[one] != old}
    ours = {one: old for one, old in wanted.items() if now[one] == after[one]}
    if ours:
        update(session, name, record, ours)
    if len(ours) == len(wanted):
        return None
    if not ours:
        return told(session, name, record, SINCE)
    fields = session.catalog.objects[name].fields
    labels = ", ".join(fields[one].label for one in wanted if one not in ours)
    return told(session, name, record, f"Changed again since, so they stay: {labels}.")


def _out_of_the_bin(
    session: Session, job: LongJob, record: str, held: dict[str, Any]
) -> Refusal | None:
    name = job.body["object"]
    row = binned(session, name, record)
    if row is None:
        there = find_one(session, name, record, (("id",),)) is not None
        return None if there else told(session, name, record, GONE)
    if held["rev"] not in (0, row["rev"]):
        return told(session, name, record, SINCE)  # it was back, and deleted once more
    bring_back(session, job.body["job"], name, record)
    return None


def _undoing(task: BulkTask, back: Back) -> LongJobKind:
    return LongJobKind(f"undo of a {task.name}", partial(_portion, back))


_TASKS = {task.name: task for task in (EDIT, DELETION)}
KINDS = (_undoing(EDIT, _values_back), _undoing(DELETION, _out_of_the_bin))
