"""A bulk edit: one field of all records of a list, as a long job.

First its records are noted, so that what the change itself does to the filter decides nothing.
Then each record is changed by itself, as its person would do it: one that refuses does not hold
up the others, and is told. What a record held before is kept, for the undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.problems import Conflict, Forbidden, Problem
from fluvial.records.reading.query import MAX_LIMIT, Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LongJob, LongJobKind
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from . import bulk_edit_rows as rows
from .bulk_edit_trial import refusal, set_one
from .bulk_edit_undo import undo_id

SHOWN = 50  # refusals that are told one by one
GATHER, CHANGE = "gather", "change"  # one after the other
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


def field_to_set(session: Session, object_name: str, name: str) -> Field:
    """A field that the person may set on many records."""
    type_ = session.object(object_name, "update")
    field = session.access.writable(object_name).get(name)
    if field is None or session.access.hides(object_name, name):
        raise Forbidden(f"{type_.plural} have no field `{name}` that you may change.")
    return field


def begin(session: Session, scope: BulkScope, field: str, value: Any, id: str = "") -> str:
    """The id of the job that sets a field; whoever sends the same id again gets the same job."""
    label = field_to_set(session, scope.object, field).label
    plural = session.catalog.objects[scope.object].plural.lower()
    body = {
        "object": scope.object, "field": field, "value": value, "where": scope.where,
        "equals": scope.equals, "search": scope.search, "ids": scope.ids,
    }  # fmt: skip
    return long_jobs.begin(session, EDIT.name, f"Set {label} on {plural}", body, id).id


def _portion(session: Session, job: LongJob, size: int) -> bool:
    if job.result is None or "changed" not in job.result:  # also where an attempt has failed
        job.result = job.place.get("result") or {"changed": 0, "unchanged": 0, "refused": 0}
        job.result.setdefault("reasons", [])
    if job.ending:
        return False  # what is changed stays so, and can be undone
    if long_jobs.found_job(session.connection, undo_id(job.id)) is not None:
        raise Conflict("This change was undone, so it cannot go on. Start it again from the list.")
    field_to_set(session, job.body["object"], job.body["field"])
    job.place.setdefault("phase", GATHER)
    step = _gather if job.place["phase"] == GATHER else _change
    more = step(session, job, size)
    job.place["result"] = job.result
    return more


EDIT = LongJobKind("bulk edit", _portion)


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
        place.update(phase=CHANGE, last=rows.FIRST)
    return True


def _change(session: Session, job: LongJob, size: int) -> bool:
    found = rows.following(session.connection, job.id, job.place["last"], size)
    for record, _ in found:
        _change_one(session, job, record)
        job.place["last"] = record
    job.done += len(found)
    return len(found) == size


def _change_one(session: Session, job: LongJob, record: str) -> None:
    body, connection = job.body, session.connection
    try:
        with connection.savepoint():
            one = set_one(session, body["object"], record, body["field"], body["value"])
    except Problem as problem:
        job.result["refused"] += 1
        if len(job.result["reasons"]) < SHOWN:
            job.result["reasons"].append(refusal(session, body["object"], record, problem))
        rows.drop(connection, job.id, record)
        return
    if one.before == one.after:
        job.result["unchanged"] += 1
        rows.drop(connection, job.id, record)
    else:
        job.result["changed"] += 1
        rows.keep(connection, job.id, record, one.before, one.after)
