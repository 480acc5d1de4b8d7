"""Week grids over HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import day as read_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.runtime.session import Session

from .week_cells import key_in, type_in
from .week_grids import WeekGrid
from .week_reader import Week, WeekCell, find_grid, own, place_of, read_week, title_of, want_titles

EDGE = timedelta(days=14)  # of the calendar, where weeks have no neighbours


def show(call: Call) -> Answer:
    call.only("week", "of")
    grid = find_grid(call.session, call.params["name"])
    of, monday = asked(call, grid, call.query.get("of", ""), call.query.get("week", ""))
    week = read_week(call.session, grid, of, monday)
    return Answer.json(told(call.session, week))


def write(call: Call) -> Answer:
    call.only()
    body = call.json_object("of", "week", "row", "day", "amount")
    session = call.session
    grid = find_grid(session, call.params["name"])
    row = body.get("row", {})
    if not isinstance(row, dict) or not isinstance(body.get("day"), str):
        message = "Send `row` with the fields of the row, and the `day`."
        raise Unprocessable(message, errors=[fault("/row", "not_a_row", message)])
    when = read_day(call, body["day"], "day")
    of, monday = asked(call, grid, str(body.get("of") or ""), when.isoformat())
    key = key_in(grid, row)
    with session.connection.transaction():
        week = read_week(session, grid, of, monday)
        type_in(session, week, key, when, body.get("amount"))
    return Answer.json(told(session, read_week(session, grid, of, monday, [key])))


def asked(call: Call, grid: WeekGrid, of: str, week: str) -> tuple[str, date]:
    """Whose week, and the Monday of which."""
    session = call.session
    when = read_day(call, week, "week") if week else session.today
    if not date.min + EDGE < when < date.max - EDGE:
        message = f"{when} is too far away for a week."
        raise Unprocessable(message, errors=[fault("/week", "out_of_range", message)])
    person = session.object(grid.object).fields[grid.person]
    found = of or own(session, grid)
    if not found:
        message = f"There is no {person.label.lower()} of yours. Say whose week it is."
        raise Unprocessable(message, errors=[fault("/of", "nobody", message)])
    object_name, id = place_of(person, found)
    if not is_id(id):
        raise NotFound(f"There is no {person.label.lower()} `{found}`.")
    return found, when - timedelta(days=when.weekday())


def told(session: Session, week: Week) -> dict[str, Any]:
    """A week as the API tells it, with the words that its page shows."""
    fmt, grid = format_of(session), week.grid
    want_titles(fmt, grid, week.type, list(week.rows), week.of)
    who = fmt.names.title(*place_of(week.type.fields[grid.person], week.of))
    if who is None:
        raise NotFound(f"There is no {week.type.fields[grid.person].label.lower()} `{week.of}`.")
    rows = [_row(fmt, week, key) for key in week.rows]
    rows.sort(key=lambda row: (row["title"].casefold(), row["key"]))
    sheet, all_rows = week.sheet, week.rows.values()
    return {
        "name": grid.name,
        "of": week.of,
        "who": who,
        "week": week.monday.isoformat(),
        "closed": week.closed,
        "days": [
            {"day": day.isoformat(), **_total(fmt, week, [row.get(day) for row in all_rows])}
            for day in week.days
        ],
        "rows": rows,
        **_total(fmt, week, [cell for row in all_rows for cell in row.values()]),
        "sheet": None if sheet is None else {"object": sheet.type.name, "id": sheet.id},
    }


def _row(fmt: ReaderFormat, week: Week, key: tuple[str, ...]) -> dict[str, Any]:
    cells, grid = week.rows[key], week.grid
    return {
        "key": list(key),
        "values": {name: text or None for name, text in zip(grid.rows, key, strict=True)},
        "title": title_of(fmt, grid, week.type, key),
        "cells": [
            {
                "day": day.isoformat(),
                **_total(fmt, week, [cells.get(day)]),
                "records": [one["id"] for one in cells[day].records] if day in cells else [],
                "closed": cells[day].closed if day in cells else "",
            }
            for day in week.days
        ],
        **_total(fmt, week, list(cells.values())),
    }


def _total(fmt: ReaderFormat, week: Week, cells: list[WeekCell | None]) -> dict[str, Any]:
    amounts = [cell.amount for cell in cells if cell is not None and cell.amount is not None]
    if not amounts:
        return {"amount": None, "text": ""}
    value = sum(amounts[1:], amounts[0])
    field = week.amount
    return {
        "amount": field.kind.wire(field, value),
        "text": field.kind.show(field, value, fmt.locale),
    }


ENDPOINTS = (
    Endpoint("GET", "/api/weeks/{name}", show, Policy.SIGNED_IN, "The week of a person in a grid."),
    Endpoint(
        "POST", "/api/weeks/{name}/cells", write, Policy.SIGNED_IN,
        "Type into a cell of a week grid.",
    ),
)  # fmt: skip
