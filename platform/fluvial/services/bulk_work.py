"""Work on all records of a list, as a long job: what bulk edits, deletions and presses share.

First its records are noted, so that what the work itself does to the filter decides nothing.
Then each record is worked on by itself, as its person would do it: one that refuses does not hold
up the others, and is told. What a record held before is kept, for the undo.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from fluvial.kernel.problems import Conflict, Problem, Unprocessable, fault
from fluvial.records.reading.query import MAX_LIMIT, Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LongJob, LongJobKind
from fluvial.runtime.session import Session

from . import bulk_edit_rows as rows
from .bulk_refusals import refusal

SHOWN = 50  # refusals that are told one by one
GATHER, WORK, LAST_PASS = "gather", "change", "last"  # one after the other
BY_AGE = (SortKey(("created_at",)), SortKey(("id",)))


@dataclass(frozen=True)
class BulkScope:
    """Which records: those of a filter, or those that were picked."""

    object: str
    where: str = ""
    equals: tuple[tuple[str, str], ...] = ()
    search: str = ""
    ids: tuple[str, ...] | None = None

    def query(self, limit: int, cursor: str = "", *, counted: bool = False) -> Query:
        return Query(
            self.object, (("id",),), self.where, self.equals, self.search, BY_AGE,
            limit=limit, cursor=cursor, total="exact" if counted else "none",
        )  # fmt: skip

    def first(self, session: Session, limit: int) -> tuple[int, Sequence[str]]:
        """How many records there are, and the first of them."""
        if self.ids is not None:
            return len(self.ids), self.ids[:limit]
        read = read_page(session, self.query(limit, counted=True))
        return int(read["total"]), [record["id"] for record in read["data"]]


@dataclass(frozen=True)
class BulkTask:
    """One kind of work on many records.

    `allow` refuses who may not do it. `do` works on one record: it gives what the undo needs to
    know, None where there was nothing to do, and raises a Problem where the record refuses. Where
    records may be in each other's way, those that refuse are tried `again` after the others.
    """

    name: str  # of the kind of job
    word: str  # of the records on which it was done, in the result
    allow: Callable[[Session, LongJob], Any]
    do: Callable[[Session, LongJob, str], Any]
    again: bool = False

    @property
    def kind(self) -> LongJobKind:
        return LongJobKind(self.name, partial(_portion, self))


def begin_task(
    session: Session, task: BulkTask, title: str, scope: BulkScope, body: dict[str, Any], id: str
) -> str:
    """The id of the job; whoever sends the same again with the same id gets the same job."""
    whole = {**asdict(scope), **body}
    job = long_jobs.begin(session, task.name, title, whole, id)
    known = {**job.body, "equals": [list(one) for one in job.body.get("equals") or ()]}
    asked = {**whole, "equals": [list(one) for one in scope.equals]}
    asked["ids"] = None if scope.ids is None else list(scope.ids)
    if known != asked or job.by != session.actor.id or job.kind != task.name:
        message = "`key` must be a new id: this one belongs to other work."
        raise Unprocessable(message, errors=[fault("/key", "used", message)])
    return job.id


def undo_id(job: str) -> str:
    """Of the one job that undoes a bulk edit or deletion."""
    return str(uuid.uuid5(uuid.UUID(job), "undo"))


def _portion(task: BulkTask, session: Session, job: LongJob, size: int) -> bool:
    if job.result is None or task.word not in job.result:  # also where an attempt has failed
        job.result = job.place.get("result") or {task.word: 0, "unchanged": 0, "refused": 0}
        job.result.setdefault("reasons", [])
    if job.ending:
        return False  # what is done stays so, and can be undone
    if long_jobs.found_job(session.connection, undo_id(job.id)) is not None:
        raise Conflict("This change was undone, so it cannot go on. Start it again from the list.")
    task.allow(session, job)
    job.place.setdefault("phase", GATHER)
    if job.place["phase"] == GATHER:
        more = _gather(session, job, size)
    else:
        more = _work(task, session, job, size)
    job.place["result"] = job.result
    return more


def _gather(session: Session, job: LongJob, size: int) -> bool:
    body, place = job.body, job.place
    if body["ids"] is not None:
        at = place.get("at", 0)
        found = body["ids"][at : at + size]
        place["at"] = at + len(found)
        over = place["at"] >= len(body["ids"])
    else:
        equals = tuple((name, text) for name, text in body["equals"])
        scope = BulkScope(body["object"], body["where"], equals, body["search"])
        read = read_page(session, scope.query(min(size, MAX_LIMIT), place.get("cursor") or ""))
        found = [record["id"] for record in read["data"]]
        place["cursor"], over = read["next"], not read["next"]
    for record in found:
        rows.add(session.connection, job.id, record)
    job.total = (job.total or 0) + len(found)
    if over:
        place.update(phase=WORK, last=rows.FIRST)
    return True


def _work(task: BulkTask, session: Session, job: LongJob, size: int) -> bool:
    place = job.place
    found = rows.following(session.connection, job.id, place["last"], size)
    for record, held in found:
        place["last"] = record
        if held is None:  # else it was done in an earlier pass
            _one(task, session, job, record)
    if len(found) == size:
        return True
    return _another_pass(place)


def _another_pass(place: dict[str, Any]) -> bool:
    """Try those that refused again, as long as others go; in the end they are told."""
    if not place.get("later"):
        return False
    place.update(phase=WORK if place.get("went") else LAST_PASS, last=rows.FIRST, later=0, went=0)
    return True


def _one(task: BulkTask, session: Session, job: LongJob, record: str) -> None:
    place, connection = job.place, session.connection
    try:
        with connection.savepoint():
            held = task.do(session, job, record)
    except Problem as problem:
        if task.again and place["phase"] != LAST_PASS and isinstance(problem, Conflict):
            place["later"] = place.get("later", 0) + 1
            return
        _note(session, job, record, problem)
        held = None
    else:
        job.result["unchanged" if held is None else task.word] += 1
    job.done += 1
    if held is None:
        rows.drop(connection, job.id, record)
    else:
        place["went"] = place.get("went", 0) + 1
        rows.keep(connection, job.id, record, held)


def _note(session: Session, job: LongJob, record: str, problem: Problem) -> None:
    job.result["refused"] += 1
    if len(job.result["reasons"]) < SHOWN:
        job.result["reasons"].append(refusal(session, job.body["object"], record, problem))
