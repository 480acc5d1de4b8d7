"""The page of a week grid, with the sheet of the week above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages.field_addresses import list_address, new_address
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.navigation import NavigationItem
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href, tone_of
from fluvial.pages.record_tabs import ShownOn
from fluvial.records.reading import reader
from fluvial.records.writing.transitions import ways
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from forms.record_fields import widget
from forms.visibility import ShownField
from metamodel.catalog import Catalog
from metamodel.errors import ValueFault

from .week_api import asked, told
from .week_cells import type_in
from .week_grids import WeekGrid, grids_for, week_grids_of
from .week_reader import Key, SheetOfWeek, Week, find_grid, read_week, said

MOST_ROWS = 40  # that an address adds
CELL = "cell."
PICK = "pick."
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show(call: Call) -> Answer:
    grid = find_grid(call.session, call.params["name"])
    of, monday = asked(call, grid, call.query.get("of", ""), call.query.get("week", ""))
    more = _more(call, grid)
    picked = tuple(call.query.get(f"{PICK}{name}", "") for name in grid.rows)
    if any(picked):
        rows = _rows_text([*more, picked])
        return Answer.redirect(_href(grid, of, monday, rows=rows))
    return _page(call, read_week(call.session, grid, of, monday, more))


def save(call: Call) -> Answer:
    """The whole grid as a browser without scripts sends it: all of it, or nothing."""
    session, grid = call.session, find_grid(call.session, call.params["name"])
    of, monday = asked(call, grid, call.query.get("of", ""), call.query.get("week", ""))
    more = _more(call, grid)
    week = read_week(session, grid, of, monday, more)
    typed = {} if call.form is None else {
        name.removeprefix(CELL): str(value)
        for name, value in call.form.items() if name.startswith(CELL)
    }  # fmt: skip
    try:
        with session.connection.transaction():
            for key, day, text in _typed(week, typed):
                type_in(session, week, key, day, _wire(call, week, text))
    except Problem as problem:
        faults = [str(one["message"]) for one in problem.errors] or [problem.detail]
        return _page(call, week, faults, typed)
    return Answer.redirect(_href(grid, of, monday, rows=_rows_text(more)))


def _typed(week: Week, typed: Mapping[str, str]) -> Iterator[tuple[Key, date, str]]:
    for name, text in typed.items():
        day, _, key = name.partition(".")
        row = tuple(key.split(","))
        known = next((one for one in week.days if one.isoformat() == day), None)
        if known is not None and len(row) == len(week.grid.rows):
            yield row, known, text.strip()


def _wire(call: Call, week: Week, text: str) -> Any:
    field = week.amount
    if not text:
        return None
    try:
        return field.kind.wire(field, field.kind.parse_text(field, text, typed_form(call.session)))
    except ValueFault:
        return text  # which is refused with its words


def _more(call: Call, grid: WeekGrid) -> list[Key]:
    """The rows that the address adds."""
    rows = [tuple(row.split(",")) for row in call.query.get("rows", "").split(";") if row]
    return [row for row in rows if len(row) == len(grid.rows)][:MOST_ROWS]


def _rows_text(rows: Sequence[Key]) -> str:
    return ";".join(",".join(row) for row in rows)


def _href(grid: WeekGrid, of: str, monday: date, **more: str) -> str:
    return with_query(f"/weeks/{grid.name}", week=monday.isoformat(), of=of, **more)


def _page(
    call: Call, week: Week, faults: Sequence[str] = (), typed: Mapping[str, str] | None = None
) -> Answer:
    session, grid = call.session, week.grid
    fmt, answer = format_of(session), told(session, week)
    of, monday = week.of, week.monday
    rows = call.query.get("rows", "")
    context: Context = {
        **answer,
        "label": grid.label,
        "help": grid.help,
        "object": week.type.name,
        "row_label": " · ".join(week.type.fields[name].label for name in grid.rows),
        "words": f"{fmt.short(monday)} – {fmt.plain_day(week.days[-1])}",
        "heads": [_head(fmt, day, one) for day, one in zip(week.days, answer["days"], strict=True)],
        "rows": [_row(week, row, typed or {}) for row in answer["rows"]],
        "faults": list(faults),
        "action": _href(grid, of, monday, rows=rows),
        **_ways(session, week),
        "api": f"/api/weeks/{grid.name}/cells",
        "holds": week.amount.kind.name,
        "state": _state(session, week),
        "picks": [] if week.closed or not week.creates else _picks(week, fmt),
        "adding": {"week": monday.isoformat(), "of": of, "rows": rows},
    }
    list_href = f"/o/{week.type.name}"
    return page(
        call, "week_grid.html", grid.label, crumbs=[(week.type.plural, list_href)],
        here=f"/weeks/{grid.name}", status=422 if faults else 200, week=context,
    )  # fmt: skip


def _ways(session: Session, week: Week) -> Context:
    """Where the weeks beside this one are, and the present one."""
    step, today = timedelta(days=7), session.today
    return {
        "before": _href(week.grid, week.of, week.monday - step),
        "after": _href(week.grid, week.of, week.monday + step),
        "now": _href(week.grid, week.of, today) if today not in week.days else "",
    }


def _head(fmt: ReaderFormat, day: date, total: Mapping[str, Any]) -> Context:
    return {
        "day": day.isoformat(),
        "name": DAY_NAMES[day.weekday()],
        "date": fmt.short(day),
        "today": day == fmt.today,
        "text": total["text"],
    }


def _row(week: Week, row: Mapping[str, Any], typed: Mapping[str, str]) -> Context:
    grid, key = week.grid, ",".join(row["key"])
    first = next(
        ((week.type.fields[name].to, value) for name, value in row["values"].items()
         if value and week.type.fields[name].to),
        None,
    )  # fmt: skip
    cells = []
    for cell in row["cells"]:
        name = f"{cell['day']}.{key}"
        records = cell["records"]
        if len(records) == 1:
            href = record_href(week.type.name, records[0])
        else:
            equals = {grid.day: cell["day"], **{n: v for n, v in row["values"].items() if v}}
            href = list_address(week.type, equals, view="all") if records else ""
        closed = week.closed or cell["closed"]
        cells.append({**cell, "name": CELL + name, "shown": typed.get(name, cell["text"]),
                      "href": href, "closed": closed})  # fmt: skip
    href = record_href(str(first[0]), first[1]) if first else ""
    return {**row, "cells": cells, "href": href, "total": row["text"]}


def _state(session: Session, week: Week) -> Context | None:
    """The sheet of the week: its state and what can be done with it."""
    sheet, spec = week.sheet, week.grid.sheet
    if spec is None:
        return None
    if sheet is None:
        access = session.access.object(spec.object)
        if not access.can("create"):
            return None
        type_ = session.object(spec.object)
        values = {spec.person: week.of, spec.week: week.monday.isoformat()}
        return {"new_href": new_address(type_, values), "label": type_.label}
    return {"new_href": "", **_sheet(session, sheet)}


def _sheet(session: Session, sheet: SheetOfWeek) -> Context:
    type_, values = sheet.type, sheet.values
    href, states = record_href(type_.name, sheet.id), type_.states
    options = type_.fields[states.field].type.options if states is not None else ()
    now = values.get(states.field) if states is not None else None
    option = next((one for one in options if one.name == now), None)
    may = session.access.object(type_.name).can("update")
    return {
        "label": type_.label,
        "href": href,
        "rev": values["rev"],
        "chip": option.label if option else "",
        "tone": tone_of(option),
        "ways": [
            {
                "label": way.transition.label,
                "href": f"{href}/actions/{way.transition.name}",
                "ask_href": f"{href}/ask?action={way.transition.name}" if way.asks else "",
                "api": f"/api/records/{type_.name}/{sheet.id}/actions/{way.transition.name}",
                "reason": way.reason or "",
            }
            for way in (ways(session, type_, values, sheet.hold) if may else ())
        ],
    }


def _picks(week: Week, fmt: ReaderFormat) -> list[Context]:
    """What makes a row more: a picker for each of its fields."""
    found = []
    for name in week.grid.rows:
        field = week.type.fields[name]
        made = widget(ShownField(field, True, False, False), None, fmt)
        found.append(
            made | {"name": PICK + name, "id": f"pick-{name}", "optional_note": False,
                    "needed_note": False, "wide": False, "help": "", "create_label": ""}
        )  # fmt: skip
    return found


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The week grids, in the groups of their objects."""
    return [
        NavigationItem(
            group=catalog.objects[grid.object].group,
            label=grid.label,
            icon=grid.icon,
            href=f"/weeks/{grid.name}",
            object=grid.object,
        )
        for grid in grids_for(catalog, access)
    ]


def offers(shown: ShownOn) -> Sequence[Context]:
    """The page of a sheet leads to its grid."""
    found, session = [], shown.session
    if not any(one.sheet for one in week_grids_of(session.catalog).values()):
        return []
    for grid in grids_for(session.catalog, session.access):
        spec = grid.sheet
        if spec is None or spec.object != shown.type.name:
            continue
        record = reader.read_one(session, spec.object, shown.id)
        if record.get(spec.person) and record.get(spec.week):
            href = with_query(
                f"/weeks/{grid.name}", week=record[spec.week], of=said(record[spec.person])
            )
            found.append(action(grid.label, href, grid.icon) | {"shown": True})
    return found


ENDPOINTS = (
    Endpoint("GET", "/weeks/{name}", show, Policy.SIGNED_IN, "A week grid.", page=True),
    Endpoint(
        "POST", "/weeks/{name}", save, Policy.SIGNED_IN, "Save a week grid.", page=True, form=True,
    ),
)  # fmt: skip
