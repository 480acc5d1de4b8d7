"""The period that a report is about, and the one before, as conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from metamodel.errors import ExpressionError
from metamodel.expressions.syntax import Syntax, parse

from .groupings import UNITS
from .report_model import ReportModel, ReportPeriod

LENGTHS = {
    "day": "days(1)",
    "week": "days(7)",
    "month": "months(1)",
    "quarter": "months(3)",
    "year": "years(1)",
}
SHIFTS = ("days", "hours", "months", "years")


@dataclass(frozen=True)
class ComparedPeriod:
    """Conditions for the present period and for the one before, and how long they are."""

    by: str
    now: str
    before: str
    unit: str  # of its length, or "" where it is a number of days
    number: int


def period_conditions(period: ReportPeriod) -> tuple[str, str]:
    """The conditions of a period and of the one before it."""
    return _within(period, period.ago), _within(period, period.ago + 1)


def _within(period: ReportPeriod, ago: int) -> str:
    start = f"start_of(today(), '{period.unit}')"
    first, after = (_moved(start, period.unit, one) for one in (ago, ago - 1))
    return f"{period.by} >= {first} and {period.by} < {after}"


def _moved(start: str, unit: str, ago: int) -> str:
    if ago == 0:
        return start
    name, number = _length(unit)
    return f"{start} {'-' if ago > 0 else '+'} {name}({number * abs(ago)})"


def _length(unit: str) -> tuple[str, int]:
    name, _, rest = LENGTHS[unit].partition("(")
    return name, int(rest.rstrip(")"))


def compared(report: ReportModel) -> ComparedPeriod | None:
    """What the report is compared with; None where it is not."""
    if not report.compares:
        return None
    if report.period is None:
        return compared_period(report.where)
    now, before = period_conditions(report.period)
    name, number = _length(report.period.unit)
    whole = " and ".join(f"({part})" for part in (report.where, before) if part)
    this = " and ".join(f"({part})" for part in (report.where, now) if part)
    return ComparedPeriod(report.period.by, this, whole, name, number)


def compared_period(where: str) -> ComparedPeriod | None:
    """The period that a condition names: `created >= start_of(today(), 'year')`, or
    `created >= today() - days(30)`, as one of the terms that all have to be met."""
    if not where:
        return None
    try:
        syntax = parse(where)
    except ExpressionError:
        return None
    terms = list(_terms(syntax.root))
    for term in terms:
        found = _lower_edge(syntax, term)
        if found is not None:
            return _compared(syntax, terms, term, found)
    return None


def _compared(
    syntax: Syntax, terms: list[ast.expr], term: ast.expr, edge: tuple[str, str, str]
) -> ComparedPeriod:
    """The condition with the term of the period replaced by the period before it."""
    by, start, length = edge
    others = (one for one in terms if one is not term and not _is_upper_edge(syntax, one, by))
    before = [f"({_text(syntax, one)})" for one in others]
    before.append(f"{by} >= {start} - {length} and {by} < {start}")
    name, _, rest = length.partition("(")
    return ComparedPeriod(by, syntax.source, " and ".join(before), name, int(rest.rstrip(")")))


def _terms(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for one in node.values:
            yield from _terms(one)
    else:
        yield node


def _text(syntax: Syntax, node: ast.AST) -> str:
    place = syntax.place(node)
    return syntax.source[place.at : place.at + place.length]


def _lower_edge(syntax: Syntax, node: ast.expr) -> tuple[str, str, str] | None:
    """The path, where the period begins, and how long it is."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    if not isinstance(node.ops[0], (ast.GtE, ast.Gt)) or not _is_path(node.left):
        return None
    edge = node.comparators[0]
    length = _unit_length(edge) or _shift_length(syntax, edge)
    if length is None:
        return None
    return _text(syntax, node.left), _text(syntax, edge), length


def _unit_length(edge: ast.expr) -> str | None:
    """The length of the unit in `start_of(today(), 'year')`."""
    if not isinstance(edge, ast.Call) or not isinstance(edge.func, ast.Name):
        return None
    if edge.func.id != "start_of" or len(edge.args) != 2 or not _is_present(edge.args[0]):
        return None
    unit = edge.args[1]
    named = isinstance(unit, ast.Constant) and unit.value in UNITS
    return LENGTHS[str(unit.value)] if named and isinstance(unit, ast.Constant) else None


def _shift_length(syntax: Syntax, edge: ast.expr) -> str | None:
    """The length in `today() - days(30)`."""
    if not isinstance(edge, ast.BinOp) or not isinstance(edge.op, ast.Sub):
        return None
    shift = edge.right
    if not _is_present(edge.left) or not isinstance(shift, ast.Call):
        return None
    named = isinstance(shift.func, ast.Name) and shift.func.id in SHIFTS and len(shift.args) == 1
    whole = (
        named and isinstance(shift.args[0], ast.Constant) and _text(syntax, shift.args[0]).isdigit()
    )
    return _text(syntax, shift) if whole else None


def _is_present(node: ast.expr) -> bool:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args
    return called and node.func.id in ("today", "now")  # type: ignore[attr-defined]


def _is_path(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _is_upper_edge(syntax: Syntax, node: ast.expr, by: str) -> bool:
    """Whether a term ends the present period, which the one before has no use for."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return False
    return isinstance(node.ops[0], (ast.Lt, ast.LtE)) and _text(syntax, node.left) == by
