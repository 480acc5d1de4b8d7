"""Typing into a week grid: what is typed becomes records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.writing import bin, writer
from fluvial.runtime.session import Session
from metamodel.errors import ValueFault

from .week_grids import WeekGrid
from .week_reader import Key, Week, WeekCell


def type_in(session: Session, week: Week, key: Key, day: date, raw: Any) -> None:
    """One record of the cell is made, changed or deleted, so that the cell holds the value."""
    grid, cell = week.grid, week.rows.get(key, {}).get(day, WeekCell())
    if day not in week.days:
        raise _refused("day", "another_week", f"{day} is not in this week.")
    if week.closed or cell.closed:
        raise Conflict(week.closed or cell.closed)
    value = _value(week, raw)
    if value == cell.amount:
        return
    if not cell.records:
        written = writer.create(session, grid.object, _new(week, key, day, value))
    elif value is None:
        bin.delete(session, grid.object, str(cell.records[0]["id"]))
        return
    else:
        there = cell.records[0]
        wire = week.amount.kind.wire(week.amount, value)
        written = writer.update(
            session, grid.object, str(there["id"]), {grid.amount: wire}, rev=int(there["rev"])
        )
    _stays(week, written, value)


def _new(week: Week, key: Key, day: date, value: Any) -> Mapping[str, Any]:
    grid, type_ = week.grid, week.type
    kind, _, id = week.of.partition(":")
    rows = {name: text for name, text in zip(grid.rows, key, strict=True) if text}
    return {
        **rows,
        grid.person: {kind: id} if type_.fields[grid.person].type.people else week.of,
        grid.day: day.isoformat(),
        grid.amount: week.amount.kind.wire(week.amount, value),
    }


def _value(week: Week, raw: Any) -> Any:
    """What is typed, in canonical form; nothing and zero are None."""
    if raw is None or raw == "":
        return None
    try:
        value = week.amount.kind.parse(week.amount, raw)
    except ValueFault as error:
        raise _refused("amount", error.code, error.message) from error
    return value or None


def _stays(week: Week, written: Mapping[str, Any], value: Any) -> None:
    """A rule may work the amount out from other fields: then it cannot be typed here."""
    amount = week.amount
    kept = written.get(amount.name)
    if kept is None or amount.kind.parse(amount, kept) != value:
        message = f"{amount.label} follows from other fields of this {week.type.label.lower()}."
        raise _refused("amount", "worked_out", f"{message} Open it to change them.")


def _refused(name: str, code: str, message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault(f"/{name}", code, message)])


def key_in(grid: WeekGrid, row: Mapping[str, Any]) -> Key:
    """The row that a body names by the values of its fields."""
    for name, value in row.items():
        if name not in grid.rows:
            raise _refused(f"row/{name}", "unknown_member", f"`{name}` makes no rows here.")
        if value is not None and not isinstance(value, str):
            raise _refused(f"row/{name}", "not_a_text", "Send ids of records, or names of options.")
    return tuple(row.get(name) or "" for name in grid.rows)
