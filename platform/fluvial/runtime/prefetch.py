"""Ahead: what a write of many records reads for all of them at once, when the first one asks.

Drafts name the records that they refer to. Whoever needs one of these gets it together with the
others that were named, so that a batch asks as often as a single record does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.catalog import Catalog, Field, ObjectType

MAX_AT_ONCE = 1_000  # ids of one question
MAX_KEPT = 5_000  # rows of one object type that are remembered

Values = Mapping[str, Any]


def targets_of(field: Field, value: Any) -> Iterator[tuple[str, str]]:
    """The (object, id) that a value of a look-up refers to."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, tuple):
            yield one
        elif isinstance(one, str) and field.targets:
            yield field.targets[0], one


@dataclass
class Prefetch:
    """`settle` writes what waits: whoever asks for what that may change calls it first."""

    settle: Callable[[], None]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # by object and id
    visible: dict[str, dict[str, bool | None]] = field(default_factory=dict)  # active; None: unseen
    rates: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    spans: dict[str, dict[str, list[Any]]] = field(default_factory=dict)  # of logs, like `rows`
    waiting: set[tuple[str, str]] = field(default_factory=set)  # records with values not written
    _drafts: list[tuple[Catalog, ObjectType, Values]] = field(default_factory=list)
    _own: dict[str, set[str]] = field(default_factory=dict)  # the drafts themselves
    _named: dict[str, set[str]] = field(default_factory=dict)  # by drafts
    _near: dict[str, set[str]] = field(default_factory=dict)  # by drafts, and by rows of these

    def name(self, catalog: Catalog, type_: ObjectType, values: Values) -> None:
        """A draft has these values: what it refers to is looked for when somebody asks."""
        self._drafts.append((catalog, type_, values))
        if values.get("id"):
            self._own.setdefault(type_.name, set()).add(values["id"])

    def _look(self) -> None:
        for catalog, type_, values in self._drafts:
            for target, record in _references(catalog, _own(type_), values):
                self._named.setdefault(target, set()).add(record)
                self._near.setdefault(target, set()).add(record)
        self._drafts.clear()

    def keep(
        self, catalog: Catalog, object_name: str, ids: Iterable[str], found: Iterable[Values]
    ) -> None:
        """Remember rows that were read; what they refer to may be asked for next."""
        kept = self.rows.setdefault(object_name, {})
        kept.update(dict.fromkeys(ids))
        type_ = catalog.objects[object_name]
        fields = _own(type_)
        for row in found:
            kept[row["id"]] = row
            for target, record in _references(catalog, fields, row):
                self._near.setdefault(target, set()).add(record)

    def rows_beside(self, object_name: str, record: str) -> list[str]:
        """A record, and others that are likely to be asked for too and are not kept yet."""
        self._look()
        return _portion(self._near.pop(object_name, set()), record, self.rows.get(object_name, {}))

    def named_beside(self, object_name: str, record: str) -> list[str]:
        """The same of records that drafts refer to, for whether the actor may see them."""
        self._look()
        known = self.visible.get(object_name, {})
        return _portion(self._named.pop(object_name, set()), record, known)

    def spans_beside(self, object_name: str, record: str) -> list[str]:
        """A record, and others whose logs are likely to be asked for too and are not kept yet."""
        others = self._own.get(object_name, set()) | self.rows.get(object_name, {}).keys()
        return _portion(others, record, self.spans.get(object_name, {}))

    def settle_before(self, object_name: str, record: str) -> None:
        """Write what waits where it is this record that is asked for."""
        if (object_name, record) in self.waiting:
            self.settle()

    def settle_of(self, objects: Collection[str] | None) -> None:
        """Write what waits where records of these object types are among it; None: in any case."""
        if objects is None or any(name in objects for name, _ in self.waiting):
            self.settle()

    def of_another_day(self) -> Prefetch:
        return Prefetch(self.settle)

    def forget(self, object_name: str) -> None:
        """What was read of this object type may be different now; and memory is bounded."""
        self.rows.pop(object_name, None)
        self.visible.pop(object_name, None)
        self.spans.pop(object_name, None)
        for known in (self.rows, self.visible, self.spans):
            for name in [name for name, kept in known.items() if len(kept) > MAX_KEPT]:
                del known[name]

    def written(self) -> None:
        """What waited is being written now."""
        self.waiting.clear()

    def begin(self) -> None:
        """Before other drafts: what the last ones referred to is of no interest any more."""
        self._drafts.clear()
        self._own.clear()
        self._named.clear()
        self._near.clear()


def _own(type_: ObjectType) -> list[Field]:
    """The look-ups that people fill: who made a record is not asked for."""
    return [f for f in type_.looking_fields if not f.system]


def _references(
    catalog: Catalog, fields: Iterable[Field], values: Values
) -> Iterator[tuple[str, str]]:
    for one in fields:
        value = values.get(one.name)
        if value is None or value == []:
            continue
        for target, record in targets_of(one, value):
            if target in catalog.objects:
                yield target, record


def _portion(others: set[str], record: str, known: Mapping[str, Any]) -> list[str]:
    rest = [one for one in others if one != record and one not in known]
    return [record, *rest[: MAX_AT_ONCE - 1]]
