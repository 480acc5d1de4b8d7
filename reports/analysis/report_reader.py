"""Reading a report: its rows with subtotals, columns and totals, as far as the reader may see.

Each cell knows the condition that finds exactly its records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluvial.kernel.problems import NotFound, Problem, Unprocessable, fault
from fluvial.pages.reader_format import format_of
from fluvial.records.reading.caller_paths import compiled, condition
from fluvial.records.reading.query import Query
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.scope import scope_of

from .cell_conditions import GroupType, both, shifted
from .group_check import ungroupable
from .group_words import GroupWords, words_of
from .groupings import Grouping
from .leaf_query import LeafQuestion, leaves
from .measure_words import measure_label
from .measured_types import measured, unfit
from .previous_period import ComparedPeriod, compared, period_conditions
from .report_cube import Cell, Cube, Key
from .report_model import ReportMeasure, ReportModel, ReportPart
from .report_values import ReportValues, ShownMeasure

MOST_COLUMNS = 100
HIDDEN = "uses something that is gone, or that you may not read."


@dataclass(frozen=True)
class ReportWish:
    """What a reader asks of a report beside what its document says."""

    where: str = ""
    groups: tuple[Grouping, ...] | None = None
    columns: tuple[Grouping, ...] | None = None
    measures: tuple[ReportMeasure, ...] | None = None


@dataclass
class ReadReport:
    """A report that has been read."""

    report: ReportModel
    session: Session
    cube: Cube
    groups: Sequence[GroupWords]
    columns: Sequence[GroupWords]
    values: ReportValues
    wheres: Sequence[str]  # of its parts
    befores: Sequence[str]  # of the period before
    types: Sequence[Sequence[GroupType]]  # by part, of the groups of rows, then of columns
    omitted: int = 0  # measures that are not for the reader
    column_keys: list[Key] = field(default_factory=list)
    said: dict[tuple[int, int, Any, bool], str] = field(default_factory=dict)  # conditions

    @property
    def compares(self) -> bool:
        return bool(self.befores)

    @property
    def functions(self) -> int:
        """How many tallies belong to one period."""
        return len(self.cube.functions) // (2 if self.compares else 1)

    def walk(self, row: Key = ()) -> Iterator[Key]:
        """The groups, each before those within it, in their order."""
        for child in self.sorted(self.cube.children(row)):
            yield child
            yield from self.walk(child)

    def sorted(self, keys: list[Key]) -> list[Key]:
        """Siblings by the words of their last group, or by measures where the report says so."""
        if not keys:
            return keys
        words = self.groups[len(keys[0]) - 1]
        keys = sorted(keys, key=lambda key: words.place(self.cube.values[len(key) - 1, key[-1]]))
        for text in reversed(self.report.sort):
            name = text.removeprefix("-").strip()
            shown = [m for m in self.values.shown if name in (m.key, m.name)]
            if shown and not shown[0].in_currencies:
                keys = self._by_measure(keys, shown[0].key, text.startswith("-"))
        return keys

    def _by_measure(self, keys: list[Key], name: str, descending: bool) -> list[Key]:
        found = {key: self.values.of(self.cube.cell(key).tallies)[name] for key in keys}
        full = [key for key in keys if found[key] is not None]
        full.sort(key=lambda key: found[key], reverse=descending)
        return [*full, *(key for key in keys if found[key] is None)]

    def where(self, row: Key, column: Key = (), part: int = 0, *, before: bool = False) -> str:
        """The condition that finds the records of a cell, of one part."""
        base = (self.befores if before else self.wheres)[part]
        found = [base]
        places = (*enumerate(row), *enumerate(column, len(self.groups)))
        for place, key in places:
            about = (part, place, key, before)
            if about not in self.said:
                self.said[about] = self._condition(*about)
            found.append(self.said[about])
        return both(found)

    def _condition(self, part: int, place: int, key: Any, before: bool) -> str:
        """What the records of one group meet; of the period before perhaps in several units."""
        one = self.types[part][place]
        originals = self.cube.behind.get((place, key)) if before else None
        if originals:
            return " or ".join(f"({one.condition(value)})" for value in originals)
        return one.condition(self.cube.values[place, key])

    def measured(self, cell: Cell, *, before: bool = False) -> dict[str, Any]:
        return self.values.of(cell.tallies, self.functions if before else 0)


def read_report(session: Session, report: ReportModel, wish: ReportWish) -> ReadReport:
    """The report for one reader."""
    refuse_hidden(session, report)
    if wish.measures is not None and not report.is_union:
        part = replace(report.parts[0], measures=wish.measures)
        report = replace(report, parts=(part,), calculations=(), sort=(), chart=())
    groups = report.groups if wish.groups is None else wish.groups
    columns = report.columns if wish.columns is None else wish.columns
    return _Reading(session, report, groups, columns, wish.where).read()


class _Reading:
    """One reading of a report."""

    def __init__(
        self,
        session: Session,
        report: ReportModel,
        groups: Sequence[Grouping],
        columns: Sequence[Grouping],
        where: str,
    ) -> None:
        self.session = session
        self.groups, self.columns = groups, columns
        self.zone = str(zone_of(session))
        # A dimension may be a day in one part and a moment in another one.
        self.types = [
            [group_type(session, part, one, self.zone) for one in (*groups, *columns)]
            for part in report.parts
        ]
        self.parts, self.values, self.omitted = _measures(session, report)
        # In the order of the tallies: those that the reader does not see are no part of it.
        self.report = replace(report, parts=tuple(self.parts))
        self.period, now = compared(report), ""
        if report.period is not None:
            now = period_conditions(report.period)[0]
        self.wheres = [
            both((part.where, part.meant(report.where), now, part.meant(where)))
            for part in self.parts
        ]
        self.befores = [both((self.period.before, where))] if self.period else []

    def read(self) -> ReadReport:
        functions = [one.measure.function for part in self.parts for one in part.measures]
        steps = len(self.report.funnel.order) if self.report.funnel else 0
        times = 2 if self.befores else 1
        cube = Cube(len(self.groups), functions * times, steps * times)
        self._add(cube, self.wheres, 0, 0)
        if self.period is not None:
            self._add(cube, self.befores, len(functions), steps, self.period)
        cube.close()
        words = words_of(self.session, self.types[0], format_of(self.session).locale)
        for at, one in enumerate(words):
            one.want(cube.known(at))
        for one in words[:1]:
            one.titles.load()
        rows = len(self.groups)
        made = ReadReport(
            self.report, self.session, cube, words[:rows], words[rows:], self.values, self.wheres,
            self.befores, self.types, self.omitted,
        )  # fmt: skip
        made.column_keys = _columns(made)
        return made

    def _add(
        self,
        cube: Cube,
        wheres: Sequence[str],
        first: int,
        first_step: int,
        before: ComparedPeriod | None = None,
    ) -> None:
        """Ask each part, and add its groups; those of the period before beside the present ones."""
        asked = (*self.groups, *self.columns)
        for part, where in zip(self.parts, wheres, strict=True):
            question = LeafQuestion(
                Query(part.object, where=where, as_of=self.session.asked_day),
                tuple(part.grouped(one) for one in asked),
                part.measures,
                self.report.funnel,
                self.zone,
            )
            for leaf in leaves(self.session, question):
                if before is not None:
                    leaf.values = _later(cube, leaf.values, asked, before)
                cube.add(leaf, first, first_step)
            first += len(part.measures)


def _later(
    cube: Cube, values: tuple[Any, ...], groups: Sequence[Grouping], period: ComparedPeriod
) -> tuple[Any, ...]:
    """Days of the period before, as the days of the present one that they are compared with."""
    made = []
    for at, (value, group) in enumerate(zip(values, groups, strict=True)):
        if value is not None and group.unit and group.inner == period.by:
            later = shifted(value, group.unit, period.unit, period.number)
            cube.behind.setdefault((at, later), {})[value] = None
            value = later
        made.append(value)
    return tuple(made)


def _columns(made: ReadReport) -> list[Key]:
    """The keys of the columns in their order."""
    keys = list(made.cube.columns)
    if len(keys) > MOST_COLUMNS:
        message = (
            f"This has {len(keys)} columns; a table has at most {MOST_COLUMNS}. Take a longer unit "
            "or fewer records, or make rows of them."
        )
        raise Unprocessable(message, errors=[fault("columns", "too_many_columns", message)])
    first = len(made.groups)

    def place(key: Key) -> list[Any]:
        return [
            words.place(made.cube.values[first + at, one])
            for at, (words, one) in enumerate(zip(made.columns, key, strict=True))
        ]

    return sorted(keys, key=place)


def _measures(session: Session, report: ReportModel) -> tuple[list[ReportPart], ReportValues, int]:
    """The parts with those of their measures that the reader may see, and how many may not."""
    values, parts, omitted, at = ReportValues(session), [], 0, 0
    for part in report.parts:
        type_, kept = session.object(part.object), []
        for one in part.measures:
            shown = _shown(session, type_, one, at)
            if shown is None:
                omitted += 1
                continue
            kept.append(one)
            values.shown.append(shown)
            at += 1
        parts.append(replace(part, measures=tuple(kept)))
    omitted += sum(not values.calculate(one) for one in report.calculations)
    return parts, values, omitted


def _shown(session: Session, type_: ObjectType, one: ReportMeasure, at: int) -> ShownMeasure | None:
    inner = None
    if one.measure.inner:
        scope = scope_of(session.catalog, type_.name, hidden=session.access.hides)
        try:
            made = compiled(one.measure.inner, scope, "measure")
        except Problem:
            return None
        for message, hint in unfit(one.measure, made.tree):
            said = f"{message} {hint}".strip()
            raise Problem(said, errors=[fault("measure", "wrong_type", said)])
        inner = made.type
    type = measured(one.measure, inner)
    label = one.label or measure_label(type_, one.measure)
    return ShownMeasure(one.key, one.name, label, type.type, one.percent, at, type, measure=one)


def group_type(session: Session, part: ReportPart, group: Grouping, zone: str) -> GroupType:
    """The type of a group's values, of which the reader may read the fields."""
    scope = scope_of(session.catalog, part.object, hidden=session.access.hides)
    meant = part.grouped(group)
    made = compiled(meant.inner, scope, "group")
    wrong = ungroupable(meant, made, session.catalog.objects)
    if wrong is not None:
        said = f"{wrong[0]} {wrong[1]}".strip()
        raise Problem(said, errors=[fault("group", "not_groupable", said)])
    return GroupType(group, made.type, zone, part.object, meant)


def refuse_hidden(session: Session, report: ReportModel) -> None:
    """A report whose condition or groups are not for the reader is not there for them."""
    try:
        for part in report.parts:
            type_ = session.object(part.object)
            for text in (part.where, part.meant(report.where)):
                if text:
                    condition(session.access, type_, text)
            scope = scope_of(session.catalog, part.object, hidden=session.access.hides)
            for group in (*report.groups, *report.columns):
                compiled(part.grouped(group).inner, scope, "group")
            hides = session.access.hides
            if report.funnel and hides(type_.name, report.funnel.log):
                raise Problem(HIDDEN)
            if report.period and _path_hidden(session, type_, report.period.by):
                raise Problem(HIDDEN)
    except Problem as problem:
        if session.access.admin:
            raise
        # The words of it may name what the person may not read.
        raise NotFound(f"The report `{report.name}` {HIDDEN}") from problem


def _path_hidden(session: Session, type_: ObjectType, path: str) -> bool:
    scope = scope_of(session.catalog, type_.name, hidden=session.access.hides)
    try:
        compiled(path, scope, "period")
    except Problem:
        return True
    return False
