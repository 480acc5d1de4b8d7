"""The one query of a part of a report: its measures for each innermost group.

An inner SELECT gives each record's groups, the values that are measured and the moments at which
it reached the steps; the outer one joins the records of a group. Subtotals and totals are joined
from these groups afterwards, so they add up whatever is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.plan import PagePlanner
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.query import Query
from fluvial.records.reading.query_values import QueryValues, query_values_of
from fluvial.records.reading.reader import query_values
from fluvial.records.reading.slow_reads import watched
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.session import Session
from metamodel.expressions.sql_value import typed
from metamodel.storage import POSTGRESQL, TEXT, TIMESTAMP

from .group_columns import GroupColumns, group_columns
from .groupings import Grouping
from .measure_columns import MeasureColumns, measure_columns
from .report_model import Funnel, ReportMeasure
from .tallies import Tally

MOST_LEAVES = 50_000


@dataclass(frozen=True)
class StepTally:
    """How many records reached a step, and the seconds since the step before of those that came
    from it."""

    reached: int = 0
    seconds: int = 0
    timed: int = 0

    def __add__(self, other: StepTally) -> StepTally:
        return StepTally(
            self.reached + other.reached, self.seconds + other.seconds, self.timed + other.timed
        )


@dataclass
class Leaf:
    """An innermost group: its values in wire form, and what is measured of its records."""

    values: tuple[Any, ...]
    tallies: list[Tally] = field(default_factory=list)
    steps: list[StepTally] = field(default_factory=list)


@dataclass(frozen=True)
class LeafQuestion:
    """What is asked of one object type."""

    query: Query
    groups: tuple[Grouping, ...]
    measures: tuple[ReportMeasure, ...]
    funnel: Funnel | None
    zone: str  # of the reader, in which moments fall on days


@dataclass(frozen=True)
class _LeafPlan:
    compiled: Compiled
    groups: tuple[GroupColumns, ...]
    measures: tuple[MeasureColumns, ...]
    steps: int

    def read(self, row: Sequence[Any]) -> Leaf:
        at, values = 0, []
        for group in self.groups:
            values.append(group.read(row[at : at + group.width]))
            at += group.width
        leaf = Leaf(tuple(values))
        for made in self.measures:
            leaf.tallies.append(made.read(row[at : at + made.width]))
            at += made.width
        for _ in range(self.steps):
            reached, seconds, timed = row[at : at + 3]
            leaf.steps.append(StepTally(int(reached), int(seconds or 0), int(timed)))
            at += 3
        return leaf


def leaves(session: Session, asked: LeafQuestion) -> list[Leaf]:
    """The innermost groups, in no order; those of several currencies come once for each."""
    query, access = asked.query, session.access
    type_ = session.object(query.object)
    if query.as_of is not None:
        session = session.at(query.as_of)
    wanted = query_values_of(access, query)
    key = (
        access.roles,
        access.unrestricted,
        "leaves",
        query.outline,
        wanted.key,
        session.as_of is None,
        query.as_of is None,
        asked.groups,
        tuple(one.measure for one in asked.measures),
        asked.funnel,
        asked.zone,
    )
    plan: _LeafPlan = plans_of(session.catalog).get(
        key, lambda: _LeafPlanner(session, asked, wanted).leaves()
    )
    values = query_values(session, type_, query, wanted)
    with watched(session, query, "report"):
        rows = ask(session, plan.compiled, **values)
    if len(rows) > MOST_LEAVES:
        message = (
            f"This has more than {MOST_LEAVES:,} groups. Group by fewer fields, or dates by a "
            "longer unit, or choose fewer records with `where`."
        )
        raise Unprocessable(message, errors=[fault("group", "too_many_groups", message)])
    return [plan.read(row) for row in rows]


class _LeafPlanner(PagePlanner):
    def __init__(self, session: Session, asked: LeafQuestion, wanted: QueryValues) -> None:
        super().__init__(session, asked.query, wanted)
        self._asked = asked

    def leaves(self) -> _LeafPlan:
        asked = self._asked
        groups = [group_columns(self, one, asked.zone) for one in asked.groups]
        measures = [measure_columns(self, one) for one in asked.measures]
        inner, keys = self._inner(groups, measures)
        found = inner.subquery("found")
        grouped = [found.c[name] for name in keys]
        chosen: list[Any] = []
        for at, group in enumerate(groups):
            chosen += [found.c[f"g{at}_{part}"] for part in range(group.width)]
        for at, made in enumerate(measures):
            of = found.c[f"m{at}"] if made.made is not None else None
            currency = found.c[f"u{at}"] if made.currency is not None else None
            chosen += made.aggregates(of, currency)
        chosen += self._steps(found)
        if not chosen:  # the reader may see no measure
            chosen.append(sa.func.count())
        statement = (
            sa.select(*(one.label(f"o{at}") for at, one in enumerate(chosen)))
            .select_from(found)
            .group_by(*grouped)
            # Written out: of a bind PostgreSQL believes that it wants the first tenth of them.
            .limit(sa.literal_column(str(MOST_LEAVES + 1)))
        )
        steps = len(asked.funnel.order) if asked.funnel else 0
        return _LeafPlan(self.context.compiled(statement), tuple(groups), tuple(measures), steps)

    def _inner(
        self, groups: Sequence[GroupColumns], measures: Sequence[MeasureColumns]
    ) -> tuple[sa.Select[Any], list[str]]:
        """What is read of each record, and the names of the columns that they are grouped by."""
        columns: list[sa.ColumnElement[Any]] = [sa.literal_column("1").label("one")]
        keys: list[str] = []
        for at, group in enumerate(groups):
            for part, element in enumerate(group.elements):
                keys.append(f"g{at}_{part}")
                columns.append(element.label(keys[-1]))
        for at, made in enumerate(measures):
            if made.made is not None:
                columns.append(made.made.element.label(f"m{at}"))
            if made.currency is not None:
                keys.append(f"u{at}")
                columns.append(made.currency.label(keys[-1]))
        funnel = self._asked.funnel
        log = self._log(funnel) if funnel else None
        if log is not None and funnel is not None:
            columns += [log.c[f"r{at}"] for at in range(len(funnel.order))]
        conditions = self.conditions()
        rows: Any = self.source.joined()
        if log is not None:
            rows = rows.outerjoin(log, log.c.record == self.source.column("id"))
        return sa.select(*columns).where(*conditions).select_from(rows), keys

    def _log(self, funnel: Funnel) -> Any:
        """When each record reached the steps first: the log read once, rather than for each."""
        self.field((funnel.log,), "steps")  # one that the reader may not read is not there
        spans = self.context.spans().alias()
        moments = [
            sa.func.min(sa.case((self._among(spans, funnel.states(state)), spans.c["from"]))).label(
                f"r{at}"
            )
            for at, state in enumerate(funnel.order)
        ]
        found = [
            spans.c.object == self._text(self.type.name),
            spans.c.field == self._text(funnel.log),
        ]
        if self.context.fresh:  # as of another day
            now = typed(self.context, self.context.parameter("now", TIMESTAMP), TIMESTAMP)
            found.append(spans.c["from"] <= now)
        reached = sa.select(spans.c.record, *moments).where(*found).group_by(spans.c.record)
        return reached.subquery("log")

    def _among(self, spans: Any, states: Sequence[str]) -> sa.ColumnElement[bool]:
        return sa.or_(*(spans.c.state == self._text(one) for one in states))

    def _text(self, value: str) -> sa.ColumnElement[Any]:
        return self.context.constant(value, TEXT)

    def _second(self, moment: Any) -> sa.ColumnElement[Any]:
        """The second of a moment, by what both databases have at hand: there are many of them."""
        if self.context.dialect != POSTGRESQL:
            return sa.func.unixepoch(moment)
        whole = sa.func.date_trunc(sa.literal_column("'second'"), moment)
        return sa.cast(sa.extract("epoch", whole), sa.BigInteger)

    def _steps(self, found: Any) -> list[sa.ColumnElement[Any]]:
        chosen: list[sa.ColumnElement[Any]] = []
        nothing: sa.ColumnElement[Any] = sa.literal_column("NULL")
        steps = len(self._asked.funnel.order) if self._asked.funnel else 0
        for at in range(steps):
            this = found.c[f"r{at}"]
            chosen.append(sa.func.count(this))
            if at == 0:
                chosen += [nothing, sa.func.count(nothing)]
                continue
            before = found.c[f"r{at - 1}"]
            on = this >= before
            chosen.append(sa.func.sum(sa.case((on, self._second(this) - self._second(before)))))
            chosen.append(sa.func.count(sa.case((on, this))))
        return chosen
