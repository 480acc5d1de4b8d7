"""What the chart of a report draws group by group: measures, the period before, or columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metamodel.expressions.chronology import end_of_date, shift_date

from .cell_conditions import DAY
from .report_charts import ChartPoint, ChartSeries
from .report_cube import Key
from .report_reader import ReadReport
from .report_table import ReportTable
from .report_values import ShownMeasure
from .value_words import chart_number, value_words

MOST = 4  # measures in one chart
MOST_COLUMNS = 8
MOST_GAPS = 400  # units of time without a record that a chart shows
BEFORE = "The period before"


@dataclass(frozen=True)
class _Place:
    """One of the outermost groups of a chart; `row` is None where no record is in it."""

    label: str
    row: Key | None


def drawn_measures(shown: Sequence[ShownMeasure], named: Sequence[str]) -> list[ShownMeasure]:
    """Those that the report names, else the first and what has the same scale as it."""
    known = [one for name in named for one in shown if name in (one.key, one.name)]
    return (known or [one for one in shown if _scale(one) == _scale(shown[0])])[:MOST]


def _scale(one: ShownMeasure) -> tuple[Any, ...]:
    function = one.measured.function if one.measured is not None else ""
    return (one.type.name, one.type.currency, one.percent, one.in_currencies, function)


def series_of(table: ReportTable) -> list[ChartSeries]:
    """The series of a chart; all of them have a point for each of the outermost groups."""
    read = table.read
    places = list(_places(table))
    measures = drawn_measures(read.values.shown, read.report.chart)
    if read.column_keys:
        columns = list(zip(read.column_keys, table.column_labels(), strict=True))
        return [
            ChartSeries(label, _points(table, places, measures[0], column), part=True)
            for column, label in columns[:MOST_COLUMNS]
        ]
    found = [ChartSeries(one.label, _points(table, places, one)) for one in measures]
    if read.compares and len(found) == 1:
        before = _points(table, places, measures[0], before=True)
        found.append(ChartSeries(BEFORE, before, faint=True))
    return found


def _places(table: ReportTable) -> Iterator[_Place]:
    """The groups in their order; of dates in time also those in which nothing is."""
    read = table.read
    rows = read.sorted(read.cube.children(()))
    gaps = _gaps(read, rows)
    for row in rows:
        yield _Place(table.label(row), row)
        for value in gaps.get(row[0], ()):
            yield _Place(read.groups[0].said(value), None)


def _gaps(read: ReadReport, rows: Sequence[Key]) -> dict[Any, list[str]]:
    """The units of time between each group and the next one, where no record is in them."""
    unit = read.groups[0].of.group.unit
    known = [row[0] for row in rows if row[0] is not None]
    if not unit or len(known) < 2 or known != sorted(known):
        return {}
    found: dict[Any, list[str]] = {}
    left = MOST_GAPS
    for one, following in zip(known, known[1:], strict=False):
        here = _next(date.fromisoformat(one), unit)
        while here is not None and here.isoformat() < following and left:
            found.setdefault(one, []).append(here.isoformat())
            here, left = _next(here, unit), left - 1
    return found


def _next(first: date, unit: str) -> date | None:
    last = end_of_date(first, unit)
    return None if last is None else shift_date(last, DAY)


def _points(
    table: ReportTable, places: Sequence[_Place], one: ShownMeasure, column: Key = (), *,
    before: bool = False,
) -> list[ChartPoint]:  # fmt: skip
    read, found = table.read, []
    adds = one.measured is not None and one.measured.function in ("count", "sum")
    for place in places:
        row = place.row
        if row is None:
            found.append(ChartPoint(place.label, 0.0 if adds else None, "0" if adds else "", ""))
            continue
        value = read.measured(read.cube.cell(row, column), before=before)[one.key]
        href = table.opens(row, column, one)
        if before:
            href = table.href(read.where(row, column, before=True))
        words = value_words(one, value, table.fmt)
        found.append(ChartPoint(place.label, chart_number(value), words, href))
    return found
