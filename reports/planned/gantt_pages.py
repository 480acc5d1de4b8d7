"""Gantt charts on the pages of records, and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.reader_format import ReaderFormat
from fluvial.pages.record_tabs import RecordTab, ShownOn
from fluvial.records.reading import reader

from .gantt_drawing import Drawing
from .gantt_reader import Bar, find_gantt, read_bars
from .gantts import GANTTS, Gantt, gantts_for


def answer(call: Call) -> Answer:
    call.only()
    session = call.session
    gantt = find_gantt(session, call.params["name"])
    reader.read_one(session, gantt.object, call.params["id"], (("id",),))
    bars = read_bars(session, gantt, call.params["id"])
    return Answer.json({"data": [_wire(bar) for bar in bars]})


def _wire(bar: Bar) -> dict[str, Any]:
    return {
        "object": bar.object,
        "id": bar.id,
        "title": bar.title,
        "from": bar.first.isoformat() if bar.first else None,
        "last": bar.last.isoformat() if bar.last else None,
        "moment": bar.moment,
        "done": bar.done,
        "state": bar.state,
        "depth": bar.depth,
        "after": list(bar.after),
    }


def tabs(shown: ShownOn) -> Sequence[RecordTab]:
    session = shown.session
    if shown.type.name not in {one.object for one in GANTTS.of(session.catalog)}:
        return ()
    return list(_tabs(shown))


def _tabs(shown: ShownOn) -> Iterator[RecordTab]:
    for gantt in gantts_for(shown.session.catalog, shown.session.access):
        if gantt.object == shown.type.name:
            yield RecordTab(f"gantt_{gantt.name}", gantt.label, "_gantt.html", _panel(shown, gantt))


def _panel(shown: ShownOn, gantt: Gantt) -> Any:
    def panel() -> dict[str, Any]:
        fmt = shown.fmt
        bars = read_bars(shown.session, gantt, shown.id)
        names = {bar.id: bar.title for bar in bars}
        rows = [_row(bar, fmt, names) for bar in bars]
        drawing = Drawing(bars, fmt).context()
        return {"label": gantt.label, "rows": rows, "drawing": drawing}

    return panel


def _row(bar: Bar, fmt: ReaderFormat, names: dict[str, str]) -> dict[str, Any]:
    late = bar.late(fmt.today)
    return {
        "title": bar.title,
        "href": fmt.href(bar.object, bar.id),
        "depth": bar.depth,
        "first": fmt.plain_day(bar.first) if bar.first and not bar.moment else "",
        "last": fmt.plain_day(bar.last) if bar.last else "",
        "state": bar.state,
        "done": bar.done,
        "late": late,
        "after": ", ".join(names[one] for one in bar.after if one in names),
    }


ENDPOINTS = (
    Endpoint(
        "GET", "/api/gantts/{name}/{id}", answer, Policy.SIGNED_IN,
        "The bars of a Gantt chart of a record.",
    ),
)  # fmt: skip
