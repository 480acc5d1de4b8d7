"""The title of a record in SQL, without what is not for the reader: for conditions and orders.

Only readers from whom a part of a title is withheld pay: for all others it is a column. Texts,
choices and the titles of linked records stand in it; what a person sees, with numbers and dates in
words, is put together after the query (see `day_titles.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import Access
from fluvial.database.columns import Stored
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.sql_value import SqlContext, typed
from metamodel.folding import fold
from metamodel.object_types import PEOPLE
from metamodel.storage import TEXT

from .day_titles import parts_of_title

TITLE = "title"
FOLDED = "__fold"
MAX_DEPTH = 3  # of titles within titles

Element = sa.ColumnElement[Any]

_EMPTY: Element = sa.literal_column("''")
_SPACE: Element = sa.literal_column("' '")
_SPACES: Element = sa.literal_column("'  '")
_MARKS: Element = sa.literal_column("' -,·:'")


def reader_title(
    sql: SqlContext, access: Access, object_name: str, alias: Any, suffix: str
) -> Element:
    """A column of the title of a row, as its reader may read it."""
    return _Title(sql, access, suffix).of(object_name, alias)


class _Title:
    def __init__(self, sql: SqlContext, access: Access, suffix: str) -> None:
        self._sql = sql
        self._access = access
        self._suffix = suffix

    def of(self, object_name: str, alias: Any) -> Element:
        type_ = self._sql.objects[object_name]
        text = self._words(type_, alias, 0)
        for _ in range(2):  # what is left out leaves its spaces behind
            text = sa.func.replace(text, _SPACES, _SPACE)
        shown = sa.func.nullif(sa.func.trim(text, _MARKS), _EMPTY)
        # Behind a look-up that leads nowhere there is no record, and no title either.
        return sa.case((alias.c.id.is_not(None), sa.func.coalesce(shown, self._said(type_.label))))

    def _words(self, type_: ObjectType, alias: Any, depth: int) -> Element:
        if type_.name not in self._access.withheld_titles:
            stored: Element = alias.c[TITLE + self._suffix]
            return stored
        # One chain without parentheses: SQLite reads a statement to a limited depth.
        return reduce(_joined, self._parts(type_, alias, depth), _EMPTY)

    def _parts(self, type_: ObjectType, alias: Any, depth: int) -> Iterator[Element]:
        for at, part in enumerate(parts_of_title(type_.title)):
            if at % 2 == 0:
                if part:
                    yield self._said(part)
            elif self._access.shows_in_title(type_.name, part):
                yield from self._slot(type_.fields[part], alias, depth)

    def _slot(self, field: Field, alias: Any, depth: int) -> Iterator[Element]:
        if field.type.objects:
            if not field.many and depth < MAX_DEPTH:
                for target in field.targets:
                    if target not in self._sql.objects:
                        continue  # a role, which is a document and no record
                    yield self._behind(field, alias, target, depth)
        elif field.type.options and not field.many:
            held = self._sql.column(field.object, alias, field.name, "")
            labels = {option.name: self._said(option.label) for option in field.type.options}
            yield sa.case(
                *((held == self._bind(name), label) for name, label in labels.items()),
                else_=_EMPTY,
            )
        else:
            found = {c.suffix: c for c in field.columns if c.storage is TEXT}
            suffix = self._suffix if self._suffix in found else ""
            if suffix in found and len(field.columns) == len(found):
                held = self._sql.column(field.object, alias, field.name, suffix)
                yield sa.func.coalesce(held, _EMPTY)

    def _behind(self, field: Field, alias: Any, target: str, depth: int) -> Element:
        """The title of what a look-up leads to, where the reader may see it."""
        record = self._sql.table(target).alias()
        suffix = next((c.suffix for c in field.columns if c.references == target), "")
        held = self._sql.column(field.object, alias, field.name, suffix)
        found = [record.c.id == held]
        if len(field.targets) > 1 and not field.type.people:
            named = self._sql.column(field.object, alias, field.name, "__object")
            found.append(named == self._bind(target))
        seen = None if target in PEOPLE else self._sql.restrict(target, record)
        found += [] if seen is None else [seen]
        words = self._words(self._sql.objects[target], record, depth + 1)
        title = sa.select(words).where(*found)
        title = title.select_from(record).correlate_except(record)
        return sa.func.coalesce(title.scalar_subquery(), _EMPTY)

    def _said(self, text: str) -> Element:
        return self._bind(fold(text) if self._suffix == FOLDED else text)

    def _bind(self, text: str) -> Element:
        return typed(self._sql, sa.literal(text, Stored(TEXT)), TEXT)


def _joined(left: Element, right: Element) -> Element:
    return left.concat(right)
