"""What is not right yet about sheets and what they are to become, found without a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluvial.transfer.imports.value_evidence import Evidence, evidence_in
from metamodel.kinds.cell_kinds import CELL_KINDS, VARIES, CellColumn, misfits
from metamodel.kinds.kind import TextFormat
from metamodel.written.written_lengths import unit_in

from .read_sheets import Sheet
from .sheet_links import sheet_target
from .sheet_plan import ColumnPlan, SheetPlan

TOLD = 3  # cells in a sentence
MOST = 1_000  # that are counted


@dataclass(frozen=True)
class SheetFault:
    """What is not right about a column, and how often."""

    sheet: int
    heading: str  # "" for the sheet as a whole
    message: str
    cells: int = 0  # that are concerned; their rows can be left out
    row: int = 0


def sheet_faults(
    sheets: Sequence[Sheet], plans: Sequence[SheetPlan], form: TextFormat
) -> list[SheetFault]:
    found = list[SheetFault]()
    for at, (sheet, plan) in enumerate(zip(sheets, plans, strict=True)):
        if not plan.take:
            continue
        found += [
            SheetFault(at, one["column"], one["message"], 1, one["row"]) for one in sheet.faults
        ]
        if not any(one.take for one in plan.columns):
            found.append(SheetFault(at, "", "Take at least one column, or leave the sheet out."))
        for column in plan.columns:
            if column.take:
                found += _of_column(at, sheet.columns[column.heading], column, sheets, plans, form)
    return found


def _of_column(
    at: int,
    cells: CellColumn,
    column: ColumnPlan,
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
    form: TextFormat,
) -> Iterator[SheetFault]:
    heading = column.heading
    if column.kind not in CELL_KINDS:
        yield SheetFault(at, heading, "Choose what this column is.")
    elif CELL_KINDS[column.kind].links:
        yield from _link_faults(at, cells, column, sheets, plans)
    elif not CELL_KINDS[column.kind].lists:
        yield from _value_faults(at, cells, column, form)
    if column.unique and (several := [text for text, n in cells.counts.items() if n > 1]):
        told = f"{_told(several)} {'appears' if len(several) == 1 else 'appear'} more than once."
        count = sum(cells.counts[text] - 1 for text in several)
        yield SheetFault(at, heading, f"{told} Untick “No two the same”, or fix the file.", count)


def _value_faults(
    at: int, cells: CellColumn, column: ColumnPlan, form: TextFormat
) -> Iterator[SheetFault]:
    kind = CELL_KINDS[column.kind]
    spec: dict[str, Any] = {**kind.spec, **column.options}
    if kind.priced and column.currency:
        spec["currency"] = column.currency
    form = replace(form, unit=unit_in(cells.heading) or form.unit)
    wrong = misfits(spec, cells.texts, cells.heading, form, MOST)
    if wrong:
        count = sum(cells.counts[text] for text in wrong)
        yield SheetFault(at, column.heading, f"Not “{kind.label}”: {_told(wrong)}.", count)


def _link_faults(
    at: int,
    cells: CellColumn,
    column: ColumnPlan,
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
) -> Iterator[SheetFault]:
    if not column.target:
        yield SheetFault(at, column.heading, "Choose what this column looks up.")
        return
    found = sheet_target(column.target)
    if found is None:
        return  # of an object that is there already: the import tells
    to, key = found
    if to >= len(sheets) or not plans[to].take or plans[to].column(key) is None:
        message = "The column that it looks up is left out. Take it, or choose another kind."
        yield SheetFault(at, column.heading, message)
        return
    known = sheets[to].columns[key].counts
    missing = [text for text in cells.counts if text not in known]
    if missing:
        count = sum(cells.counts[text] for text in missing)
        message = f"Not in {plans[to].plural}, {key}: {_told(missing)}."
        yield SheetFault(at, column.heading, message, count)
    several = [text for text in cells.counts if known.get(text, 0) > 1]
    if several:
        message = f"Several {plans[to].plural} have this {key}: {_told(several)}."
        yield SheetFault(at, column.heading, message, sum(cells.counts[one] for one in several))


def _told(texts: Sequence[str]) -> str:
    shown = ", ".join(str(text)[:40] for text in texts[:TOLD])
    return f"{shown} and {len(texts) - TOLD} more" if len(texts) > TOLD else shown


def evidence(sheets: Sequence[Sheet], plans: Sequence[SheetPlan]) -> Evidence:
    """What the cells of all sheets show of how dates and numbers are written."""
    texts: dict[str, list[str]] = {"dates": [], "decimal": []}
    for sheet, plan in zip(sheets, plans, strict=True):
        for column in plan.columns if plan.take else ():
            kind = CELL_KINDS.get(column.kind)
            varies = VARIES.get(kind.spec["kind"], "") if kind is not None else ""
            if column.take and varies:
                cells = sheet.columns[column.heading].texts
                texts[varies] += [text for text in cells if type(text) is str]
    return evidence_in(texts["dates"], texts["decimal"])


def settled(found: Evidence, said: Mapping[str, str]) -> dict[str, str]:
    """How dates and numbers are written: as was said, or as the cells show; "" is to be asked."""
    orders = found.orders
    dates = said.get("dates") or ("ymd" if not orders else orders[0] if len(orders) == 1 else "")
    marks = found.marks
    decimal = said.get("decimal") or (marks[0] if len(marks) == 1 else "")
    if not decimal and not found.mark_of:
        decimal = "."
    return {"dates": dates, "decimal": decimal}
