"""How many runs came to each stage, by fields of their tasks and of the records they are about.

One query, which joins the records of runs once, with the rights of the reader: who may not read a
record does not learn its values, and its runs count in the group without any. So every grouping
adds up to the same total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.plan import PagePlanner
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.query import Path, Query
from fluvial.records.reading.query_values import QueryValues, query_values_of
from fluvial.records.reading.reader import query_values
from fluvial.records.reading.row_builder import Output
from fluvial.records.reading.slow_reads import watched
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.sql import Source
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    DATE,
    NUMBER,
    PERSON,
    RECORD,
    TEXT,
)

from .kept_names import TASK

SUBJECT = "subject"
MOST_GROUPS, MOST_ROWS = 4, 20_000
GROUPABLE = (TEXT.name, CHOICE.name, BOOLEAN.name, DATE.name, NUMBER.name, PERSON.name, RECORD.name)
STAGE: Path = ("stage",)


@dataclass(frozen=True)
class StageCount:
    """How many runs of a group came to a stage; the values of the group in wire form."""

    group: tuple[Any, ...]
    stage: str
    runs: int


@dataclass(frozen=True)
class _Part:
    """The columns of one group, or of the stage, and what makes its value of them."""

    width: int
    build: Any
    name: str

    def value(self, cells: Sequence[Any]) -> Any:
        return self.build(cells)[self.name]


@dataclass(frozen=True)
class _Plan:
    compiled: Compiled
    parts: tuple[_Part, ...]  # of the stage, and of the groups

    def read(self, row: Sequence[Any]) -> StageCount:
        at, values = 0, []
        for part in self.parts:
            values.append(part.value(row[at : at + part.width]))
            at += part.width
        stage, *group = values
        return StageCount(tuple(group), str(stage or ""), int(row[-1]))


def _is_of_subject(path: Path) -> bool:
    return path[0] == SUBJECT and len(path) > 1


def field_of(session: Session, subject: str, path: Path) -> Field:
    """The field that runs are grouped by, as far as the reader may read it."""
    types = session.catalog.objects
    if _is_of_subject(path):
        session.object(subject)
        return resolve(session.access, types[subject], path[1:], "group")
    return resolve(session.access, types[TASK], path, "group")


def check_groups(session: Session, subject: str, groups: Sequence[Path]) -> None:
    """Refuse what runs cannot be grouped by."""
    if len(groups) > MOST_GROUPS:
        _refuse("too_many", f"At most {MOST_GROUPS} groups can stand inside of each other.")
    if len(set(groups)) < len(groups):
        _refuse("grouped_twice", "A group stands there twice. Name each of them once.")
    for path in groups:
        named = ".".join(path)
        if path in (STAGE, ("name",)):
            message = "The steps of the funnel are the stages already. Group by something else."
            _refuse("grouped_twice", message)
        if path[1:] and not _is_of_subject(path):
            message = (
                f"`{named}`: a funnel is grouped by a field of its tasks, such as responsible, or "
                "by a path of the records that they are about, such as subject.manager."
            )
            _refuse("not_a_field", message)
        field = field_of(session, subject, path)
        if field.kind.linked or field.type.name not in GROUPABLE:
            _refuse("not_groupable", f"Runs cannot be grouped by {field.label.lower()}.")


def _refuse(code: str, message: str) -> None:
    raise Unprocessable(message, errors=[fault("group", code, message)])


def stage_counts(
    session: Session, subject: str, where: str, groups: Sequence[Path]
) -> list[StageCount]:
    """The groups, in the order of their values."""
    check_groups(session, subject, groups)
    query = Query(TASK, where=where)
    type_, wanted = session.object(TASK), query_values_of(session.access, query)
    access = session.access
    key = (
        access.roles, access.unrestricted, "stages", query.outline, wanted.key,
        session.as_of is None, subject, tuple(groups),
    )  # fmt: skip
    plan: _Plan = plans_of(session.catalog).get(
        key, lambda: _StagePlanner(session, query, wanted).made(subject, groups)
    )
    values = query_values(session, type_, query, wanted)
    with watched(session, query, "stages"):
        rows = ask(session, plan.compiled, **values)
    if len(rows) > MOST_ROWS:
        message = (
            f"There are more than {MOST_ROWS:,} groups. Group by less, or ask for one process."
        )
        raise Unprocessable(message, errors=[fault("group", "too_many", message)])
    return [plan.read(row) for row in rows]


class _StagePlanner(PagePlanner):
    def __init__(self, session: Session, query: Query, wanted: QueryValues) -> None:
        super().__init__(session, query, wanted)

    def made(self, subject: str, groups: Sequence[Path]) -> _Plan:
        columns: list[sa.ColumnElement[Any]] = []
        parts = [self._part(self.source, self.type, STAGE, columns)]
        for path in groups:
            if not _is_of_subject(path):
                parts.append(self._part(self.source, self.type, path, columns))
                continue
            held = self.source.column(SUBJECT)
            along = self.source.along(f"{SUBJECT}:{subject}", subject, held)
            parts.append(self._part(along, self.context.objects[subject], path[1:], columns))
        statement = (
            sa.select(*(one.label(f"v{at}") for at, one in enumerate(columns)), sa.func.count())
            .where(*self.conditions())
            .select_from(self.source.joined())
            .group_by(*columns)
            .order_by(*(one.nulls_last() for one in columns))
            .limit(sa.literal_column(str(MOST_ROWS + 1)))
        )
        return _Plan(self.context.compiled(statement), tuple(parts))

    def _part(
        self, source: Source, type_: ObjectType, path: Path, columns: list[sa.ColumnElement[Any]]
    ) -> _Part:
        """The columns of a path: of its end alone, so that what lies between parts no groups."""
        field = resolve(self.access, type_, path, "group")
        inner = source.through(path[:-1]) if path[1:] else source
        output = Output(self.context, inner, self.context.objects[field.object], nulls=True)
        output.add((field.name,))
        columns += [one.element for one in output.columns]
        return _Part(len(output.columns), output.builder(), field.name)
