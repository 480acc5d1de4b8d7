"""What is read and joined for one measure of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.records.reading import aggregates
from fluvial.records.reading.caller_paths import compiled
from fluvial.records.reading.plan import PagePlanner
from metamodel.expressions.scope import scope_of
from metamodel.expressions.sql import value
from metamodel.expressions.sql_value import EXACT, SqlValue

from .measured_types import is_of_any_currency
from .report_model import ReportMeasure
from .tallies import NOTHING, Tally


@dataclass(frozen=True)
class MeasureColumns:
    """A measure in the query; amounts of any currency are kept apart by their currency."""

    function: str
    dialect: str
    made: SqlValue | None  # of each record; None counts records
    currency: sa.ColumnElement[Any] | None

    @property
    def width(self) -> int:
        return 2 if self.currency is None else 3

    def aggregates(self, of: Any, currency: Any) -> list[sa.ColumnElement[Any]]:
        """What is selected of a group, over the columns of the inner SELECT."""
        if self.made is None:
            return [sa.func.count(), sa.func.count()]
        made = SqlValue(of, self.made.storage)
        chosen: list[sa.ColumnElement[Any]] = [sa.func.count(of)]
        if self.function == "count":
            chosen.append(sa.func.count(of))
        elif self.function in ("min", "max"):
            chosen.append(aggregates.extreme_of(self.function, made, self.dialect))
        else:
            chosen.append(aggregates.added_text(made, self.dialect))
        return chosen if currency is None else [*chosen, currency]

    def read(self, row: Sequence[Any]) -> Tally:
        number = int(row[0])
        currency = "" if self.currency is None else row[2] or ""
        if self.function == "count":
            return {"": (Decimal(number), number)}
        if self.made is None or number == 0:
            return NOTHING
        storage, cell = self.made.storage, row[1]
        if self.function in ("sum", "avg"):
            return {currency: (aggregates.read_added(cell, storage), number)}
        held = Decimal(cell) if storage is EXACT else storage.decode(self.dialect, cell)
        return {currency: (held, number)}


def measure_columns(planner: PagePlanner, one: ReportMeasure) -> MeasureColumns:
    measure, dialect = one.measure, planner.context.dialect
    if not measure.inner:
        return MeasureColumns(measure.function, dialect, None, None)
    scope = scope_of(planner.access.catalog, planner.type.name, hidden=planner.access.hides)
    expression = compiled(measure.inner, scope, "measure")
    made = value(expression, planner.source)
    parted = measure.function != "count" and is_of_any_currency(expression.type)
    return MeasureColumns(measure.function, dialect, made, made.second if parted else None)
