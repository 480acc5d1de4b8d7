"""Routes of marks: from each field that decides what is charged, back to the charged records.

They follow the same readings as calculated values do, through formulas too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from metamodel.catalog import Catalog
from metamodel.dependencies import Route
from metamodel.expressions.expression import Expression
from metamodel.expressions.reads import depends_on_time

from .deciding_places import near_routes, places_of
from .ledger_model import Ledger
from .ledger_reader import ledgers_of


@dataclass(frozen=True)
class MarkRoute:
    """The way from records of an object type to the charged ones, for some of their fields."""

    ledger: str
    route: Route
    names: frozenset[str]
    far: bool = False  # whether the records are neither charged themselves, nor rows of these


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
    for (object_name, name), route in places_of(ledger, objects):
        names.setdefault((object_name, route), set()).add(name)
        known = objects[object_name].fields.get(name) if object_name in objects else None
        if known is not None and known.formula is not None:
            formulas.add((object_name, name, known.formula.source))
    routes: dict[str, list[MarkRoute]] = {}
    near = near_routes(ledger)
    for (object_name, route), found in names.items():
        far = (object_name, route) not in near
        made = MarkRoute(ledger.name, route, frozenset(found), far)
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
    if ledger.allocation is not None:
        yield from ledger.allocation.expressions
