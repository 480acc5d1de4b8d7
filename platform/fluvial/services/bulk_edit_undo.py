"""Undoing a bulk edit: each record gets its old value back, unless somebody changed it since."""

from __future__ import annotations

import uuid
from typing import Any

from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.writer import update
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, RUNNING, LongJob, LongJobKind
from fluvial.runtime.session import Session

from . import bulk_edit_rows as rows
from .bulk_edit_trial import Refusal, refusal, told

SHOWN = 50  # records that are told one by one
EDITED = "bulk edit"  # the kind of the jobs that can be undone here
SINCE = "It was changed again since, so it stays as it is."


def undo_id(job: str) -> str:
    """Of the one job that undoes a bulk edit."""
    return str(uuid.uuid5(uuid.UUID(job), "undo"))


def may_undo(session: Session, job: LongJob) -> bool:
    """Whether there is something to take back, and nobody has done so."""
    if (
        job.kind != EDITED
        or job.state == RUNNING
        or not (job.place.get("result") or {}).get("changed")
    ):
        return False
    before = long_jobs.found_job(session.connection, undo_id(job.id))
    return before is None or before.state not in (RUNNING, DONE)


def _changed(job: LongJob) -> int:
    return int((job.place.get("result") or {}).get("changed", 0))


def begin(session: Session, id: str) -> str:
    """The id of the job that takes a bulk edit back."""
    job = long_jobs.visible_job(session, id)
    if job.kind != EDITED:
        raise Conflict(f"“{job.title}” cannot be undone here.")
    if job.state == RUNNING:
        raise Conflict("It is still running. Cancel it first, then undo what it has done.")
    session.object(job.body["object"], "update")
    changed = (job.place.get("result") or {}).get("changed", 0)
    body = {
        "job": job.id,
        "object": job.body["object"],
        "field": job.body["field"],
        "rows": changed,
    }
    undoing = long_jobs.begin(session, UNDO.name, f"Undo: {job.title}", body, undo_id(job.id))
    if undoing.state == DONE:
        raise Conflict("This was undone already.")
    return undoing.id if undoing.state == RUNNING else long_jobs.retry(session, undoing.id).id


def _portion(session: Session, job: LongJob, size: int) -> bool:
    job.result = job.place.setdefault("result", {"restored": 0, "kept": 0, "reasons": []})
    job.total = job.body["rows"]
    if job.ending:
        return False
    last = job.place.get("last", rows.FIRST)
    found = rows.following(session.connection, job.body["job"], last, size)
    for record, held in found:
        job.place["last"] = record
        if held is not None:  # else the change was cancelled before it
            _restore_one(session, job, record, held)
            job.done += 1
    return len(found) == size


UNDO = LongJobKind("undo of a bulk edit", _portion)


def _restore_one(session: Session, job: LongJob, record: str, held: dict[str, Any]) -> None:
    kept = _kept(session, job.body["object"], job.body["field"], record, held)
    if kept is None:
        job.result["restored"] += 1
        return
    job.result["kept"] += 1
    if len(job.result["reasons"]) < SHOWN:
        job.result["reasons"].append(kept)


def _kept(
    session: Session, object_name: str, field: str, record: str, held: dict[str, Any]
) -> Refusal | None:
    """Why a record does not get its value back; None where it has it."""
    try:
        with session.connection.savepoint():
            now = read_one(session, object_name, record, ((field,),))[field]
            if now == held["before"]:
                return None
            if now != held["after"]:
                return told(session, object_name, record, SINCE)
            update(session, object_name, record, {field: held["before"]})
    except Problem as problem:
        return refusal(session, object_name, record, problem)
    return None
