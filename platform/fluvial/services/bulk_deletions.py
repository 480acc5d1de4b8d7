"""Many records of a list to the bin, as a long job, and back again."""

from __future__ import annotations

from typing import Any

from fluvial.records.drafts.rows import load_row
from fluvial.records.writing import bin
from fluvial.runtime.long_jobs import LongJob
from fluvial.runtime.prefetch import targets_of
from fluvial.runtime.session import Session

from . import bulk_edit_rows as rows
from .bulk_work import BulkScope, BulkTask, begin_task


def begin(session: Session, scope: BulkScope, id: str = "") -> str:
    """The id of the job that moves records to the bin."""
    type_ = session.object(scope.object, "delete")
    return begin_task(session, DELETION, f"Move {type_.plural.lower()} to the bin", scope, {}, id)


def _allow(session: Session, job: LongJob) -> None:
    session.object(job.body["object"], "delete")


def _do(session: Session, job: LongJob, record: str) -> dict[str, Any] | None:
    """One record to the bin; None where it went there with another one."""
    return delete_one(session, job.body["object"], record)


def delete_one(session: Session, object_name: str, record: str) -> dict[str, Any] | None:
    if binned(session, object_name, record) is not None:
        return None
    bin.delete(session, object_name, record)
    row = binned(session, object_name, record)
    return {"rev": row["rev"] if row is not None else 0}


def binned(session: Session, object_name: str, record: str) -> dict[str, Any] | None:
    """A record in the bin which the person may bring back."""
    row = load_row(session, object_name, record, "delete", deleted=True)
    return None if row is None else dict(row)


def bring_back(session: Session, job: str, object_name: str, record: str) -> None:
    """Restore a record, and before it those that it looks up and that went with the same job:
    a link to what is still in the bin would be lost."""
    type_ = session.catalog.objects[object_name]
    waiting, seen = [record], {record}
    while waiting:
        row = binned(session, object_name, waiting[-1])
        needed = [
            other
            for field in type_.looking_fields
            if row is not None and not field.system
            for target, other in targets_of(field, row.get(field.name) or [])
            if target == object_name and other not in seen
            and rows.has(session.connection, job, other)
            and binned(session, object_name, other) is not None
        ]  # fmt: skip
        if needed:
            seen.update(needed)
            waiting += needed
            continue
        last = waiting.pop()
        if row is not None or last == record:
            bin.restore(session, object_name, last)


DELETION = BulkTask("bulk deletion", "deleted", _allow, _do, again=True)
