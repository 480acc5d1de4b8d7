"""Records over a period, in segments: quantity, price, days and amount.

Each part of the period between two changes is read as of its first day, by the same summary that
anybody may ask for. So dated fields, formulas and permissions mean here what they mean there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.engine_tables import DATED
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled, Statement, param
from fluvial.kernel.problems import Problem, fault
from fluvial.records.reading import summary
from fluvial.records.reading.caller_paths import compiled, condition, resolve
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.query import Path, Query
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.currencies import minor_units
from metamodel.expressions.expression import Expression
from metamodel.expressions.name_resolution import IN_FORCE
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import DATE, MONEY, NUMBER
from metamodel.segments import Period, Piece, Segment, segments, split_days
from metamodel.storage import DATE as DATE_STORAGE

MAX_PARTS = 400  # of a period: a year in which something changes every day
MAX_GROUPS = 2
MAX_PIECES = 20_000  # groups and prices of all parts
DECIMALS = 2  # of amounts that are plain numbers

_d = DATED.c
_DAYS = Statement(
    sa.select(_d.valid_from)
    .distinct()
    .where(
        _d.object == param("the_object", _d.object),
        _d.field == param("the_field", _d.field),
        _d.ended_at.is_(None),
        _d.error.is_(None),
        _d.valid_from > param("the_first", _d.valid_from),
        _d.valid_from < sa.bindparam("the_after", type_=Stored(DATE_STORAGE)),
    )
)

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?")

Place = tuple[str, str]


@dataclass(frozen=True)
class SegmentRequest:
    """What is to be counted, at which price, by which lines."""

    query: Query
    period: Period
    quantity: str = ""  # an expression; each record is one where it is left out
    price: str = "1"  # a number, or the path of a field
    groups: tuple[Path, ...] = ()
    rounding: str = "line"
    split: str = ""
    scale: int | None = None


@dataclass(frozen=True)
class Line:
    """The segments of one group, in one currency where the price is money."""

    group: Mapping[str, Any]
    currency: str | None
    segments: list[Segment]
    scale: int

    @property
    def amount(self) -> Decimal:
        return sum((one.amount for one in self.segments), Decimal(0).scaleb(-self.scale))


def lines(session: Session, asked: SegmentRequest) -> list[Line]:
    """One line for each group, in the order in which summaries tell of groups."""
    type_ = session.object(asked.query.object)
    pricing = Pricing(session, type_, asked)
    used = _used(session, type_, asked)
    _check_days(session.catalog.objects, type_, used)
    found: dict[str, tuple[dict[str, Any], str | None, list[Piece]]] = {}
    pieces_made = 0
    for start, end in _parts(session, asked.period, used):
        rows = pricing.rows(start)
        pieces_made += len(rows)
        if pieces_made > MAX_PIECES:
            message = "This period has too many groups and prices. Ask for a shorter one."
            raise _refused("until", "too_many", message)
        for row in rows:
            group, currency, quantity, price = pricing.read(row)
            key = repr((group, currency))
            _, _, pieces = found.setdefault(key, (group, currency, []))
            pieces.append(Piece(start, end, quantity, price))
    cuts = split_days(asked.period, asked.split) if asked.split else ()
    made = []
    for group, currency, pieces in found.values():
        scale = pricing.scale(currency)
        parts = segments(pieces, asked.period, scale=scale, rounding=asked.rounding, cuts=cuts)
        if parts:
            made.append(Line(group, currency, parts, scale))
    return made


class Pricing:
    """Reads quantities at their prices as of a day."""

    def __init__(self, session: Session, type_: ObjectType, asked: SegmentRequest) -> None:
        self.session = session
        self.asked = asked
        self.measure = summary.measure(f"sum({asked.quantity})" if asked.quantity else "count()")
        self.fixed = _number(asked.price)
        self.path: Path = () if self.fixed is not None else tuple(asked.price.split("."))
        self.field: Field | None = None
        if self.path:
            self.field = resolve(session.access, type_, self.path, "price")
            if self.field.type.name not in (MONEY.name, NUMBER.name):
                raise _refused(
                    "price", "wrong_type", f"{self.field.label} is not a number or an amount."
                )

    def rows(self, day: date) -> list[dict[str, Any]]:
        groups = (*self.asked.groups, *([self.path] if self.path else []))
        query = replace(self.asked.query, as_of=day)
        found = summary.summarise(self.session, query, groups, (self.measure,))
        if len(found) > summary.MAX_ROWS:
            message = f"There are more than {summary.MAX_ROWS} groups on {day}. Ask for fewer."
            raise _refused("group", "too_many", message)
        return found

    def read(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], str | None, Decimal, Decimal]:
        """The group, the currency, the quantity and the price of a row."""
        group = {".".join(path): _at(row, path) for path in self.asked.groups}
        quantity = Decimal(row[self.measure.text] or 0)
        if self.fixed is not None:
            return group, None, quantity, self.fixed
        price = _at(row, self.path)
        if isinstance(price, dict):
            return group, price["currency"], quantity, Decimal(price["amount"])
        return group, None, quantity, Decimal(price or 0)

    def scale(self, currency: str | None) -> int:
        if self.asked.scale is not None:
            return self.asked.scale
        decimals = minor_units(currency) if currency else DECIMALS
        return int(self.field.option("scale", decimals)) if currency and self.field else decimals


def _at(row: Mapping[str, Any], path: Path) -> Any:
    found: Any = row
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _parts(session: Session, period: Period, used: set[Place]) -> Iterator[tuple[date, date]]:
    """The period between the days on which something that was asked for may change."""
    if period.convention == "none":
        yield period.from_, period.until
        return
    days: set[date] = set()
    for object, name in used:
        days |= _changes(session, session.catalog.objects[object], name, period)
    if len(days) >= MAX_PARTS:
        message = (
            f"The period has more than {MAX_PARTS} parts. Ask for a shorter one, or for "
            "fewer groups."
        )
        raise _refused("until", "too_many_parts", message)
    inner = sorted(days)
    yield from zip([period.from_, *inner], [*inner, period.until], strict=True)


def _used(session: Session, type_: ObjectType, asked: SegmentRequest) -> set[Place]:
    """Every field that decides the answer, those that formulas depend on among them."""
    objects = session.catalog.objects
    used: set[Place] = {(type_.name, IN_FORCE)} if type_.dated else set()
    price = () if _number(asked.price) is not None else (tuple(asked.price.split(".")),)
    for path in (*asked.groups, *price):
        used |= set(_walked(objects, type_, path))
    waiting: list[Expression] = []
    if asked.query.where:
        waiting.append(condition(session.access, type_, asked.query.where))
    if asked.quantity:
        scope = scope_of(session.catalog, type_.name, hidden=session.access.hides)
        waiting.append(compiled(asked.quantity, scope, "quantity"))
    waiting += session.access.object(type_.name).where["read"] or ()
    used |= {(type_.name, name) for name, _ in asked.query.equals}
    for expression in waiting:
        used |= expression.uses
    _lean(objects, used)
    return {(object, name) for object, name in used if name in _field_names(objects, object)}


def _field_names(objects: Mapping[str, ObjectType], object: str) -> Iterable[str]:
    return objects[object].fields if object in objects else ()


def _walked(objects: Mapping[str, ObjectType], type_: ObjectType, path: Path) -> Iterator[Place]:
    for name in path:
        field = type_.fields.get(name)
        if field is None:
            return
        yield type_.name, name
        if field.targets:
            type_ = objects[field.targets[0]]


def _lean(objects: Mapping[str, ObjectType], used: set[Place]) -> None:
    """Add what the formulas of used fields use, however far."""
    waiting = list(used)
    while waiting:
        object, name = waiting.pop()
        field = objects[object].fields.get(name) if object in objects else None
        if field is not None and field.formula is not None:
            more = field.formula.uses - used
            used |= more
            waiting.extend(more)


def _changes(session: Session, type_: ObjectType, name: str, period: Period) -> set[date]:
    """The days within the period on which a field may change, or records begin and end."""
    field, dated = type_.fields[name], type_.dated
    if dated is not None and name in (dated.from_, dated.until):
        if field.type.name != DATE.name:
            return set()
        return _ends(session, type_, name, period)
    if not field.option("dated"):
        return set()
    rows = _DAYS.rows(
        session.connection,
        the_object=type_.name,
        the_field=name,
        the_first=period.from_,
        the_after=period.until,
    )
    return {row[0] for row in rows}


def _ends(session: Session, type_: ObjectType, name: str, period: Period) -> set[date]:
    dialect = session.connection.dialect

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[type_.name]
        first, after = (sa.bindparam(n, type_=Stored(DATE_STORAGE)) for n in ("first", "after"))
        column = table.c[name]
        query = sa.select(column).distinct()
        query = query.where(table.c.deleted_at.is_(None), column > first, column < after)
        return Compiled(query, dialect)

    compiled: Compiled = plans_of(session.catalog).get(("ends", type_.name, name), make)
    binds = compiled.binds({"first": period.from_, "after": period.until})
    rows = session.connection.query(compiled.sql, binds)
    return {date.fromisoformat(str(row[0])) for row in rows}


def _check_days(objects: Mapping[str, ObjectType], type_: ObjectType, used: set[Place]) -> None:
    """Refuse records that hold on no days, where nothing that is asked of them changes either."""
    dated = type_.dated
    if dated is not None and type_.fields[dated.from_].type.name == DATE.name:
        return
    if dated is None and any(objects[object].fields[name].dated for object, name in used):
        return
    message = f"{type_.plural} have no dates: use dated records, or records with dated fields."
    raise Problem(message, errors=[fault("", "not_dated", message)])


def _refused(parameter: str, code: str, message: str) -> Problem:
    return Problem(message, errors=[fault(parameter, code, message)])
