"""What a sheet becomes: an object type with its fields, as it is proposed or as a person says."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metamodel.folding import free_name, humanise, name_of, plural
from metamodel.kinds.cell_kinds import (
    CELL_KINDS,
    CellColumn,
    CellProposal,
    currency_in,
    proposed_kind,
)
from metamodel.kinds.kind import TextFormat
from metamodel.reserved_names import RESERVED

from .read_sheets import Sheet

TITLES = ("name", "title", "subject", "label", "bezeichnung", "titel", "betreff", "nom", "titre")
UNNAMED = ("sheet", "tabelle", "feuil", "hoja", "foglio", "data", "blad", "export", "table")
NO_KIND = CellProposal("words")


@dataclass
class ColumnPlan:
    """What a column becomes: a field, a look-up, or nothing."""

    heading: str
    label: str
    take: bool = True
    kind: str = "words"  # of CELL_KINDS
    options: dict[str, Any] = field(default_factory=dict)  # of the field, as was proposed
    currency: str = ""
    target: str = ""  # of a look-up: "sheet 2.column", or "object.field" of one that is there
    unique: bool = False
    remark: str = ""
    name: str = ""  # of the field


@dataclass
class SheetPlan:
    """What a sheet becomes: an object type, or nothing."""

    label: str
    plural: str
    columns: list[ColumnPlan]
    title: str = ""  # the heading of the column that records are called by
    take: bool = True
    name: str = ""  # of the object type

    def column(self, heading: str) -> ColumnPlan | None:
        return next((one for one in self.columns if one.heading == heading and one.take), None)


def proposed_plans(sheets: Sequence[Sheet], form: TextFormat) -> list[SheetPlan]:
    """What the sheets most likely are, by themselves; links between them come later."""
    return [_plan(sheet, form, len(sheets) > 1) for sheet in sheets]


def _plan(sheet: Sheet, form: TextFormat, several: bool) -> SheetPlan:
    many = words_of(sheet.name)
    if not several and name_of(many).rstrip("_0123456789") in UNNAMED:
        many = "Records"
    label = singular(many)
    columns = [_column_plan(column, heading, form) for heading, column in sheet.columns.items()]
    for plan in columns:
        plan.unique = is_key(sheet.columns[plan.heading]) and _identifies(sheet, plan)
    title = _title(sheet, columns)
    return SheetPlan(label, many if many != label else plural(label), columns, title)


def words_of(name: str) -> str:
    """What a sheet or file is called, as people write it: `customers_2026` is "Customers"."""
    words = humanise(name.replace("-", " "))
    kept = words.rstrip(" 0123456789.()")
    return kept or words


def singular(label: str) -> str:
    """The English singular of a label, good enough until somebody writes a better one."""
    low = label.lower()
    if low.endswith("ies") and len(label) > 4:
        return f"{label[:-3]}y"
    if low.endswith(("ses", "xes", "zes", "ches", "shes")) and not low.endswith(("cases", "uses")):
        return label[:-2]
    return label[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is")) else label


def _column_plan(column: CellColumn, heading: str, form: TextFormat) -> ColumnPlan:
    found = proposed_kind(column, form) if column.counts else NO_KIND
    currency = found.options.get("currency", "") or currency_in(column.heading)
    named = CELL_KINDS[found.kind].spec["kind"] == CELL_KINDS["decimal"].spec["kind"]
    if currency and named and found.kind in ("decimal", "whole"):
        found = CellProposal("amount")  # the heading says the currency
    options = {name: value for name, value in found.options.items() if name != "currency"}
    return ColumnPlan(
        heading,
        humanise(column.heading.strip())[:60],
        take=bool(column.counts),
        kind=found.kind,
        options=options,
        currency=currency,
        remark=found.remark if column.counts else "There is nothing in this column.",
    )


def is_key(column: CellColumn) -> bool:
    """Whether every row has a value of its own."""
    return column.rows > 1 and len(column.counts) == column.rows == column.filled


def _identifies(sheet: Sheet, plan: ColumnPlan) -> bool:
    """Whether a column of different values is meant to have different ones."""
    column = sheet.columns[plan.heading]
    return (column.is_code and not column.is_called) or plan.kind == "email"


def _title(sheet: Sheet, columns: Sequence[ColumnPlan]) -> str:
    """The column that records are called by: one that says so, a text that differs, a key."""
    taken = [one for one in columns if one.take]
    texts = [one for one in taken if one.kind == "words"]
    filled = [one for one in texts if _is_full(sheet.columns[one.heading])]
    for word in TITLES:
        for plan in filled:
            if word in sheet.columns[plan.heading].words:
                return plan.heading
    differing = sorted(filled, key=lambda one: -len(sheet.columns[one.heading].counts))
    codes = [one for one in differing if sheet.columns[one.heading].is_code]
    for group in ([one for one in differing if one not in codes], codes, texts, taken):
        if group:
            return group[0].heading
    return ""


def _is_full(column: CellColumn) -> bool:
    return column.filled == column.rows


def give_names(plans: Iterable[SheetPlan], taken: Container[str]) -> None:
    """Names of object types and fields, none of which is taken."""
    objects: set[str] = set()
    for plan in plans:
        both = _Both(taken, objects)
        plan.name = free_name(plan.label, both, "object")
        objects.add(plan.name)
        fields: set[str] = set()
        for column in plan.columns:
            plain = name_of(column.label)
            label = f"{plan.name} {plain}" if plain in RESERVED else column.label
            column.name = free_name(label, _Both(RESERVED, fields), "field")
            fields.add(column.name)


class _Both:
    """What is in either of two sets."""

    def __init__(self, *sets: Container[str] | Mapping[str, Any]) -> None:
        self._sets = sets

    def __contains__(self, name: object) -> bool:
        return any(name in one for one in self._sets)
