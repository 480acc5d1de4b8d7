"""What calculated fields and titles are made of: from each field to what it feeds, and the way.

A route leads from a record that is read back to the records whose value it is part of, along the
look-ups in between. Titles that show the title of another record are fed in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.cycles import Place, needs_of
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Decide, Gather, Logged, Node, Read, Root
from metamodel.expressions.reads import EVERY, changes_by_day, reads
from metamodel.expressions.reads import ReadStep as Hop
from metamodel.expressions.scope import USER
from metamodel.expressions.types import PERSON
from metamodel.object_types import placeholders

TITLE = "title"


@dataclass(frozen=True)
class RouteStep:
    """One step along a look-up: from the records that have it, or back to them."""

    object: str  # the object type that has the look-up
    field: str
    target: str  # the object type that is looked up
    back: bool  # from what is looked up to what looks it up


Route = tuple[RouteStep, ...]


@dataclass(frozen=True)
class Edge:
    """A field that is read, what it feeds, and the way from one record to the other."""

    source: Place
    target: Place
    route: Route


@dataclass(frozen=True, eq=False)
class Graph:
    """The edges of all kept fields and titles of a catalog."""

    edges: Mapping[Place, tuple[Edge, ...]]  # by their source
    levels: Mapping[Place, int]  # what a field is made of has a lower one
    objects: Mapping[str, Own]
    writer_locks: Mapping[str, WriterLock]  # of the object types that need one

    @cached_property
    def ways(self) -> Mapping[Place, tuple[RouteStep, ...]]:
        """The steps that routes take along each look-up, as seen from the record that has it."""
        found: dict[Place, dict[RouteStep, None]] = {}
        for edges in self.edges.values():
            for edge in edges:
                for step in edge.route:
                    found.setdefault((step.object, step.field), {})[replace(step, back=False)] = (
                        None
                    )
        return {place: tuple(steps) for place, steps in found.items()}

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """The fields of each object type that feed something."""
        found: dict[str, set[str]] = {}
        for object, name in self.edges:
            found.setdefault(object, set()).add(name)
        return {object: frozenset(names) for object, names in found.items()}


@dataclass(frozen=True, eq=False)
class WriterLock:
    """Object types whose changes may meet from both ends: up to a parent, and down from it."""

    name: str  # the same for all that hang together
    alone: frozenset[str]  # fields whose changes lead down, so that nobody else may be at it
    newborn: bool  # whether a new record, which nothing looks up yet, leads down by way of others


@dataclass(frozen=True, eq=False)
class Own:
    """The kept fields of one object type that its own values are enough for, in their order."""

    plain: Mapping[str, frozenset[str]] = field(default_factory=dict)  # with the fields they need
    newborn: tuple[str, ...] = ()  # ... and those of a new record, which nothing looks up yet


def keep(objects: Mapping[str, ObjectType]) -> list[Field]:
    """The calculated fields whose values depend on stored data alone."""
    fields = [one for object in objects.values() for one in object.calculated_fields]
    feeds: dict[Place, list[Place]] = {}
    moving: dict[Place, None] = {}
    for one in fields:
        place = (one.object, one.name)
        assert one.formula is not None
        formula = one.formula
        if formula.timed or formula.personal or changes_by_day(formula, objects):
            moving[place] = None
        for need in needs_of(place, objects):
            feeds.setdefault(need, []).append(place)
    waiting = list(moving)
    while waiting:
        for place in feeds.get(waiting.pop(), ()):
            if place not in moving:
                moving[place] = None
                waiting.append(place)
    return [one for one in fields if (one.object, one.name) not in moving]


def graph_of(catalog: Catalog) -> Graph:
    """Made once for each snapshot: `catalog.derive(graph_of)`."""
    objects = catalog.objects
    edges: dict[Place, dict[Edge, None]] = {}
    for object in objects.values():
        for kept in object.kept_fields:
            assert kept.formula is not None
            for edge in _edges(kept, kept.formula, objects):
                edges.setdefault(edge.source, {})[edge] = None
        for made in object.worked_fields:
            for expression in made.worked:
                for edge in _edges(made, expression, objects):
                    edges.setdefault(edge.source, {})[edge] = None
        for edge in _title_edges(object, objects):
            edges.setdefault(edge.source, {})[edge] = None
    targets = {edge.target for found in edges.values() for edge in found}
    return Graph(
        {source: tuple(found) for source, found in edges.items()},
        _levels(targets, objects),
        {name: _own(object) for name, object in objects.items() if object.kept_fields},
        _writer_locks([edge for found in edges.values() for edge in found], objects),
    )


def _edges(
    kept: Field, expression: Expression, objects: Mapping[str, ObjectType]
) -> Iterator[Edge]:
    """From everything that a formula reads to the field, with the way back."""
    for reading in reads(expression, objects):
        if reading.root in (Root.ROW, Root.RECORD):
            route = way_back(kept.object, reading.steps, objects)
            yield Edge((reading.object, reading.field), (kept.object, kept.name), route)


def way_back(object: str, steps: Iterable[Hop], objects: Mapping[str, ObjectType]) -> Route:
    """From a record that is read, back to the one of `object` that reads it."""
    route: list[RouteStep] = []
    for step in steps:
        if step.backward:
            route.append(RouteStep(step.object, step.field, object, back=False))
            object = step.object
            continue
        if step.field == EVERY:
            route.append(RouteStep(step.object, EVERY, step.target, back=True))
            object = step.target
            continue
        type = objects[step.object].fields[step.field].type
        target = USER if type.name == PERSON.name else type.objects[0]
        route.append(RouteStep(step.object, step.field, target, back=True))
        object = target
    return tuple(reversed(route))


def _title_edges(object: ObjectType, objects: Mapping[str, ObjectType]) -> Iterator[Edge]:
    """From the titles of other records, and from calculated fields, to a title."""
    here = (object.name, TITLE)
    for name in placeholders(object.title):
        shown = object.fields.get(name)
        if shown is None:
            continue
        if shown.kept:
            yield Edge((object.name, name), here, ())
        if shown.targets and not shown.many:
            for target in shown.targets:
                if target in objects:
                    yield Edge(
                        (target, TITLE), here, (RouteStep(object.name, name, target, back=True),)
                    )


def _levels(targets: Iterable[Place], objects: Mapping[str, ObjectType]) -> dict[Place, int]:
    """How many calculations stand below each; titles that show one another stop at the first."""
    levels: dict[Place, int] = {}
    wanted = set(targets)
    for start in sorted(wanted):
        path: dict[Place, None] = {start: None}
        while path:
            place = next(reversed(path))
            needs = needs_of(place, objects)
            open_ = next((n for n in needs if n not in levels and n not in path), None)
            if open_ is not None:
                path[open_] = None
                continue
            levels[place] = 1 + max((levels.get(need, 0) for need in needs), default=0)
            del path[place]
    return levels


def _writer_locks(
    edges: Sequence[Edge], objects: Mapping[str, ObjectType]
) -> dict[str, WriterLock]:
    """The locks of the object types that changes reach from both ends, by their name."""
    down = _downwards(edges, objects)
    met = {object for object, _ in down}
    over = {
        edge.source[0]
        for edge in edges
        if edge.route and (not edge.route[0].back or edge.route[0].field == EVERY)
        if edge.target in down or any(step.back for step in edge.route)
    }
    return {
        name: WriterLock(
            min(group),
            frozenset(field for object, field in down if object == name),
            name in over,
        )
        for name, group in _fed_groups(edges).items()
        if group & met
    }


def _fed_groups(edges: Iterable[Edge]) -> dict[str, set[str]]:
    """The object types that feed each other, by the name of each of them."""
    groups: dict[str, set[str]] = {}
    for edge in edges:
        if edge.route:
            joined = {edge.source[0], edge.target[0]}.union(
                *({step.object, step.target} for step in edge.route)
            )
            whole = joined.union(*(groups.get(name, ()) for name in joined))
            groups.update(dict.fromkeys(whole, whole))
    return groups


def _downwards(edges: Iterable[Edge], objects: Mapping[str, ObjectType]) -> dict[Place, None]:
    """The fields whose changes go down to the records that look theirs up."""
    down: dict[Place, None] = {}
    feeds: dict[Place, list[Place]] = {}
    for edge in edges:
        feeds.setdefault(edge.target, []).append(edge.source)
        if any(step.back for step in edge.route):
            down[edge.source] = None
    for name, object in objects.items():
        shown = ((name, slot) for slot in placeholders(object.title))
        feeds.setdefault((name, TITLE), []).extend(shown)
    waiting = list(down)
    while waiting:
        for source in feeds.get(waiting.pop(), ()):
            if source not in down:
                down[source] = None
                waiting.append(source)
    return down


def _own(object: ObjectType) -> Own:
    plain: dict[str, frozenset[str]] = {}
    newborn: dict[str, None] = {}
    waiting = list(object.kept_fields)
    while waiting:
        left = []
        for one in waiting:
            needs = _own_needs(one, object, empty=True)
            inner = {name for name in needs or () if name in object.kept_names}
            if needs is None or not inner <= newborn.keys():
                left.append(one)
                continue
            newborn[one.name] = None
            needs = _own_needs(one, object, empty=False)
            if needs is not None and inner <= plain.keys():
                deep = (plain[name] for name in inner)
                plain[one.name] = frozenset(needs).union(*deep)
        if len(left) == len(waiting):
            break
        waiting = left
    return Own(plain, tuple(newborn))


def _own_needs(one: Field, object: ObjectType, *, empty: bool) -> set[str] | None:
    """The fields of its own record that a formula reads; None where it reads others.

    With `empty`, collections of what looks the record up count as known: they are empty.
    """
    assert one.formula is not None
    needs: set[str] = set()
    waiting: list[Node] = [one.formula.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Decide):
            return None
        if isinstance(node, (Gather, Collection)):
            collection = node.collection if isinstance(node, Gather) else node
            if not empty or collection.path or collection.field is None:
                return None
            if isinstance(node, Collection):
                return None
        elif isinstance(node, Logged) and not empty:
            return None  # its log is written with the record
        elif isinstance(node, Read):
            if len(node.path) > 1:
                return None
            needs.update(node.path)
        else:
            waiting += node.children()
    return needs
