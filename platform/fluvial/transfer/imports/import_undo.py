"""Undoing an import: what it made goes to the bin, what it changed is as before.

Only what the import did is taken back, so imports may be undone in any order, as long as nothing
that came later is lost; where it would be, the whole undo is refused and says what is in the way.
A small import is undone at once. A large one is a long job: first all its records are looked
through, then they are taken back, a portion at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import IMPORT, IMPORT_ROW
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import empty, load_row
from fluvial.records.writing import bin
from fluvial.records.writing.bulk_bin import bin_unused
from fluvial.records.writing.writer import store_changed
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, RUNNING, LongJob, LongJobKind
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault

from .undo_obstacles import ImportedRow, Suspects, obstacle, suspects

SHOWN, TOLD = 20, 3  # obstacles in the answer, and in its sentence
SMALL = 20  # records that are taken back at once
CHECK, BACK = "check", "back"  # what a job does, one after the other

_i = IMPORT.c
_r = IMPORT_ROW.c
_FIND = Statement(
    sa.select(_i.object, _i.by, _i.undone, _i.file).where(_i.id == param("the_batch", _i.id))
)
_UNDONE = Statement(
    IMPORT.update()
    .where(_i.id == param("the_batch", _i.id), _i.undone.is_not(sa.true()))
    .values(undone=param("the_answer", _i.undone))
)
_COUNT = Statement(
    sa.select(sa.func.count())
    .where(_r.batch == param("the_batch", _r.batch))
    .select_from(IMPORT_ROW)
)
_ROWS = Statement(
    sa.select(_r.record, _r.rev, _r.before)
    .where(_r.batch == param("the_batch", _r.batch), _r.record < param("the_last", _r.record))
    .order_by(_r.record.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def undo(session: Session, batch: str, key: str = "") -> dict[str, Any] | str:
    """Take an import back as a whole, or say what is in the way. The answer of a large one is the
    id of the job that does it; who sends the same `key` again is told of the same job."""
    if key and (done := _asked_before(session, batch, key)):
        return done
    type_, file, by = _undoable(session, batch)
    (count,) = _COUNT.rows(session.connection, the_batch=batch)[0]
    if count > SMALL:
        said = {"rows": count, "key": key, long_jobs.CONCERNS: by}
        return _job(session, batch, type_, file, said).id
    with session.connection.transaction():
        if not mark_undone(session, batch):
            raise Conflict("This import was already undone.")
        rows = rows_of(session, batch, LAST, SMALL)
        undoing = _Undoing(session, type_, batch, rows)
        if found := undoing.obstacles():
            raise _in_the_way(found, len(found))
        deleted, restored = undoing.take_back()
    return {"batch": batch, "deleted": deleted, "restored": restored}


def rows_of(session: Session, batch: str, last: str, limit: int) -> list[ImportedRow]:
    """The records of an import before the `last` one, the latest first."""
    found = _ROWS.rows(session.connection, the_batch=batch, the_last=last, the_limit=limit)
    return [ImportedRow(batch, *one) for one in found]


def taken_back(
    session: Session, object_name: str, batch: str, rows: Sequence[ImportedRow]
) -> tuple[int, int]:
    """Take some records of an import back, whatever happened to them since."""
    return _Undoing(session, session.catalog.objects[object_name], batch, rows).take_back()


def mark_undone(session: Session, batch: str) -> bool:
    """Whether it was not undone before."""
    return _UNDONE.run(session.connection, the_batch=batch, the_answer=True) == 1


def job_id(batch: str) -> str:
    """Of the one job that undoes an import."""
    return str(uuid.uuid5(uuid.UUID(batch), "undo"))


def _asked_before(session: Session, batch: str, key: str) -> str:
    job = long_jobs.found_job(session.connection, job_id(batch)) if is_id(batch) else None
    mine = job is not None and job.by == session.actor.id and job.body["key"] == key
    return job_id(batch) if mine else ""


def _job(
    session: Session, batch: str, type_: ObjectType, file: str, said: dict[str, Any]
) -> LongJob:
    title = f"Undo the import of {file or type_.plural.lower()}"
    body = {"batch": batch, **said}
    job = long_jobs.begin(session, UNDO.name, title, body, job_id(batch))
    if job.state not in (RUNNING, DONE):
        return long_jobs.take_over(session, job)
    return job


def _undoable(session: Session, batch: str) -> tuple[ObjectType, str, str | None]:
    """The object type of an import that the actor may undo, its file, and who imported it."""
    row = _FIND.row(session.connection, the_batch=batch) if is_id(batch) else None
    if row is None:
        raise NotFound(f"There is no import `{batch}`.")
    object_name, by, undone, file = row
    type_ = session.object(object_name, "import")
    if by != session.actor.id and not session.access.admin:
        raise Forbidden("Only the person who imported it, or an administrator, can undo an import.")
    if undone:
        raise Conflict("This import was already undone.")
    return type_, file, by


def _portion(session: Session, job: LongJob, size: int) -> bool:
    """Look at the next records of an import, or take them back; whether there are more."""
    if job.ending:
        return False  # what is back already stays so, and the rest can be undone later
    batch, place = job.body["batch"], job.place
    if not place:
        place.update(phase=CHECK, last=LAST, found=[], count=0, deleted=0, restored=0)
        job.done, job.total = 0, 2 * int(job.body["rows"])
    type_, _, _ = _undoable(session, batch)
    checking = place["phase"] == CHECK
    rows = rows_of(session, batch, place["last"], size)
    undoing = _Undoing(session, type_, batch, rows)
    found = undoing.obstacles()
    if checking:
        place["count"] += len(found)
        place["found"] += found[: SHOWN - len(place["found"])]
    else:
        if found:
            raise _in_the_way(found, len(found))
        deleted, restored = undoing.take_back()
        place["deleted"] += deleted
        place["restored"] += restored
    job.done += len(rows)
    if len(rows) == size:
        place["last"] = rows[-1].record
    elif checking and place["found"]:
        long_jobs.fail(job, _in_the_way(place["found"], place["count"]))
        place.clear()  # who tries again looks at all of it again
    elif checking:
        place.update(phase=BACK, last=LAST)
    else:
        mark_undone(session, batch)
        counts = {name: place[name] for name in ("deleted", "restored")}
        job.result = {"batch": batch, **counts}
        return False
    return True


UNDO = LongJobKind("undo of an import", _portion)


class _Undoing:
    """Some records of an import on their way back."""

    def __init__(
        self, session: Session, type_: ObjectType, batch: str, rows: Sequence[ImportedRow]
    ) -> None:
        self._session = session
        self._type = type_
        self._rows = rows
        self._suspects: Suspects = suspects(session, type_, batch, rows)

    def obstacles(self) -> list[dict[str, Any]]:
        made = self._suspects.made
        looked = (row for row in self._rows if row.record in self._suspects.records)
        found = (obstacle(self._session, self._type, row, made) for row in looked)
        return [one for one in found if one is not None]

    def take_back(self) -> tuple[int, int]:
        """How many went to the bin, and how many are as before."""
        session, name = self._session, self._type.name
        plain: list[str] = []
        deleted = restored = 0
        for row in self._rows:
            if row.before is not None:
                _restore(session, self._type, row.record, row.before)
                restored += 1
            elif row.record not in self._suspects.records:
                plain.append(row.record)
            elif load_row(session, name, row.record, None) is not None:
                bin.delete(session, name, row.record, along=self._suspects.made)
                deleted += 1
        return deleted + bin_unused(session, name, plain), restored


def _in_the_way(found: list[dict[str, Any]], count: int) -> Conflict:
    told = " ".join(f"{one['title'] or one['id']}: {one['reason']}" for one in found[:TOLD])
    records = f"{count} records are" if count > 1 else "1 record is"
    return Conflict(f"{records} in the way of undoing this import. {told}", changed=found[:SHOWN])


def _restore(session: Session, type_: ObjectType, record: str, before: dict[str, Any]) -> None:
    stored = load_row(session, type_.name, record, "update", lock=True)
    if stored is None:
        raise Forbidden(
            f"Your roles do not allow you to update {type_.plural.lower()} of this import."
        )
    draft = Draft(session, type_, record, stored, dict(stored))
    for name, raw in before.items():
        field = type_.fields.get(name)
        if field is not None and field.kind.editable:  # a number that was given stays
            draft.set(name, _parsed(field, raw))
    store_changed(draft)


def _parsed(field: Field, raw: Any) -> Any:
    """The value from before, which the field may not take any more."""
    try:
        return None if empty(raw) else field.kind.parse(field, raw)
    except ValueFault as error:
        message = (
            f"{field.label} cannot be restored to its value before the import. {error.message}"
        )
        errors = [fault(f"/{field.name}", error.code, message)]
        raise Unprocessable(message, errors=errors) from error
