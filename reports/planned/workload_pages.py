"""The page of a workload, and its figures over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.parameters import day as read_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.pages.field_addresses import new_address
from fluvial.pages.frame import Context, page, with_query
from fluvial.pages.navigation import NavigationItem
from fluvial.pages.reader_format import ReaderFormat, format_of, number, record_href
from metamodel.catalog import Catalog

from .workload_reader import HOUR, PersonDay, PersonRow, find_workload, read_workload, totals
from .workloads import Workload, workloads_for

USUAL, MOST = 2, 8  # weeks
EDGE = timedelta(days=100)
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WORDS = {"away": "Away", "off": "–"}


def answer(call: Call) -> Answer:
    call.only("from", "weeks")
    workload, first, weeks = _asked(call)
    rows = read_workload(call.session, workload, first, weeks * 7)
    days = [first + timedelta(days=at) for at in range(weeks * 7)]
    people = [
        {"id": row.id, "title": row.title, "days": [_wire(*one) for one in _each(days, row.days)]}
        for row in rows
    ]
    sums = [_wire(*one) for one in _each(days, totals(rows, len(days)))]
    return Answer.json({"from": first.isoformat(), "weeks": weeks, "people": people, "days": sums})


def _each(days: Sequence[date], figures: Sequence[PersonDay]) -> Sequence[tuple[date, PersonDay]]:
    return list(zip(days, figures, strict=True))


def _wire(day: date, one: PersonDay) -> dict[str, Any]:
    """Figures of a day in seconds."""
    return {
        "day": day.isoformat(), "capacity": one.capacity, "busy": one.busy, "free": one.free,
        "over": one.over, "state": one.state,
    }  # fmt: skip


def _asked(call: Call) -> tuple[Workload, date, int]:
    workload = find_workload(call.session, call.params["name"])
    text = call.query.get("from", "")
    first = read_day(call, text, "from") if text else call.session.today
    if not date.min + EDGE < first < date.max - EDGE:
        message = f"{first} is too far away."
        raise Unprocessable(message, errors=[fault("/from", "out_of_range", message)])
    weeks = call.whole("weeks", USUAL, 1, MOST)
    return workload, first - timedelta(days=first.weekday()), weeks


def show(call: Call) -> Answer:
    workload, first, weeks = _asked(call)
    fmt = format_of(call.session)
    days = [first + timedelta(days=at) for at in range(weeks * 7)]
    rows = read_workload(call.session, workload, first, len(days))
    type_ = call.session.object(workload.object)
    books = [_book(call, workload, row, fmt, days) for row in rows]
    context: Context = {
        "label": workload.label,
        "help": workload.help,
        "object": type_.plural,
        "words": f"{fmt.short(days[0])} – {fmt.plain_day(days[-1])}",
        "heads": [
            {"name": DAY_NAMES[day.weekday()], "date": fmt.short(day), "today": day == fmt.today}
            for day in days
        ],
        "rows": books,
        "sums": [_hours_text(one.free, fmt) for one in totals(rows, len(days))],
        "before": _href(workload, first - timedelta(days=7 * weeks), weeks),
        "after": _href(workload, first + timedelta(days=7 * weeks), weeks),
        "now": "" if fmt.today in days else _href(workload, fmt.today, weeks),
        "spans": [
            {"label": f"{count} weeks", "href": _href(workload, first, count), "on": count == weeks}
            for count in (2, 4, 8)
        ],
    }
    return page(
        call, "workload.html", workload.label, crumbs=[(type_.plural, f"/o/{type_.name}")],
        here=f"/workloads/{workload.name}", workload=context,
    )  # fmt: skip


def _href(workload: Workload, first: date, weeks: int) -> str:
    query = {"from": first.isoformat(), "weeks": weeks if weeks != USUAL else ""}
    return with_query(f"/workloads/{workload.name}", **query)


def _book(
    call: Call, workload: Workload, row: PersonRow, fmt: ReaderFormat, days: Sequence[date]
) -> Context:
    """A person's row; a day with hours left leads to a new record."""
    span = workload.busy[0]
    makes = call.session.access.object(span.object).can("create")
    cells = []
    for day, one in zip(days, row.days, strict=True):
        values = {span.person: row.id, span.from_: day.isoformat(),
                  span.until: (day + timedelta(days=1)).isoformat()}  # fmt: skip
        href = new_address(call.session.object(span.object), values) if makes and one.free else ""
        cells.append({"state": one.state, "text": _cell_text(one, fmt), "href": href,
                      "title": _sentence(one, fmt)})  # fmt: skip
    return {
        "title": row.title,
        "href": record_href(workload.object, row.id),
        "cells": cells,
        "free": _hours_text(sum(one.free for one in row.days), fmt),
        "over": any(one.over for one in row.days),
    }


def _cell_text(one: PersonDay, fmt: ReaderFormat) -> str:
    if one.over:
        return f"+{_hours_text(one.over, fmt)}"
    return WORDS.get(one.state, _hours_text(one.free, fmt))


def _sentence(one: PersonDay, fmt: ReaderFormat) -> str:
    """What a cell means, in words."""
    if one.over:
        said = f"Overbooked by {_hours_text(one.over, fmt)} h"
    elif one.away or one.off:
        return "Away" if one.away else "No working day"
    else:
        said = f"{_hours_text(one.free, fmt)} h free"
    return f"{said}: {_hours_text(one.busy, fmt)} of {_hours_text(one.capacity, fmt)} h booked"


def _hours_text(seconds: int, fmt: ReaderFormat) -> str:
    hours = (Decimal(seconds) / HOUR).quantize(Decimal("0.1"))
    return number(f"{hours.normalize():f}", fmt.locale)


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The workloads, in the groups of their objects."""
    return [
        NavigationItem(
            group=catalog.objects[one.object].group,
            label=one.label,
            icon=one.icon,
            href=f"/workloads/{one.name}",
            object=one.object,
        )
        for one in workloads_for(catalog, access)
    ]


ENDPOINTS = (
    Endpoint("GET", "/api/workloads/{name}", answer, Policy.SIGNED_IN, "Who is free when."),
    Endpoint("GET", "/workloads/{name}", show, Policy.SIGNED_IN, "A workload.", page=True),
)
