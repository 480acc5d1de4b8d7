"""The table of a report: groups with their measures, columns and steps, each a link to records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fluvial.pages.frame import Context, with_query
from fluvial.pages.reader_format import ReaderFormat
from metamodel.expressions.syntax import MAX_LENGTH

from .cell_conditions import both
from .report_answers import seconds_of, share, step_label
from .report_charts import ChartPoint
from .report_cube import Key
from .report_reader import ReadReport
from .report_values import ShownMeasure
from .value_words import chart_number, length_words, share_words, value_words

TOTAL = "Total"


@dataclass
class ReportTable:
    """What the pages and files show of a report that has been read."""

    read: ReadReport
    fmt: ReaderFormat

    def href(self, where: str, part: int = 0) -> str:
        """The list of exactly these records; "" where the condition is too long for one."""
        if len(where) > MAX_LENGTH:
            return ""
        path = f"/o/{self.read.report.parts[part].object}"
        return with_query(path, view="all", where=where, as_of=self.fmt.as_of)

    def label(self, row: Key) -> str:
        if not row:
            return TOTAL
        words = self.read.groups[len(row) - 1]
        return words.said(self.read.cube.values[len(row) - 1, row[-1]])

    def column_labels(self) -> list[str]:
        first, cube = len(self.read.groups), self.read.cube
        return [
            " · ".join(
                words.said(cube.values[first + at, one])
                for at, (words, one) in enumerate(zip(self.read.columns, key, strict=True))
            )
            for key in self.read.column_keys
        ]

    def heads(self) -> list[str]:
        """The headings behind the first column."""
        measures = [one.label for one in self.read.values.shown]
        heads = []
        for label in self.column_labels():
            heads += [label] if len(measures) == 1 else [f"{label}: {one}" for one in measures]
        if self.read.column_keys and len(measures) == 1:
            measures = [TOTAL]
        return [*self._step_heads(), *heads, *measures]

    def _step_heads(self) -> list[str]:
        funnel = self.read.report.funnel
        return [step_label(self.read, state) for state in funnel.order] if funnel else []

    def row(self, row: Key) -> Context:
        cells = [*self._steps(row)]
        for column in (*self.read.column_keys, ()):
            cells += self._cells(row, column)
        level = len(row)
        return {
            "label": self.label(row),
            "level": level,
            "inner": 0 < level < len(self.read.groups),
            "cells": cells,
        }

    def _cells(self, row: Key, column: Key) -> Iterator[Context]:
        read, cell = self.read, self.read.cube.cell(row, column)
        values = read.measured(cell)
        before = read.measured(cell, before=True) if read.compares else {}
        for one in read.values.shown:
            text = value_words(one, values[one.key], self.fmt)
            was = value_words(one, before[one.key], self.fmt) if before else ""
            yield {
                "text": text,
                "href": self.opens(row, column, one),
                "was": was,
                "was_href": self.href(read.where(row, column, before=True)) if before else "",
            }

    def opens(self, row: Key, column: Key, one: ShownMeasure) -> str:
        """The records of a measure; those of a calculated one only where it is about one object."""
        read = self.read
        if not read.report.is_union:
            return self.href(read.where(row, column))
        for at, part in enumerate(read.report.parts):
            if one.measure in part.measures:
                return self.href(read.where(row, column, at), at)
        return ""

    def _steps(self, row: Key) -> Iterator[Context]:
        for one in self.steps(row):
            share_of = one["of_step"]
            yield {"text": f"{one['count']:,}", "href": one["href"],
                   "was": share_of if share_of != "–" else "", "was_href": ""}  # fmt: skip

    def steps(self, row: Key) -> list[dict[str, Any]]:
        """The steps of a row, in words."""
        read, funnel = self.read, self.read.report.funnel
        if funnel is None:
            return []
        tallies, where = read.cube.cell(row).steps[: len(funnel.order)], read.where(row)
        found = []
        for at, (state, tally) in enumerate(zip(funnel.order, tallies, strict=True)):
            before = tallies[at - 1].reached if at else None
            seconds = seconds_of(tally)
            found.append(
                {
                    "label": step_label(read, state),
                    "count": tally.reached,
                    "of_step": share_words(share(tally.reached, before), self.fmt),
                    "of_start": share_words(share(tally.reached, tallies[0].reached), self.fmt),
                    "time": "" if seconds is None else length_words(seconds),
                    "href": self.href(both((where, funnel.condition(state)))),
                }
            )
        return found

    def points(self, one: ShownMeasure) -> list[ChartPoint]:
        """The outermost groups as a chart draws them."""
        found = []
        for row in self.read.sorted(self.read.cube.children(())):
            value = self.read.measured(self.read.cube.cell(row))[one.key]
            words = value_words(one, value, self.fmt)
            found.append(
                ChartPoint(self.label(row), chart_number(value), words, self.opens(row, (), one))
            )
        return found
