"""What an expression reads, and by which way: what must be worked out anew when a value changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from metamodel.catalog import ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import (
    Collection,
    Decide,
    DecisionRows,
    Find,
    Gather,
    Node,
    Read,
    Root,
    Spread,
)
from metamodel.expressions.scope import USER
from metamodel.expressions.types import PERSON

EVERY = "*"  # a step to all records of an object type, which none of its fields looks up
BINNED = "deleted_at"  # read of every record in a collection: the bin takes it out

Place = tuple[str, str]  # object, field
Objects = Mapping[str, ObjectType]


@dataclass(frozen=True)
class ReadStep:
    """One step from a record to the next: by a field of its own, or by one that looks it up."""

    object: str  # that has the field
    field: str
    backward: bool = False  # from the record that is looked up to those that do so
    target: str = ""  # where the field is EVERY: the object type all of whose records are next


@dataclass(frozen=True)
class Reading:
    """A field that is read: of the record itself, or of those at the end of some steps."""

    root: Root  # where the steps begin: the record, `record`, `me` or a name of the scope
    steps: tuple[ReadStep, ...]
    object: str
    field: str


@dataclass(frozen=True)
class _At:
    """Where a part of an expression stands: the way to its row."""

    root: Root
    steps: tuple[ReadStep, ...]
    object: str


def reads(
    expression: Expression, objects: Objects, record: str | None = None
) -> frozenset[Reading]:
    """Every field that decides the value, those on the way among them.

    `record` is the object type that the scope calls `record`, where that is another one.
    Calculated fields stand for themselves: see their own formulas for what they read.
    """
    start = _At(Root.ROW, (), expression.object or "")
    given = start if record is None else _At(Root.RECORD, (), record)
    return frozenset(_read(expression.tree, start, given, objects))


def names_something(expression: Expression) -> bool:
    """Whether it reads fields of records that the scope has given a name."""
    return any(
        node.root is Root.NAME and (isinstance(node, Collection) or len(node.path) > 1)
        for node in expression.tree.walk()
        if isinstance(node, (Read, Collection))
    )


def places_by_day(node: Spread, objects: Objects) -> frozenset[Place]:
    """The fields that decide a sum over a period and may change on its days."""
    row = _At(Root.ROW, (), node.collection.object)
    given = _At(Root.RECORD, (), node.record or "")
    hung = replace(node.collection, root=Root.ROW, path=())
    waiting = {(one.object, one.field) for one in _collected(hung, row, objects)[1]}
    rows = _collected(hung, row, objects)[0]
    waiting |= {(one.object, one.field) for one in _read(node.daily, rows, given, objects)}
    found: set[Place] = set()
    while waiting:
        place = waiting.pop()
        found.add(place)
        object, name = place
        field = objects[object].fields.get(name) if object in objects else None
        if field is not None and field.formula is not None:
            read = reads(field.formula, objects)
            waiting |= {(one.object, one.field) for one in read} - found
    known = ((o, n) for o, n in found if o in objects and n in objects[o].fields)
    return frozenset((o, n) for o, n in known if objects[o].fields[n].dated)


def changes_by_day(expression: Expression, objects: Objects) -> bool:
    """Whether it sums over a period what may change on its days, planned ones among them."""
    spreads = (node for node in expression.tree.walk() if isinstance(node, Spread))
    return any(places_by_day(node, objects) for node in spreads)


def reads_of(tree: Node, object: str, objects: Objects) -> frozenset[Reading]:
    """The same of a part of an expression that stands beside no collection."""
    start = _At(Root.ROW, (), object)
    return frozenset(_read(tree, start, start, objects))


def depends_on_time(expression: Expression, objects: Objects) -> bool:
    """Whether the value may change although no record does: by the day, or by the moment."""
    formulas = _formulas(expression, objects)
    return any(one.timed or changes_by_day(one, objects) for one in formulas)


def depends_on_actor(expression: Expression, objects: Objects) -> bool:
    """Whether the value depends on who asks."""
    return any(one.personal for one in _formulas(expression, objects))


def depends_on_parts(expression: Expression, objects: Objects) -> bool:
    """Whether it reads fields that parts of documents make, whose past nothing keeps."""
    places = (place for one in _formulas(expression, objects) for place in one.uses)
    known = (objects[object].fields.get(name) for object, name in places if object in objects)
    return any(field is not None and field.made_by for field in known)


def _formulas(expression: Expression, objects: Objects) -> Iterator[Expression]:
    """The expression and the formulas that it depends on, however far."""
    waiting, seen = [expression], set[Place]()
    while waiting:
        one = waiting.pop()
        yield one
        for place in one.uses - seen:
            seen.add(place)
            object, name = place
            field = objects[object].fields.get(name) if object in objects else None
            if field is not None and field.formula is not None:
                waiting.append(field.formula)


def _read(node: Node, row: _At, given: _At, objects: Objects) -> Iterator[Reading]:
    if isinstance(node, Read):
        at = _start(node, row, given)
        if at is not None and node.path:
            at, found = _walk(at, node.path[:-1], objects)
            yield from found
            yield Reading(at.root, at.steps, at.object, node.path[-1])
        return
    if isinstance(node, Collection):
        at = _start(node, row, given)
        if at is not None:
            yield from _collected(node, at, objects)[1]
        return
    if isinstance(node, Gather):
        at = _start(node.collection, row, given)
        if at is not None:
            row, found = _collected(node.collection, at, objects)
            yield from found
        elif node.collection.root is Root.NAME:
            row = _At(Root.NAME, (), node.collection.source)
        order = node.order if isinstance(node, Find) else ()
        for part in (node.item, node.where, *order):
            if part is not None:
                yield from _read(part, row, given, objects)
        return
    if isinstance(node, Decide):
        yield from _of_rows(node.rows, row, given, objects)
    for child in node.children():
        yield from _read(child, row, given, objects)


def _of_rows(rows: DecisionRows, row: _At, given: _At, objects: Objects) -> Iterator[Reading]:
    """Every row may decide: no look-up leads from the record to those that do."""
    step = ReadStep(row.object, EVERY, target=rows.object)
    at = _At(row.root, (*row.steps, step), rows.object)
    yield Reading(at.root, at.steps, rows.object, BINNED)
    for part in (*rows.keys, *(rows.spans or ()), rows.item):
        yield from _read(part, at, given, objects)


def _start(node: Read | Collection, row: _At, given: _At) -> _At | None:
    if node.root is Root.ME:
        return _At(Root.ME, (), USER)
    if node.root is Root.NAME:
        return None if isinstance(node, Collection) else _At(Root.NAME, (), "")
    return given if node.root is Root.RECORD else row


def _walk(at: _At, path: tuple[str, ...], objects: Objects) -> tuple[_At, list[Reading]]:
    """The record at the end of a path of look-ups, and the look-ups on the way."""
    found = []
    for name in path:
        found.append(Reading(at.root, at.steps, at.object, name))
        object = _target(at.object, name, objects)
        at = _At(at.root, (*at.steps, ReadStep(at.object, name)), object)
    return at, found


def _target(object: str, name: str, objects: Objects) -> str:
    if object not in objects or name not in objects[object].fields:
        return ""
    field = objects[object].fields[name]
    return USER if field.type.name == PERSON.name else field.targets[0]


def _collected(node: Collection, at: _At, objects: Objects) -> tuple[_At, list[Reading]]:
    """The rows of a collection, and what decides which they are."""
    at, found = _walk(at, node.path, objects)
    if node.field is None:
        found.append(Reading(at.root, at.steps, at.object, node.name))
        rows = _At(at.root, (*at.steps, ReadStep(at.object, node.name)), node.source)
    else:
        step = ReadStep(node.source, node.field, backward=True)
        rows = _At(at.root, (*at.steps, step), node.source)
        found.append(Reading(rows.root, rows.steps, node.source, node.field))
    found.append(Reading(rows.root, rows.steps, node.source, BINNED))
    return rows, found
