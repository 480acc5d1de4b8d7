"""The rows of a printed table as its reader may read them: in groups, with their sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.records.reading.caller_paths import may_ask, resolve
from fluvial.records.reading.query import Query, SortKey
from fluvial.runtime.session import Session
from fluvial.services.templates import Need
from metamodel.catalog import Field, ObjectType
from metamodel.expressions import types
from rules.template_data import all_rows, members_of, paths_read

from .printed_tables import PrintedTable

MAX_ROWS = 20_000
NUMBERS = (types.NUMBER.name, types.MONEY.name, types.DURATION.name)

Sums = dict[str, Decimal]  # by currency; "" where it is no money


@dataclass
class TableRows:
    """The rows of a table, each with its values as templates know them."""

    table: PrintedTable
    columns: tuple[str, ...]  # those that the reader may read
    fields: Mapping[str, Field]
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def adds(self) -> bool:
        return bool(self.table.sum) and self.table.sum in self.columns

    def value(self, row: Mapping[str, Any], path: str) -> Any:
        return value_at(row, path)

    def sums(self, rows: Sequence[Mapping[str, Any]] | None = None) -> Sums:
        """What the rows come to, in each currency."""
        found: Sums = {}
        for row in self.rows if rows is None else rows:
            part = _amount(value_at(row, self.table.sum))
            if part is not None:
                found[part[0]] = found.get(part[0], Decimal(0)) + part[1]
        return found


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """The value at the end of a path; empty where nothing is looked up."""
    value: Any = row
    for name in path.split("."):
        if isinstance(value, Mapping) and value.get("$") == "record":
            value = value["v"]
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _amount(value: Any) -> tuple[str, Decimal] | None:
    if not isinstance(value, Mapping):
        return None
    held = value.get("v")
    if value["$"] == "amount" and isinstance(held, Mapping) and held.get("amount") is not None:
        return str(held["currency"]), Decimal(held["amount"])
    if value["$"] in ("decimal", "seconds"):
        return "", Decimal(str(held))
    return None


def read_table(session: Session, table: PrintedTable, record: str) -> TableRows:
    """What the session's actor may read of it: rows and columns that they may not are not there."""
    access, type_ = session.access, session.catalog.objects[table.object]
    readable = {path: _readable(session, type_, path) for path in table.paths}
    fields = {path: one for path, one in readable.items() if one is not None}
    columns = tuple(path for path in table.columns if path in fields)
    found = TableRows(table, columns, fields)
    if not _reachable(session, table):
        return found
    need = Need()
    for path in fields:
        need.at(path.split("."), 0)
    where = f"{'.'.join(table.back)}.id == '{record}'"
    if table.where:
        where = f"({where}) and ({table.where})"
        if not may_ask(access, type_, where):
            return found  # which rows are meant is not for this reader
    query = Query(
        table.object,
        fields=(("id",), ("title",), *paths_read(session, type_, need)),
        where=where,
        sort=_order(session, type_, table),
        as_of=session.asked_day,
    )
    read = all_rows(session, query, MAX_ROWS)
    found.rows = [members_of(session, type_, row, need) for row in read]
    return found


def _readable(session: Session, type_: ObjectType, path: str) -> Field | None:
    try:
        return resolve(session.access, type_, tuple(path.split(".")), "columns")
    except Problem:
        return None


def _reachable(session: Session, table: PrintedTable) -> bool:
    """Whether the reader may follow the way from the rows to the record."""
    type_ = session.catalog.objects[table.object]
    for name in table.back:
        if session.access.hides(type_.name, name):
            return False
        type_ = session.catalog.objects[type_.fields[name].targets[0]]
    return True


def _order(session: Session, type_: ObjectType, table: PrintedTable) -> tuple[SortKey, ...]:
    keys = []
    for path in (*table.group, *table.sort):
        plain = path.removeprefix("-")
        if _readable(session, type_, plain):
            keys.append(SortKey(tuple(plain.split(".")), path.startswith("-")))
    return tuple(keys)


def shown_table(found: TableRows) -> dict[str, Any]:
    """A table as templates show it: its columns, and its lines in their order."""
    table = found.table
    return {
        "name": table.name,
        "label": table.label,
        "columns": [
            {
                "name": path,
                "label": table.headings.get(path) or found.fields[path].label,
                "is": "number" if found.fields[path].type.name in NUMBERS else "text",
            }
            for path in found.columns
        ],
        "lines": [*_lines(found)],
        "dates": table.dates,
    }


def _lines(found: TableRows) -> Iterator[dict[str, Any]]:
    group = tuple(path for path in found.table.group if path in found.fields)
    yield from _grouped(found, group, found.rows, 0)
    if found.adds and found.rows:
        yield _sum_line(found, "total", found.rows, 0)


def _grouped(
    found: TableRows, group: Sequence[str], rows: Sequence[dict[str, Any]], level: int
) -> Iterator[dict[str, Any]]:
    if not group:
        for row in rows:
            cells = [value_at(row, path) for path in found.columns]
            yield {"is": "row", "level": level, "cells": cells}
        return
    path, *others = group
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(repr(value_at(row, path)), []).append(row)
    for part in parts.values():
        heading = [value_at(part[0], path), *[None] * (len(found.columns) - 1)]
        if found.columns:
            yield {"is": "group", "level": level, "cells": heading}
        yield from _grouped(found, others, part, level + 1)
        if found.adds and len(part) > 1:
            yield _sum_line(found, "subtotal", part, level, heading[0])


def _sum_line(
    found: TableRows, what: str, rows: Sequence[dict[str, Any]], level: int, of: Any = None
) -> dict[str, Any]:
    """A line with the sum in its column; of several currencies all of them."""
    kind = found.fields[found.table.sum].type.name
    cells: list[Any] = [of, *[None] * (len(found.columns) - 1)]
    cells[found.columns.index(found.table.sum)] = summed(kind, found.sums(rows))
    return {"is": what, "level": level, "cells": cells}


def summed(kind: str, sums: Sums) -> Any:
    """A sum as a value of a template."""
    if kind == types.MONEY.name:
        amounts = [
            {"$": "amount", "v": {"amount": f"{amount:f}", "currency": currency}}
            for currency, amount in sorted(sums.items())
        ]
        return amounts[0] if len(amounts) == 1 else amounts
    amount = sums.get("", Decimal(0))
    if kind == types.DURATION.name:
        return {"$": "seconds", "v": str(int(amount))}
    return {"$": "decimal", "v": f"{amount:f}"}
