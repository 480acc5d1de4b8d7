"""Sheets become an app: the objects at once, then the records in portions, as a long job.

Where a record is refused, or somebody cancels, the objects go again, and so nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluvial.database.schema_changes import Columns
from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import DONE, FAILED, LongJob, LongJobKind
from fluvial.runtime.session import Session
from fluvial.transfer.imports.import_job import BACK, IMPORT_JOB, WRITE
from fluvial.transfer.imports.options import ASK, Options
from fluvial.transfer.imports.preview import EMPTIES

from .read_sheets import Sheet
from .sheet_documents import documents_of, map_of
from .sheet_links import in_order
from .sheet_plan import SheetPlan, give_names

RIGHTS = ("read", "create", "import")
FAULTS = 20  # that are told
FAILING = "Spreadsheet not imported"

Kept = Sequence[Mapping[str, Any]]  # the rows of the files


def name_plans(session: Session, plans: Sequence[SheetPlan]) -> None:
    """Names that no object has, nor a table whose object went: its records are not taken over."""
    tables = Columns.read(session.connection).tables
    give_names(plans, {*session.catalog.objects, *tables})


def change_of(
    sheets: Sequence[Sheet], plans: Sequence[SheetPlan], group: str, file: str
) -> apply.MetadataChange:
    documents = documents_of(sheets, plans, group)
    return apply.documents_change(documents, note=f"Spreadsheet {file}")


def install_sheets(
    session: Session,
    kept: Kept,
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
    options: Options,
    group: str,
) -> str:
    """Make the objects; the id of the job that imports their records."""
    _refuse_without_rights(session)
    order = in_order(plans)
    file = str(kept[0]["name"])
    apply.apply(session, change_of(sheets, plans, group, file))
    body = {
        "objects": [plan.name for plan in plans if plan.take],
        "sheets": [_sheet(kept, sheets[at], plans, at, options) for at in order],
        "rows": sum(sheets[at].rows for at in order),
    }
    return long_jobs.begin(session, SHEETS_JOB.name, f"App from {file}", body).id


def _refuse_without_rights(session: Session) -> None:
    if not session.access.everywhere.issuperset(RIGHTS):
        raise Forbidden(
            "Your roles do not let you import records into new objects, so nothing was made. "
            "Ask an administrator for a role that may read, create and import all objects."
        )


def _sheet(
    kept: Kept, sheet: Sheet, plans: Sequence[SheetPlan], at: int, options: Options
) -> dict[str, Any]:
    """One sheet as the job of an import says it."""
    row, reading = kept[sheet.file], sheet.reading
    said = {
        "map": map_of(plans[at], plans),
        "dates": options.dates,
        "decimal": options.decimal or ASK,
        "durations": options.durations or None,
        "line_breaks": options.line_breaks or None,
        "empty": list(EMPTIES),
        "skip_faults": options.skip_faults,
        "encoding": reading.encoding,
        "sheet": reading.sheet,
        "headings": reading.headings or None,
    }
    return {
        "name": sheet.name,
        "object": plans[at].name,
        "file": str(row["name"]),
        "digest": str(row["sha256"]),
        "options": said,
        "once": "",
    }


def _portion(session: Session, job: LongJob, size: int) -> bool:
    """A portion of the sheet that the job is at; the cells were checked before it began."""
    place, sheets = job.place, job.body["sheets"]
    if not place:
        place.update(at=0, inner={}, skipped=0)
        job.total = job.body["rows"]
    inner = replace(job, body=sheets[place["at"]], place=place["inner"] or _first(), result=None)
    more = IMPORT_JOB.portion(session, inner, size)  # which closes the file of one that is ending
    if job.ending:
        remove_objects(session, job.body["objects"], FAILING)
        return False
    job.done, place["inner"] = inner.done, inner.place
    if inner.state == FAILED or inner.place.get("phase") == BACK:
        remove_objects(session, job.body["objects"], FAILING)
        long_jobs.fail(job, _refused(inner))
        return False
    if more:
        return True
    place["skipped"] += (inner.result or {}).get("skipped", 0)
    place.update(at=place["at"] + 1, inner={})
    job.result = {"objects": job.body["objects"], "skipped": place["skipped"]}
    return bool(place["at"] < len(sheets))


SHEETS_JOB = LongJobKind("spreadsheet", _portion)


def _first() -> dict[str, Any]:
    return {"phase": WRITE, "row": 0}


def _refused(inner: LongJob) -> Unprocessable:
    """What is told of a record that was refused."""
    found = inner.place.get("result", {}).get("faults", [])
    if not found:
        return Unprocessable(f"Nothing was made. {inner.error}")
    name, first = inner.body["name"], found[0]
    errors = [
        fault(f"/{name}/{one['row']}/{one['column']}", one["code"], one["message"])
        for one in found[:FAULTS]
    ]
    beside = f", {first['column']}" if first["column"] else ""
    place = f"{name}, row {first['row']}{beside}"
    return Unprocessable(f"Nothing was made. {place}: {first['message']}", errors=errors)


def remove_objects(session: Session, names: Sequence[str], note: str) -> apply.MetadataChange:
    """Remove the objects that were made; their records are kept until they are purged."""
    gone = [{"kind": "object", "name": name} for name in names]
    return apply.apply(session, apply.documents_change([], gone, note=note))


def is_made(job: LongJob) -> bool:
    return job.state == DONE
