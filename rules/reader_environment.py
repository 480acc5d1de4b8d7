"""What an expression may ask of a record when its answer is for somebody: what they may read.

The values are those of the rule's own environment, of the event that it runs for. Fields that the
reader may not read are empty, and so is everything behind records that they may not see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from fluvial.records.drafts.found_records import found_record
from fluvial.records.drafts.held_expressions import evaluated_in
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.reading.sql_context import PlanContext
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.nodes import (
    Collection,
    Decide,
    Evaluate,
    FoundBy,
    Gather,
    Read,
    Root,
    node_of_row,
)
from metamodel.expressions.python import run
from metamodel.expressions.reads import reads_of
from metamodel.expressions.scope import USER
from metamodel.object_types import PEOPLE
from metamodel.state_times import Spans

from .named_environment import NamedEnvironment

TITLE = "title"
LEADING = ("record", "me")


class ReaderEnvironment:
    def __init__(self, reader: Session, inner: RecordEnvironment) -> None:
        self._reader = reader
        self._inner = inner
        self._type = inner.type
        self._seen: dict[tuple[str, str], str | None] = {}  # titles of what may be seen

    @property
    def now(self) -> datetime:
        return self._inner.now

    @property
    def today(self) -> date:
        return self._inner.today

    @cached_property
    def values(self) -> Mapping[str, Any]:
        return _ShownValues(self, self._type, (), self._inner.values)

    @cached_property
    def before(self) -> Mapping[str, Any] | None:
        before = self._inner.before
        if before is None:
            return None
        return {name: value for name, value in before.items() if self._knows(self._type, name)}

    @cached_property
    def me(self) -> Mapping[str, Any] | None:
        user = self._reader.catalog.objects[USER]
        me = self._inner.me
        return None if me is None else _ShownValues(self, user, ("me",), me)

    def read(self, path: tuple[str, ...]) -> Any:
        """The canonical value at the end of a path, if all of it may be read; else empty."""
        if isinstance(self._inner, NamedEnvironment) and self._inner.given(path[0]):
            return self._inner.read(path)  # no record: the rule's own words, or an answer
        named = self._inner.named(path[0]) if isinstance(self._inner, NamedEnvironment) else None
        leads = path[0] in LEADING or named is not None
        lead, steps = (path[:1], path[1:]) if leads else ((), path)
        if named is not None:
            sees, type_ = self._sees(*named), self._objects[named[0]]
        elif lead == ("me",):
            sees, type_ = True, self._objects[USER]
        else:
            sees, type_ = self._sees_own, self._type
        if not sees:
            return None
        for at, name in enumerate(steps):
            if name != "id" and not self._knows(type_, name):
                return None
            if at == len(steps) - 1:
                break
            found = self._inner.read((*lead, *steps[: at + 1]))
            if found is None:
                return None
            field = type_.fields[name]
            target, record = found if isinstance(found, tuple) else (field.targets[0], found)
            if not self._sees(target, record):
                return None
            type_ = self._reader.catalog.objects[target]
        if steps and steps[-1] == TITLE and type_.name in self._reader.access.withheld_titles:
            record = self._inner.read((*lead, *steps[:-1], "id"))
            return self._title(type_.name, str(record))
        return self._inner.read(path)

    def collect(self, node: Gather | Collection) -> Any:
        """The same question of what the reader may see; of what is hidden there is no answer."""
        objects = self._reader.catalog.objects
        asked = reads_of(node, self._type.name, objects)
        known = all(
            one.object not in objects or self._knows(objects[one.object], one.field)
            for one in asked
            if one.field != "deleted_at"
        )
        path = node.path if isinstance(node, Collection) else node.collection.path
        if not (known and self._sees_own) or (path and self.read((*path, "id")) is None):
            return [] if isinstance(node, Collection) else _NOTHING.get(node.function)
        dialect, day = self._reader.connection.dialect, self._reader.as_of
        plan = PlanContext(
            self._reader.catalog, self._reader.access, dialect, as_of=day is not None
        )
        return self._inner.answered(node, self._reader, plan, plan)

    @property
    def _objects(self) -> Mapping[str, ObjectType]:
        return self._reader.catalog.objects

    def spans(self, field: Read) -> Spans:
        """The log of a choice that the reader may read; that of a hidden one is empty."""
        objects = self._reader.catalog.objects
        asked = reads_of(field, self._type.name, objects)
        if not (self._sees_own and all(self._knows(objects[r.object], r.field) for r in asked)):
            return []
        lead = (field.root.value,) if field.root in (Root.RECORD, Root.ME) else ()
        way = field.path[:-1]
        if way and self.read((*lead, *way, "id")) is None:
            return []
        return self._inner.spans(field)

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        """The same row as for everybody; of what is hidden there is no answer."""
        objects = self._reader.catalog.objects
        asked = reads_of(node, self._type.name, objects)
        shown = (one for one in asked if one.object in objects and one.field != "deleted_at")
        if not all(self._knows(objects[one.object], one.field) for one in shown):
            return None
        row = run(node_of_row(node), self._inner)
        if row is None or not self._sees(node.rows.object, str(row)):
            return None
        item = node.rows.item
        path = item.path if isinstance(item, Read) else ()
        type_ = objects[node.rows.object]
        for at, name in enumerate(path[:-1]):
            found = run(node_of_row(node, path[: at + 1]), self._inner)
            if found is None or not self._sees(type_.fields[name].targets[0], str(found)):
                return None
            type_ = objects[type_.fields[name].targets[0]]
        return run(node, self._inner)

    def evaluated(self, node: Evaluate | FoundBy, value: Any) -> Any:
        if isinstance(node, FoundBy):
            known = self._knows(self._objects[node.object], node.field)
            return found_record(self._reader, node, value) if known else None
        return evaluated_in(self, self._reader.catalog, node, value)

    @cached_property
    def _sees_own(self) -> bool:
        return self._sees(self._type.name, str(self._inner.values.get("id")))

    def _knows(self, type_: ObjectType, name: str) -> bool:
        return self._reader.access.shows_in_title(type_.name, name)

    def _sees(self, object_name: str, record: str) -> bool:
        if object_name in PEOPLE or object_name not in self._reader.catalog.objects:
            return True
        where = self._reader.access.object(object_name).where
        if "read" not in where or where["read"] is None:
            return "read" in where
        return self._title(object_name, record) is not None

    def _title(self, object_name: str, record: str) -> str | None:
        key = (object_name, record)
        if key not in self._seen:
            self._seen[key] = titles_of(self._reader, object_name, [record]).get(record)
        return self._seen[key]


_NOTHING = {"exists": False, "count": Decimal(0)}


class _ShownValues(Mapping[str, Any]):
    """The values of a record, as far as the reader may read them."""

    def __init__(
        self,
        environment: ReaderEnvironment,
        type_: ObjectType,
        lead: tuple[str, ...],
        values: Mapping[str, Any],
    ) -> None:
        self._environment = environment
        self._type = type_
        self._lead = lead
        self._values = values

    def __getitem__(self, name: str) -> Any:
        value = self._environment.read((*self._lead, name))
        if value is None and name in self._type.fields:
            field = self._type.fields[name]
            return field.kind.absent(field)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
