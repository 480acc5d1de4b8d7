"""Routes of marks: from each field that decides what is charged, back to the charged records.

They follow the same readings as calculated values do, through formulas too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from metamodel.catalog import Catalog, ObjectType
from metamodel.dependencies import Route, RouteStep, way_back
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.reads import BINNED, ReadStep, depends_on_time, reads

from .ledger_model import Ledger, LedgerTarget
from .ledger_reader import ledgers_of

Objects = Mapping[str, ObjectType]
Place = tuple[str, str]
Steps = tuple[ReadStep, ...]


@dataclass(frozen=True)
class MarkRoute:
    """The way from records of an object type to the charged ones, for some of their fields."""

    ledger: str
    route: Route
    names: frozenset[str]


@dataclass(frozen=True)
class MarkScope:
    """What a ledger depends on. One that depends on the time is compared whole each time."""

    revision: str
    timed: bool
    routes: Mapping[str, tuple[MarkRoute, ...]] = field(default_factory=dict)  # by object


def mark_scopes(catalog: Catalog) -> Mapping[str, MarkScope]:
    """By ledger: `catalog.derive(mark_scopes)`."""
    ledgers = catalog.derive(ledgers_of)
    return {name: _scope(ledger, catalog) for name, ledger in ledgers.items()}


def marks_by_object(catalog: Catalog) -> Mapping[str, tuple[MarkRoute, ...]]:
    """What a change of a record of each object type marks: `catalog.derive(marks_by_object)`."""
    found: dict[str, list[MarkRoute]] = {}
    for scope in catalog.derive(mark_scopes).values():
        for name, routes in scope.routes.items():
            found.setdefault(name, []).extend(routes)
    return {name: tuple(routes) for name, routes in found.items()}


def _scope(ledger: Ledger, catalog: Catalog) -> MarkScope:
    objects = catalog.objects
    names: dict[tuple[str, Route], set[str]] = {}
    formulas: set[tuple[str, str, str]] = set()
    for (object_name, name), route in _places(ledger, objects):
        names.setdefault((object_name, route), set()).add(name)
        known = objects[object_name].fields.get(name) if object_name in objects else None
        if known is not None and known.formula is not None:
            formulas.add((object_name, name, known.formula.source))
    routes: dict[str, list[MarkRoute]] = {}
    for (object_name, route), found in names.items():
        made = MarkRoute(ledger.name, route, frozenset(found))
        routes.setdefault(object_name, []).append(made)
    asked = [*ledger.record_expressions, *_row_expressions(ledger)]
    decisions = sorted({name for one in asked for name in one.decisions})
    told = [catalog.documents["decision"][one].body for one in decisions]
    said = [ledger.revision, sorted(formulas), told]
    return MarkScope(
        hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16],
        any(depends_on_time(one, objects) for one in asked),
        {name: tuple(found) for name, found in routes.items()},
    )


def _row_expressions(ledger: Ledger) -> Iterator[Expression]:
    for target in ledger.targets:
        yield from (one for _, one in target.expressions)


def _places(ledger: Ledger, objects: Objects) -> Iterator[tuple[Place, Route]]:
    """Every field that decides what is charged, with the way to the record."""
    own, empty = ledger.object, ()
    periods = ledger.periods
    for name in (periods.starts, periods.ends) if periods is not None else ():
        yield from _with_formula((own, name), own, empty, objects, ()) if name else ()
    yield (own, BINNED), ()
    for expression in ledger.record_expressions:
        yield from _read(expression, own, None, objects, ())
    for target in ledger.targets:
        yield from _of_target(target, own, objects)


def _of_target(target: LedgerTarget, own: str, objects: Objects) -> Iterator[tuple[Place, Route]]:
    found = [target.where, target.day, target.quantity, target.price, target.amount]
    rows = target.rows
    tail: Route = ()
    about, record = own, None
    if rows is not None:
        about, record = rows.object, own
        tail = (RouteStep(rows.object, rows.link, own, back=False),)
        for name in (rows.link, target.item, *(rows.dated or ()), BINNED):
            if name:
                yield from _with_formula((about, name), about, (), objects, tail)
    for expression in found:
        if expression is not None and expression.object == about:
            yield from _read(expression, about, record, objects, tail)


def _read(
    expression: Expression, about: str, record: str | None, objects: Objects, tail: Route
) -> Iterator[tuple[Place, Route]]:
    for one in reads(expression, objects, record):
        if one.root is Root.ROW:
            place = (one.object, one.field)
            yield from _with_formula(place, about, one.steps, objects, tail)
        elif one.root is Root.RECORD:
            start = record or about
            yield from _with_formula((one.object, one.field), start, one.steps, objects, ())


def _with_formula(
    place: Place,
    start: str,
    steps: Steps,
    objects: Objects,
    tail: Route,
    seen: frozenset[Place] = frozenset(),
) -> Iterator[tuple[Place, Route]]:
    """A field, and those that its formula is made of, each with its way back."""
    yield place, (*way_back(start, steps, objects), *tail)
    known = objects.get(place[0])
    found = known.fields.get(place[1]) if known else None
    if found is None or found.formula is None or place in seen:
        return
    for one in reads(found.formula, objects):
        if one.root in (Root.ROW, Root.RECORD):
            inner = (one.object, one.field)
            further = (*steps, *one.steps)
            yield from _with_formula(inner, start, further, objects, tail, seen | {place})
