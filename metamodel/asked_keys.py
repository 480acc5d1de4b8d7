"""Indexes that nobody has declared: for what views, boards and pins ask of an object's records.

Each such question is about the records in which some fields have one value, in the order of others.
An index over these fields answers it without looking at the other records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from metamodel.catalog import AskedKey, Catalog, Field, ObjectType
from metamodel.documents import DocumentKind
from metamodel.index_questions import IndexQuestion

MAX_ASKED = 8  # of an object: every index makes each write dearer
MAX_FIELDS = 4
STANDING = ("id", "created_at")  # orders that have an index anyway


def ask(catalog: Catalog, kinds: Mapping[str, DocumentKind]) -> None:
    """Give the object types of a new catalog the keys that its documents ask for."""
    asked: dict[str, list[tuple[IndexQuestion, str]]] = {}
    for kind in kinds.values():
        if kind.asks is not None:
            for name, document in sorted(catalog.of(kind.name).items()):
                for question in kind.asks(document, catalog):
                    asked.setdefault(question.object, []).append((question, f"{kind.name}/{name}"))
    objects: dict[str, Any] = catalog.objects  # type: ignore[assignment]
    for name, type_ in catalog.objects.items():
        keys = tuple(_keys(type_, asked.get(name, ())))
        if keys != type_.asked:
            objects[name] = replace(type_, asked=keys)


def proposed(catalog: Catalog, question: IndexQuestion) -> tuple[str, ...]:
    """The fields of the key that would answer a question; none where there is one, or none can."""
    type_ = catalog.objects[question.object]
    equal, sort = _indexable(type_, question)
    fields = (*equal, *sort)
    there = any(key.fields[: len(fields)] == fields for key in (*type_.keys, *type_.asked))
    if there or not fields or (not equal and sort[0] in STANDING):
        return ()
    return () if _declared(type_, fields, len(equal)) else fields


def _keys(type_: ObjectType, asked: Iterable[tuple[IndexQuestion, str]]) -> Iterator[AskedKey]:
    if type_.spec.get("index_questions") is False:
        return
    found: dict[tuple[tuple[str, ...], int], list[str]] = {}
    counted: dict[tuple[str, ...], list[str]] = {}
    for question, place in asked:
        equal, sort = _indexable(type_, question)
        if not question.ordered:
            counted.setdefault(equal, []).append(place)
        elif equal or (sort and sort[0] not in STANDING):
            found.setdefault(((*equal, *sort), len(equal)), []).append(place)
    for equal, places in counted.items():
        if equal and not any(set(fields[: len(equal)]) == set(equal) for fields, _ in found):
            found.setdefault((equal, len(equal)), []).extend(places)
    kept: list[AskedKey] = []
    for (fields, after), places in found.items():
        if not _declared(type_, fields, after) and fields not in [key.fields for key in kept]:
            kept.append(AskedKey(fields, False, after, tuple(dict.fromkeys(places))))
    # What most documents ask for comes first, where there are too many.
    kept.sort(key=lambda key: (-len(key.places), key.fields))
    yield from kept[:MAX_ASKED]


def _declared(type_: ObjectType, fields: tuple[str, ...], after: int) -> bool:
    """Whether a declared key answers it: the same fields with one value, then the same order."""
    for key in type_.keys:
        if key.unique or len(key.fields) < len(fields) or after == len(fields) < len(key.fields):
            continue
        there = key.fields[: len(fields)]
        if set(there[:after]) == set(fields[:after]) and there[after:] == fields[after:]:
            return True
    return False


def _indexable(
    type_: ObjectType, question: IndexQuestion
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a question that can stand in an index, as far as they go."""
    equal = tuple(
        name for name in question.equal if _is_plain(type_.fields.get(name), parts=question.parts)
    )
    sort: list[str] = []
    for at, name in enumerate(question.sort):
        field = type_.fields.get(name.removeprefix("-"))
        turned = name.startswith("-") != question.sort[0].startswith("-")
        if turned or field is None or not _is_plain(field):
            break
        if field.type.options or field.kind.sorted_behind(field) is not None:
            break  # it is sorted by the place of the option, or by what it leads to
        if name.removeprefix("-") == "id":
            break
        sort.append(name.removeprefix("-"))
        if at == MAX_FIELDS:
            break
    ordered = tuple(name for name in sort if name not in equal)
    return equal if question.whole else equal[:MAX_FIELDS], ordered


def _is_plain(field: Field | None, *, parts: bool = False) -> bool:
    """Whether a field is one column of the table, and today's value stands in it."""
    if field is None or field.many or field.kind.linked or not field.columns:
        return False
    if parts and field.type.people:
        return True
    return sum(not column.hidden for column in field.columns) == 1
