"""Timelines: what expressions give for many records on each day of some time.

A value is worked out once for all records together, and again only for those that have other
values on other days: by the days of their own dated fields, of those of the charged record, and of
whatever else the expressions read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa

from fluvial.database.engine_tables import DATED
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.reads import Reading, depends_on_time, reads
from metamodel.expressions.types import DATE
from metamodel.storage import DATE as DATE_STORAGE

from .batch_values import BatchQuestion, BatchRow, Values, batch_values

MOST_DAYS = 1_000  # on which values are worked out anew for all records
ROW, RECORD, ELSEWHERE = "row", "record", "elsewhere"

Objects = Mapping[str, ObjectType]
Place = tuple[str, str]


@dataclass(frozen=True)
class DayPlaces:
    """The dated fields that decide some expressions, and dated objects that they gather."""

    row: frozenset[Place] = frozenset()
    record: frozenset[Place] = frozenset()
    elsewhere: frozenset[Place] = frozenset()
    objects: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        return bool(self.row or self.record or self.elsewhere or self.objects)


@dataclass(frozen=True)
class Timeline:
    """One record: its values from each of its days on; the first ones have no beginning."""

    row: BatchRow
    days: Sequence[date] = ()
    values: Sequence[Values | None] = field(default_factory=list)  # None: not asked for

    def on(self, day: date) -> Values:
        found = self.values[bisect_right(self.days, day)]
        assert found is not None
        return found

    def pieces(self, start: date, end: date) -> Iterator[tuple[date, date, Values]]:
        """The days from `start` until before `end`, between those on which a value changes."""
        while start < end:
            at = bisect_right(self.days, start)
            until = min(self.days[at], end) if at < len(self.days) else end
            found = self.values[at]
            assert found is not None
            yield start, until, found
            start = until


def day_places(
    expressions: Iterable[Expression], objects: Objects, record: str | None, link: str = ""
) -> DayPlaces:
    """By what the values of expressions change although nothing is written."""
    found: dict[str, set[Place]] = {ROW: set(), RECORD: set(), ELSEWHERE: set()}
    gathered: set[str] = set()
    for expression in expressions:
        moves = depends_on_time(expression, objects) or bool(expression.decisions)
        for place, where in _places(expression, objects, record, link):
            type_ = objects.get(place[0])
            if type_ is None:
                continue
            if place[1] in type_.fields and type_.fields[place[1]].dated:
                found[where].add(place)
            if moves and where == ELSEWHERE and type_.dated is not None:
                gathered.add(type_.name)
    return DayPlaces(
        frozenset(found[ROW]), frozenset(found[RECORD]), frozenset(found[ELSEWHERE]),
        frozenset(gathered),
    )  # fmt: skip


def _places(
    expression: Expression, objects: Objects, record: str | None, link: str
) -> Iterator[tuple[Place, str]]:
    """Every field that decides a value, those of formulas too, and whose it is."""
    waiting = [(one, _whose(one, link)) for one in reads(expression, objects, record)]
    seen: set[tuple[Place, str]] = set()
    while waiting:
        reading, where = waiting.pop()
        place = (reading.object, reading.field)
        if (place, where) in seen:
            continue
        seen.add((place, where))
        yield place, where
        known = objects.get(reading.object)
        read = known.fields.get(reading.field) if known else None
        if read is not None and read.formula is not None:
            for inner in reads(read.formula, objects):
                waiting.append((inner, where if not inner.steps else ELSEWHERE))


def _whose(reading: Reading, link: str) -> str:
    if reading.root is Root.RECORD:
        return ELSEWHERE if reading.steps else RECORD
    if not reading.steps:
        return ROW
    only = reading.steps[0]
    own = len(reading.steps) == 1 and only.field == link and not only.backward
    return RECORD if own else ELSEWHERE


def timelines(
    session: Session,
    question: BatchQuestion,
    places: DayPlaces,
    ids: Sequence[str],
    span: tuple[date, date],
) -> list[Timeline]:
    """The timelines of records within some days; by the ids of what they belong to."""
    rows = batch_values(session, question, ids)
    if not places.any or not rows:
        return [Timeline(row, (), [row.values]) for row in rows]
    days = _days(session, places, rows, span)
    made = {row.id: Timeline(row, days[row.id], [None] * (len(days[row.id]) + 1)) for row in rows}
    asked: dict[date, list[tuple[str, int]]] = {}
    for row in rows:
        own = days[row.id]
        if not own:
            made[row.id].values[0] = row.values  # type: ignore[index]
            continue
        first, last = bisect_right(own, span[0]), bisect_left(own, span[1])
        for at in range(first, last + 1):
            day = own[at - 1] if at else own[0] - timedelta(days=1)
            asked.setdefault(day, []).append((row.id, at))
    for day, places_ in sorted(asked.items()):
        wanted = sorted({one for one, _ in places_})
        found = {
            row.id: row.values
            for row in batch_values(session, question, wanted, by_id=True, day=day)
        }
        for one, at in places_:
            made[one].values[at] = found.get(one, made[one].row.values)  # type: ignore[index]
    return list(made.values())


def _days(
    session: Session, places: DayPlaces, rows: Sequence[BatchRow], span: tuple[date, date]
) -> dict[str, list[date]]:
    """The days of each row on which its values may change."""
    common = set(_changes(session, places.elsewhere, None))
    for name in sorted(places.objects):
        common |= set(_ends(session, name, span))
    common = {one for one in common if span[0] <= one < span[1] and one > date.min}
    if len(common) > MOST_DAYS:
        raise Problem(
            f"What is charged changes on {len(common):,} days because of other records. Name "
            "fields of the record itself, or run the ledger for fewer records."
        )
    own = _by_record(session, places.row, [row.id for row in rows])
    behind = _by_record(session, places.record, sorted({row.parent for row in rows}))
    return {
        row.id: sorted(common | own.get(row.id, set()) | behind.get(row.parent, set()))
        for row in rows
    }


def _by_record(
    session: Session, places: frozenset[Place], ids: Sequence[str]
) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    if places and ids:
        for record, day in _asked(session, places, ids):
            if day > date.min:
                found.setdefault(record, set()).add(day)
    return found


def _changes(
    session: Session, places: frozenset[Place], ids: Sequence[str] | None
) -> Iterator[date]:
    if places:
        yield from (day for _, day in _asked(session, places, ids))


def _asked(
    session: Session, places: frozenset[Place], ids: Sequence[str] | None
) -> list[tuple[str, date]]:
    dialect = session.connection.dialect

    def make() -> Compiled:
        d = DATED.c
        named = sa.or_(
            *(
                sa.and_(
                    d.object == sa.literal_column(f"'{object}'"),
                    d.field == sa.literal_column(f"'{name}'"),
                )
                for object, name in sorted(places)
            )
        )
        query = sa.select(d.record, d.valid_from).distinct()
        query = query.where(named, d.ended_at.is_(None), d.error.is_(None))
        if ids is not None:
            query = query.where(among_ids(d.record, dialect))
        return Compiled(query, dialect)

    key = ("ledger days", places, ids is None)
    plan: Compiled = plans_of(session.catalog).get(key, make)
    binds = {} if ids is None else {"ids": id_list(dialect, ids)}
    rows = session.connection.query(plan.sql, plan.binds(binds))
    decode = DATE_STORAGE.decoder(dialect)
    return [(str(record), decode(day) if decode else day) for record, day in rows]


def _ends(session: Session, object_name: str, span: tuple[date, date]) -> Iterator[date]:
    """The days on which records of a dated object begin and end."""
    type_, dialect = session.catalog.objects[object_name], session.connection.dialect
    dated = type_.dated
    if dated is None or type_.fields[dated.from_].type.name != DATE.name:
        return

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[object_name]
        live = table.c.deleted_at.is_(None)
        queries = (
            sa.select(table.c[name]).where(live, table.c[name].is_not(None))
            for name in (dated.from_, dated.until)
        )
        return Compiled(sa.union(*queries), dialect)

    plan: Compiled = plans_of(session.catalog).get(("ledger ends", object_name), make)
    decode = DATE_STORAGE.decoder(dialect)
    for (day,) in ask(session, plan):
        yield decode(day) if decode else day
