"""Titles: the words of a template, also put together of the values of another day.

The column holds the title of today, for those who may read all that it is made of. Only types whose
titles may be others on other days pay, and readers from whom a part of a title is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa

from fluvial.auth.access import Access
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.python import is_empty
from metamodel.expressions.sql import Source
from metamodel.expressions.types import PERSON, ROLE
from metamodel.object_types import PEOPLE, PLACE, placeholders
from metamodel.roles import role_titles
from metamodel.storage import Storage

from .canonical import reader

MAX_TITLE = 255
MAX_DEPTH = 3  # of titles within titles


def titled(type_: ObjectType, shown: Callable[[str], str]) -> str:
    """The title of a record, of the words of its fields."""
    parts = parts_of_title(type_.title)
    words = [shown(part) if at % 2 else part for at, part in enumerate(parts)]
    text = " ".join("".join(words).split())
    return text.strip(" -,·:")[:MAX_TITLE] or type_.label


@lru_cache(maxsize=2_000)
def parts_of_title(template: str) -> tuple[str, ...]:
    """A template in parts: what stands in it as it is, and in every second place a field."""
    return tuple(PLACE.split(template))


def moving_titles(catalog: Catalog) -> frozenset[str]:
    """The object types whose titles may be others on other days."""
    slots = {name: slots_of(type_) for name, type_ in catalog.objects.items()}
    found = {name for name, own in slots.items() if any(f.dated or f.formula for f in own)}
    before = -1
    while before != len(found):
        before = len(found)
        found |= {name for name, own in slots.items() if any(found & _named(f) for f in own)}
    return frozenset(found)


def slots_of(type_: ObjectType) -> list[Field]:
    """The fields that a title shows."""
    return [type_.fields[name] for name in dict.fromkeys(placeholders(type_.title))]


def _named(field: Field) -> set[str]:
    """The object types of a field by whose titles its records are named."""
    return set() if field.many else set(field.targets)


class Selected(Protocol):
    """What a title asks of the plan that it becomes a part of; see `row_builder.Output`."""

    def name(self, value: Any) -> str: ...

    def select(self, column: sa.ColumnElement[Any]) -> str: ...

    def parts(
        self, source: Source, field_: Field
    ) -> Iterable[tuple[sa.ColumnElement[Any], Storage]]: ...

    def title(self, source: Source, type_: ObjectType, depth: int = 0) -> str: ...


class DayTitle:
    """Adds what titles are made of to the columns of a plan."""

    def __init__(self, output: Selected, access: Access) -> None:
        self._output = output
        self._access = access
        self._catalog = access.catalog

    def expression(self, source: Source, type_: ObjectType, depth: int = 0) -> str:
        """Python source of the title, over the row."""
        names = [field.name for field in slots_of(type_)]
        parts = [self._words(source, field, depth) for field in slots_of(type_)]

        def made(*words: str) -> str:
            return titled(type_, dict(zip(names, words, strict=True)).__getitem__)

        return f"{self._output.name(made)}({', '.join(parts)})"

    def _words(self, source: Source, field: Field, depth: int) -> str:
        if not self._access.shows_in_title(field.object, field.name):
            return "''"
        if field.type.objects and not field.many:
            titles = [self._behind(source, field, target, depth) for target in field.targets]
            titles += self._role(source, field)
            return f"({' or '.join(titles)} or '')"
        cells = [self._output.select(part) for part, _ in self._output.parts(source, field)]
        read, show = reader(field, source.sql.dialect), field.kind.show

        def said(*stored: Any) -> str:
            value = read(stored)
            return "" if is_empty(value) else show(field, value)

        return f"{self._output.name(said)}({', '.join(cells)})"

    def _behind(self, source: Source, field: Field, target: str, depth: int) -> str:
        """The title of the record of a type that a look-up leads to, if it may be seen, or None."""
        record = Source(source.sql, target, root=source.root)
        leads = _leads(source, field, target, record)
        seen = None if target in PEOPLE else source.sql.restrict(target, record.alias)
        source.root.added.append((record.alias, leads if seen is None else leads & seen))
        there = self._output.select(record.column("id"))
        title = self._output.title(record, source.sql.objects[target], depth + 1)
        return f"({title} if {there} is not None else None)"

    def _role(self, source: Source, field: Field) -> list[str]:
        """The label of a role, which is a document and no record."""
        if ROLE not in field.type.objects:
            return []
        catalog, cell = self._catalog, self._output.select(source.column(field.name, f"__{ROLE}"))

        def label(name: str | None) -> str | None:
            return role_titles(catalog, (name,)).get(name, name) if name else None

        return [f"{self._output.name(label)}({cell})"]


def _leads(source: Source, field: Field, target: str, record: Source) -> sa.ColumnElement[bool]:
    """Whether a look-up leads to a record of one of its types."""
    id_ = record.column("id")
    if field.type.name == PERSON.name:
        (column,) = (c for c in field.columns if c.references == target)
        return source.column(field.name, column.suffix) == id_
    found = source.column(field.name) == id_
    if len(field.targets) == 1:
        return found
    named = source.column(field.name, "__object")
    return sa.and_(found, named == sa.literal_column(f"'{target}'"))
