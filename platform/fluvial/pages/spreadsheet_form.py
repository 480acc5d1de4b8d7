"""The page that says what sheets become: its inputs, and what a person says in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fluvial.http.call import Call
from fluvial.runtime.session import Session
from fluvial.transfer.imports.options import DATES
from fluvial.transfer.spreadsheets.read_sheets import Sheet
from fluvial.transfer.spreadsheets.sheet_faults import SheetFault
from fluvial.transfer.spreadsheets.sheet_links import target_of
from fluvial.transfer.spreadsheets.sheet_plan import ColumnPlan, SheetPlan, is_key
from metamodel.kinds.cell_kinds import CELL_KINDS
from metamodel.object_types import PEOPLE
from metamodel.plain_figures import whole_of
from metamodel.written.written_lengths import UNIT_NAMES

from .frame import Context
from .reader_format import format_of, number
from .sign_in import form_text

MAX_LABEL = 60


def corrected(call: Call, plans: Sequence[SheetPlan]) -> None:
    """The plans as the page says them."""
    for at, plan in enumerate(plans):
        if not form_text(call, f"label.{at}"):
            continue  # the page did not show it
        plan.take = bool(form_text(call, f"take.{at}"))
        plan.label = form_text(call, f"label.{at}").strip()[:MAX_LABEL] or plan.label
        plan.plural = form_text(call, f"plural.{at}").strip()[:MAX_LABEL] or plan.plural
        for place, column in enumerate(plan.columns):
            _correct(call, f"{at}.{place}", column)
        title = whole_of(form_text(call, f"title.{at}"))
        if title is not None and title < len(plan.columns):
            plan.title = plan.columns[title].heading


def _correct(call: Call, place: str, column: ColumnPlan) -> None:
    column.take = bool(form_text(call, f"take.{place}"))
    column.label = form_text(call, f"name.{place}").strip()[:MAX_LABEL] or column.label
    kind, was = form_text(call, f"kind.{place}"), form_text(call, f"was.{place}")
    kept = kind == was and kind in CELL_KINDS and not CELL_KINDS[kind].links
    if not kept and kind != column.kind:  # else what is proposed now counts
        column.kind, column.options = kind, {}
    column.target = form_text(call, f"target.{place}") if column.kind == "link" else ""
    column.currency = form_text(call, f"currency.{place}").strip().upper()[:3]
    column.unique = bool(form_text(call, f"unique.{place}"))


def said_values(call: Call) -> dict[str, str]:
    """How the page says that dates, numbers and durations are written."""
    found = {name: form_text(call, name) for name in ("dates", "decimal", "durations")}
    known = {"dates": DATES, "decimal": (".", ","), "durations": UNIT_NAMES}
    return {name: text for name, text in found.items() if text in known[name]}


def shown_sheets(
    session: Session,
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
    faults: Sequence[SheetFault],
) -> list[Context]:
    locale = format_of(session).locale
    told: dict[tuple[int, str], list[str]] = {}
    for one in faults:
        row = f"Row {one.row}: " if one.row else ""
        told.setdefault((one.sheet, one.heading), []).append(f"{row}{one.message}")
    return [
        {
            "at": at,
            "file": sheet.name,
            "take": plan.take,
            "label": plan.label,
            "plural": plan.plural,
            "rows": number(str(sheet.rows), locale),
            "errors": told.get((at, ""), []),
            "titles": [
                {"value": place, "label": one.label, "chosen": one.heading == plan.title}
                for place, one in enumerate(plan.columns)
            ],
            "columns": [
                _shown(at, place, sheet, column, told) for place, column in enumerate(plan.columns)
            ],
        }
        for at, (sheet, plan) in enumerate(zip(sheets, plans, strict=True))
    ]


def _shown(
    at: int,
    place: int,
    sheet: Sheet,
    column: ColumnPlan,
    told: Mapping[tuple[int, str], list[str]],
) -> Context:
    return {
        "place": f"{at}.{place}",
        "id": f"{at}-{place}",
        "heading": column.heading,
        "label": column.label,
        "take": column.take,
        "kind": column.kind,
        "currency": column.currency,
        "target": column.target,
        "unique": column.unique,
        "remark": column.remark,
        "samples": ", ".join(sheet.samples(column.heading)),
        "errors": told.get((at, column.heading), []),
    }


def kinds_shown() -> list[Context]:
    return [{"value": one.name, "label": one.label} for one in CELL_KINDS.values()]


def targets(session: Session, sheets: Sequence[Sheet], plans: Sequence[SheetPlan]) -> list[Context]:
    """What a column may look up: keys of the sheets, and of objects that are there."""
    return [*_keys(sheets, plans), *_known(session)]


def _keys(sheets: Sequence[Sheet], plans: Sequence[SheetPlan]) -> Iterator[Context]:
    for at, (sheet, plan) in enumerate(zip(sheets, plans, strict=True)):
        for column in plan.columns:
            if is_key(sheet.columns[column.heading]):
                label = f"{plan.label}, by {column.label}"
                yield {"value": target_of(at, column.heading), "label": label}


def _known(session: Session) -> Iterator[Context]:
    for type_ in sorted(session.access.readable(), key=lambda one: one.label):
        for field in type_.own_fields:
            named = f"{{{field.name}}}" in type_.title or field.unique
            hidden = type_.name not in PEOPLE and session.access.hides(type_.name, field.name)
            if named and field.kind.identifies and not hidden:
                label = f"{type_.label} (already here), by {field.label}"
                yield {"value": f"{type_.name}.{field.name}", "label": label}
