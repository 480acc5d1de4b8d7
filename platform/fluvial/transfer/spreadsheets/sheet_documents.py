"""The documents of an app that is made from sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from metamodel.folding import free_name, humanise
from metamodel.kinds.cell_kinds import CELL_KINDS

from .read_sheets import Sheet
from .sheet_links import sheet_target
from .sheet_plan import ColumnPlan, SheetPlan

ICON = "table"


def documents_of(
    sheets: Sequence[Sheet], plans: Sequence[SheetPlan], group: str
) -> list[dict[str, Any]]:
    return [
        _document(sheet, plan, plans, group)
        for sheet, plan in zip(sheets, plans, strict=True)
        if plan.take
    ]


def _document(
    sheet: Sheet, plan: SheetPlan, plans: Sequence[SheetPlan], group: str
) -> dict[str, Any]:
    taken = [one for one in plan.columns if one.take]
    title = plan.column(plan.title) or taken[0]
    body: dict[str, Any] = {
        "kind": "object",
        "name": plan.name,
        "label": plan.label,
        "plural": plan.plural,
        "icon": ICON,
        "title": f"{{{title.name}}}",
        "fields": [_field(sheet, plan, column, plans, column is title) for column in taken],
    }
    return body | ({"group": group} if group else {})


def _field(
    sheet: Sheet, plan: SheetPlan, column: ColumnPlan, plans: Sequence[SheetPlan], title: bool
) -> dict[str, Any]:
    kind = CELL_KINDS[column.kind]
    cells = sheet.columns[column.heading]
    spec: dict[str, Any] = {"name": column.name}
    if column.label != humanise(column.name):
        spec["label"] = column.label
    spec |= {**kind.spec, **({} if kind.links else column.options)}
    if kind.lists:
        spec["options"] = options_of(cells.counts)
    if kind.priced and column.currency:
        spec["currency"] = column.currency
    if kind.links:
        spec["to"] = _object(column.target, plans)
        spec["inverse"] = _inverse(plan, column)
    if title and cells.filled == cells.rows:
        spec["required"] = True
    if column.unique:
        spec["unique"] = True
    if title and not kind.links and CELL_KINDS[column.kind].spec["kind"] == _TEXT:
        spec["searchable"] = True
    return spec


_TEXT = CELL_KINDS["words"].spec["kind"]


def options_of(texts: Iterable[str]) -> list[dict[str, Any]]:
    """An option for each text, with a name of its own."""
    taken: set[str] = set()
    found = []
    for text in texts:
        name = free_name(text, taken, "option")
        taken.add(name)
        found.append({"name": name, "label": str(text)})
    return found


def _object(target: str, plans: Sequence[SheetPlan]) -> str:
    found = sheet_target(target)
    return plans[found[0]].name if found is not None else target.partition(".")[0]


def _inverse(plan: SheetPlan, column: ColumnPlan) -> str:
    """What the looked-up record calls these records; by the field where several lead there."""
    same = [one for one in plan.columns if one.take and one.target and one.kind == column.kind]
    others = [one for one in same if _head(one) == _head(column)]
    name = free_name(plan.plural, (), "records")
    return name if len(others) == 1 else free_name(f"{name} {column.name}", (), "records")


def _head(column: ColumnPlan) -> str:
    return column.target.partition(".")[0]


def map_of(plan: SheetPlan, plans: Sequence[SheetPlan]) -> dict[str, str]:
    """Where each column of a sheet goes, as an import says it; "" for those that are left out."""
    return {one.heading: _path(one, plans) if one.take else "" for one in plan.columns}


def _path(column: ColumnPlan, plans: Sequence[SheetPlan]) -> str:
    if column.kind != "link":
        return column.name
    found = sheet_target(column.target)
    if found is None:
        return f"{column.name}.{column.target.partition('.')[2]}"
    key = plans[found[0]].column(found[1])
    return f"{column.name}.{key.name}" if key is not None else column.name
