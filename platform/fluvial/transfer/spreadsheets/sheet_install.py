"""Sheets become an app: the objects, then the records; all of it is undone where these fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluvial.database.schema_changes import Columns
from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.runtime.session import Session
from fluvial.transfer.imports.importer import import_table
from fluvial.transfer.imports.options import Options
from fluvial.transfer.imports.preview import EMPTIES

from .read_sheets import Files, Sheet, opened_sheet
from .sheet_documents import documents_of, map_of
from .sheet_links import in_order
from .sheet_plan import SheetPlan, give_names

RIGHTS = ("read", "create", "import")
FAULTS = 20  # that are told


@dataclass
class Made:
    """What was made of sheets."""

    objects: list[str]
    counts: dict[str, int] = field(default_factory=dict)  # records by object
    skipped: int = 0


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
    files: Files,
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
    options: Options,
    group: str,
) -> Made:
    """Make the objects and import the records; with faults nothing is left of either."""
    _refuse_without_rights(session)
    order = in_order(plans)
    change = change_of(sheets, plans, group, files[0][0])
    apply.apply(session, change)
    names = [plan.name for plan in plans if plan.take]
    session = replace(session, catalog=session.engine.catalogs.current(session.connection))
    made = Made(names)
    try:
        for at in order:
            _import(session, files, sheets[at], plans, at, options, made)
    except Exception:
        remove_objects(session, names, "Spreadsheet not imported")
        raise
    return made


def _refuse_without_rights(session: Session) -> None:
    if not session.access.everywhere.issuperset(RIGHTS):
        raise Forbidden(
            "Your roles do not let you import records into new objects, so nothing was made. "
            "Ask an administrator for a role that may read, create and import all objects."
        )


def _import(
    session: Session,
    files: Files,
    sheet: Sheet,
    plans: Sequence[SheetPlan],
    at: int,
    options: Options,
    made: Made,
) -> None:
    plan = plans[at]
    mapped = replace(
        options, map=map_of(plan, plans), reading=sheet.reading, empty=frozenset(EMPTIES)
    )
    with opened_sheet(files, sheet) as table:
        result = import_table(session, plan.name, table, mapped, file=files[sheet.file][0])
    if result.faulty and not options.skip_faults:
        errors: list[dict[str, Any]] = [
            fault(f"/{sheet.name}/{one.row}/{one.column}", one.code, one.message)
            for one in result.faults[:FAULTS]
        ]
        first = result.faults[0]
        place = f"{sheet.name}, row {first.row}{f', {first.column}' if first.column else ''}"
        raise Unprocessable(f"Nothing was made. {place}: {first.message}", errors=errors)
    made.counts[plan.name] = result.created
    made.skipped += result.skipped


def remove_objects(session: Session, names: Sequence[str], note: str) -> apply.MetadataChange:
    """Remove the objects that were made; their records are kept until they are purged."""
    gone = [{"kind": "object", "name": name} for name in names]
    return apply.apply(session, apply.documents_change([], gone, note=note))
