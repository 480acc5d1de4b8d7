"""What decides what a ledger charges: fields, each with the way from it to the charged record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metamodel.catalog import ObjectType
from metamodel.dependencies import Route, RouteStep, way_back
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.reads import BINNED, ReadStep, reads

from .allocation_model import Allocation, AllocationRows
from .ledger_model import Ledger, LedgerTarget

Objects = Mapping[str, ObjectType]
Place = tuple[str, str]
Steps = tuple[ReadStep, ...]


def places_of(ledger: Ledger, objects: Objects) -> Iterator[tuple[Place, Route]]:
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
    allocation = ledger.allocation
    for rows in allocation.collections if allocation is not None else ():
        yield from _of_rows(allocation, rows, own, objects)


def near_routes(ledger: Ledger) -> frozenset[tuple[str, Route]]:
    """The ways from the charged records themselves, and from their rows."""
    rows = [one.rows for one in ledger.targets if one.rows is not None]
    if ledger.allocation is not None:
        rows += [one.rows for one in ledger.allocation.collections]
    own = {
        (one.object, (RouteStep(one.object, one.link, ledger.object, back=False),)) for one in rows
    }
    return frozenset({(ledger.object, ()), *own})


def _of_rows(
    allocation: Allocation | None, rows: AllocationRows, own: str, objects: Objects
) -> Iterator[tuple[Place, Route]]:
    """What decides which demands, sources and choices there are, and whether they match."""
    about = rows.rows.object
    tail = (RouteStep(about, rows.rows.link, own, back=False),)
    for name in (rows.rows.link, *rows.picks, BINNED):
        yield from _with_formula((about, name), about, (), objects, tail)
    leaves = allocation.leaves(rows.side, rows.at) if allocation is not None else ()
    for expression in (*rows.own.values(), *leaves):
        yield from _read(expression, about, own, objects, tail)


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
