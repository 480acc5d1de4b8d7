"""Summaries: measures over the records of a query, by group, with the same permissions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem, fault
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.expressions.sql import value
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, NUMBER, RECORDS, Type

from . import aggregates
from .caller_paths import compiled
from .plan import PagePlanner
from .plan_cache import plans_of
from .query import Path, Query
from .query_values import QueryValues, query_values_of
from .reader import query_values
from .row_builder import Output
from .slow_reads import watched
from .sql_context import ask

MAX_GROUPS = 3
MAX_MEASURES = 10
MAX_ROWS = 1_000

_MEASURE = re.compile(r"(?P<function>count|sum|avg|min|max)(?:\((?P<inner>.*)\))?", re.DOTALL)


@dataclass(frozen=True)
class Measure:
    """`count` or `sum(amount)`; `text` is as it was asked for and names the member."""

    text: str
    function: str
    inner: str = ""


def measure(text: str) -> Measure:
    match = _MEASURE.fullmatch(text.strip())
    inner = (match["inner"] or "").strip() if match else ""
    if match is None or (match["function"] != "count" and not inner):
        message = (
            f"`{text}` is not a measure. Write count, sum(amount), or avg, min or max of a field."
        )
        raise Problem(message, errors=[fault("measure", "not_a_measure", message)])
    return Measure(text.strip(), match["function"], inner)


@dataclass(frozen=True)
class _SummaryPlan:
    compiled: Compiled
    builder: Any
    parts: tuple[Path, ...]  # groups that are parts of values, such as (price, currency)
    wires: tuple[Any, ...]


def summarise(
    session: Session, query: Query, groups: tuple[Path, ...], measures: tuple[Measure, ...]
) -> list[dict[str, Any]]:
    """One object for each group: the group's fields and the measures as they are named.

    At most `MAX_ROWS` and one, which says that there are others.
    """
    session.object(query.object)
    if query.as_of is not None:
        session = session.at(query.as_of)
    wanted = query_values_of(session.access, query)
    _check_names(groups, measures)
    key = (
        session.access.roles,
        session.access.unrestricted,
        "summary",
        query.outline,
        wanted.key,
        session.as_of is None,
        query.as_of is None,
        groups,
        measures,
    )
    plan: _SummaryPlan = plans_of(session.catalog).get(
        key, lambda: _plan(session, query, wanted, groups, measures)
    )
    values = query_values(session, session.object(query.object), query, wanted)
    with watched(session, query, "summary"):
        rows = ask(session, plan.compiled, **values)
    return [_member(plan, measures, row) for row in rows]


def _check_names(groups: tuple[Path, ...], measures: tuple[Measure, ...]) -> None:
    for path in groups:
        if any(one.text == path[0] for one in measures):
            message = f"`{path[0]}` is a group and a measure. Write `{path[0]}()` for the measure."
            raise Problem(message, errors=[fault("measure", "named_twice", message)])


def _member(
    plan: _SummaryPlan, measures: tuple[Measure, ...], row: Sequence[Any]
) -> dict[str, Any]:
    ahead = len(row) - len(measures)
    fields = ahead - len(plan.parts)
    member: dict[str, Any] = plan.builder(row[:fields])
    for path, cell in zip(plan.parts, row[fields:ahead], strict=True):
        inner = member
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = cell
    for measure_, wire, cell in zip(measures, plan.wires, row[ahead:], strict=True):
        member[measure_.text] = wire(cell) if wire and cell is not None else cell
    return member


def _plan(
    session: Session,
    query: Query,
    wanted: QueryValues,
    groups: tuple[Path, ...],
    measures: tuple[Measure, ...],
) -> _SummaryPlan:
    planner = PagePlanner(session, query, wanted)
    output = Output(planner.context, planner.source, planner.type, nulls=True)
    parts: dict[Path, Any] = {}
    for path in groups:
        part = _part(planner, path)
        if part is not None:
            parts[path] = part
            continue
        _check_group(planner.field(path, "group"))
        output.add(path)
    grouped = [*(column.element for column in output.columns), *parts.values()]
    named = [element.label(f"p{at}") for at, element in enumerate(parts.values())]
    chosen: list[Any] = []
    wires: list[Any] = []
    for measure_ in measures:
        element, wire = measured(planner, measure_)
        chosen.append(element.label(f"m{len(chosen)}"))
        wires.append(wire)
    statement = (
        sa.select(*output.columns, *named, *chosen)
        .where(*planner.conditions())
        .select_from(planner.source.joined())
        .group_by(*grouped)
        .order_by(*(one.nulls_last() for one in grouped))
        # Written out: of a bind PostgreSQL believes that it wants the first tenth of the groups.
        .limit(sa.literal_column(str(MAX_ROWS + 1)))
    )
    return _SummaryPlan(
        planner.context.compiled(statement),
        output.builder() if output.columns else lambda row: {},
        tuple(parts),
        tuple(wires),
    )


def _part(planner: PagePlanner, path: Path) -> Any:
    """The currency of an amount, which sums of several currencies are grouped by."""
    if len(path) < 2 or path[-1] != "currency":
        return None
    if planner.field(path[:-1], "group").type.name != MONEY.name:
        return None
    return value(_compiled(planner, ".".join(path), "group"), planner.source).element


def _check_group(field: Field) -> None:
    if field.kind.linked:
        message = (
            f"Records cannot be grouped by {field.label.lower()}: it links to several records."
        )
        raise Problem(message, errors=[fault("group", "not_groupable", message)])


def measured(planner: PagePlanner, measure_: Measure) -> aggregates.Aggregate:
    if measure_.function == "count" and not measure_.inner:
        return sa.func.count(), None
    inner = _compiled(planner, measure_.inner, "measure")
    check_measured(measure_, inner.type)
    made = value(inner, planner.source)
    dialect = planner.context.dialect
    if measure_.function == "count":
        return sa.func.count(made.element), None
    if measure_.function == "avg":
        return aggregates.average(made, dialect)
    if measure_.function == "sum":
        return aggregates.total(made, dialect)
    return aggregates.extreme(measure_.function, made, dialect)


def _compiled(planner: PagePlanner, text: str, parameter: str) -> Expression:
    scope = scope_of(planner.access.catalog, planner.type.name, hidden=planner.access.hides)
    return compiled(text, scope, parameter)


_ADDABLE = (NUMBER.name, DURATION.name)
_ORDERED = (*_ADDABLE, DATE.name, DATETIME.name)


def check_measured(measure_: Measure, type_: Type) -> None:
    """Sums and averages are of numbers, amounts of one currency and durations."""
    if type_.name == RECORDS.name:
        message = (
            f"`{measure_.text}`: the records of a collection have no {measure_.function} here."
            f" Write sum(count({measure_.inner}))."
        )
        raise Problem(message, errors=[fault("measure", "wrong_type", message)])
    if measure_.function == "count":
        return
    fixed = type_.name == MONEY.name and type_.currency is not None
    fitting = _ADDABLE if measure_.function in ("sum", "avg") else _ORDERED
    if fixed or type_.name in fitting:
        return
    message = f"`{measure_.text}`: {measure_.function} cannot be used with {type_}."
    if type_.name == MONEY.name:
        message += (
            " Amounts in several currencies cannot be added: group by the currency and write "
            ".amount."
        )
    raise Problem(message, errors=[fault("measure", "wrong_type", message)])


def split(text: str) -> list[str]:
    """The measures of a list with commas; commas in parentheses and quotes do not part them."""
    parts, depth, quote, start = [], 0, "", 0
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    if len(parts) > MAX_MEASURES:
        message = f"`measure` accepts at most {MAX_MEASURES} measures."
        raise Problem(message, errors=[fault("measure", "too_many", message)])
    return parts
