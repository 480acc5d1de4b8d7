"""A report that was read, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from metamodel.expressions.decimals import CONTEXT, plain, round_half_up
from metamodel.expressions.syntax import MAX_LENGTH

from .cell_conditions import both
from .group_words import GroupWords
from .leaf_query import StepTally
from .report_cube import Cell, Key
from .report_reader import ReadReport
from .report_values import CALCULATED_SCALE, wire_of

ROWS = 500
MOST_ROWS = 5_000


def answer(read: ReadReport, limit: int, first: int) -> dict[str, Any]:
    """The rows of a page of the report, with the totals of all of it."""
    rows = list(read.walk())
    page = rows[first : first + limit]
    body: dict[str, Any] = {
        **described(read),
        "data": [row_of(read, row) for row in page],
        "total": cells_of(read, ()),
        "rows": len(rows),
        "next": str(first + limit) if len(rows) > first + limit else None,
    }
    return body


def described(read: ReadReport) -> dict[str, Any]:
    """What the rows mean: their groups, columns and measures."""
    report = read.report
    body: dict[str, Any] = {
        "name": report.name,
        "label": report.label,
        "show": report.show,
        "objects": [part.object for part in report.parts],
        "groups": [_group(words) for words in read.groups],
        "columns": [_group(words) for words in read.columns],
        "column_values": [_labelled(read, read.columns, key) for key in read.column_keys],
        "measures": [
            {"name": one.key, "label": one.label, "type": one.type.name, "percent": one.percent}
            for one in read.values.shown
        ],
    }
    if report.funnel:
        body["steps"] = [{"state": s, "label": step_label(read, s)} for s in report.funnel.order]
    if read.omitted:
        body["omitted"] = read.omitted
    return body


def _group(words: GroupWords) -> dict[str, str]:
    return {"by": words.of.group.text, "label": words.label, "type": words.of.type.name}


def _labelled(read: ReadReport, words: Sequence[GroupWords], key: Key) -> dict[str, Any]:
    first = 0 if words is read.groups else len(read.groups)
    wires = read.cube.wires(key, first)
    found = list(zip(words, wires, strict=False))
    return {
        "group": {one.of.group.text: wire for one, wire in found},
        "labels": {one.of.group.text: one.said(wire) for one, wire in found},
    }


def row_of(read: ReadReport, row: Key) -> dict[str, Any]:
    return {"level": len(row), **_labelled(read, read.groups, row), **cells_of(read, row)}


def cells_of(read: ReadReport, row: Key) -> dict[str, Any]:
    """What is measured of a row, and of each of its columns."""
    made = cell_of(read, row, ())
    if read.column_keys:
        made["cells"] = [cell_of(read, row, column) for column in read.column_keys]
    return made


def cell_of(read: ReadReport, row: Key, column: Key) -> dict[str, Any]:
    cell = read.cube.cell(row, column)
    made: dict[str, Any] = {"measures": _wires(read, cell, before=False)}
    if read.compares:
        made["previous"] = _wires(read, cell, before=True)
        made["previous_href"] = href(read, read.where(row, column, before=True))
    if read.report.funnel:
        made["steps"] = steps_of(read, cell, read.where(row, column))
    if not read.report.is_union:
        made["href"] = href(read, read.where(row, column))
        return made
    made["hrefs"] = {
        measure.key: href(read, read.where(row, column, at), at)
        for at, part in enumerate(read.report.parts)
        for measure in part.measures
        if measure.key in made["measures"]
    }
    return made


def _wires(read: ReadReport, cell: Cell, *, before: bool) -> dict[str, Any]:
    values = read.measured(cell, before=before)
    return {one.key: wire_of(one, values[one.key]) for one in read.values.shown}


def href(read: ReadReport, where: str, part: int = 0) -> str | None:
    """The address of exactly these records; None where the condition is too long for a list."""
    if len(where) > MAX_LENGTH:
        return None
    asked = {"where": where, "as_of": read.session.asked_text}
    query = urlencode({name: text for name, text in asked.items() if text})
    path = f"/api/records/{read.report.parts[part].object}"
    return f"{path}?{query}" if query else path


def step_label(read: ReadReport, state: str) -> str:
    funnel = read.report.funnel
    assert funnel is not None
    field = read.session.catalog.objects[read.report.parts[0].object].fields[funnel.log]
    return next((o.label for o in field.type.options if o.name == state), state)


def steps_of(read: ReadReport, cell: Cell, where: str) -> list[dict[str, Any]]:
    """The steps of a group: how many reached each, the shares, and the time since the last."""
    funnel = read.report.funnel
    assert funnel is not None
    count = len(funnel.order)
    tallies, earlier = cell.steps[:count], cell.steps[count:]
    found: list[dict[str, Any]] = []
    for at, (state, tally) in enumerate(zip(funnel.order, tallies, strict=True)):
        before = tallies[at - 1].reached if at else None
        found.append(
            {
                "state": state,
                "count": tally.reached,
                "of_step": share(tally.reached, before),
                "of_start": share(tally.reached, tallies[0].reached),
                "seconds": seconds_of(tally),
                "href": href(read, both((where, funnel.condition(state)))),
            }
        )
        if earlier:
            found[-1]["previous"] = earlier[at].reached
    return found


def share(number: int, of: int | None) -> str | None:
    """A part of a whole, as a number; of nothing it is empty."""
    if not of:
        return None
    return plain(round_half_up(CONTEXT.divide(number, of), CALCULATED_SCALE))


def seconds_of(tally: StepTally) -> int | None:
    """The average time since the step before."""
    if not tally.timed:
        return None
    return int(round_half_up(CONTEXT.divide(tally.seconds, tally.timed), 0))
