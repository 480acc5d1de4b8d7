"""A record of which somebody works out an expression: behind it is what that person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fluvial.records.reading.sql_context import PlanContext
from fluvial.records.reading.titles import titles_of
from metamodel.checks import target_of
from metamodel.expressions.nodes import Collection, Decide, Evaluate, FoundBy, Gather, Read, Root
from metamodel.expressions.types import PERSON
from metamodel.object_types import PEOPLE
from metamodel.state_times import Spans

LEADING = ("record", "me")
USER = "user"


class SeenEnvironment:
    """A record, and behind it what the person who acts may see."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._session = inner.session
        self._seen: dict[tuple[str, str], bool] = {}

    @property
    def now(self) -> datetime:
        return self._inner.now  # type: ignore[no-any-return]

    @property
    def today(self) -> date:
        return self._inner.today  # type: ignore[no-any-return]

    @property
    def values(self) -> Mapping[str, Any]:
        return self._inner.values  # type: ignore[no-any-return]

    @property
    def before(self) -> Mapping[str, Any] | None:
        return self._inner.before  # type: ignore[no-any-return]

    @property
    def me(self) -> Mapping[str, Any] | None:
        return self._inner.me  # type: ignore[no-any-return]

    def read(self, path: tuple[str, ...]) -> Any:
        """The value at the end of a path; empty behind a record that the person may not see."""
        lead, steps = (path[:1], path[1:]) if path[0] in LEADING else ((), path)
        type_ = self._session.catalog.objects[USER] if lead == ("me",) else self._inner.type
        for at, name in enumerate(steps[:-1]):
            found = self._inner.read((*lead, *steps[: at + 1]))
            if found is None:
                return None
            field = type_.fields[name]
            target, record = found if isinstance(found, tuple) else (field.targets[0], found)
            if field.type.name == PERSON.name and target != target_of(field):
                return None
            if not self._sees(target, record):
                return None
            type_ = self._session.catalog.objects[target]
        return self._inner.read(path)

    def _sees(self, object_name: str, record: str) -> bool:
        key = (object_name, record)
        if key not in self._seen:
            known = object_name in PEOPLE
            where = {"read": None} if known else self._session.access.object(object_name).where
            self._seen[key] = known or (
                "read" in where and record in titles_of(self._session, object_name, [record])
            )
        return self._seen[key]

    def collect(self, node: Gather | Collection) -> Any:
        """Of the records that the person may see."""
        session = self._session
        path = node.path if isinstance(node, Collection) else node.collection.path
        if path and self.read((*path, "id")) is None:
            return _nothing(node)
        if session.ahead is not None:
            session.ahead.settle()
        dialect, dated = session.connection.dialect, session.as_of is not None
        plan = PlanContext(session.catalog, session.access, dialect, as_of=dated)
        return self._inner.answered(node, session, plan, plan)

    def spans(self, field: Read) -> Spans:
        lead = (field.root.value,) if field.root in (Root.RECORD, Root.ME) else ()
        way = field.path[:-1]
        if way and self.read((*lead, *way, "id")) is None:
            return []
        return self._inner.spans(field)  # type: ignore[no-any-return]

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        return self._inner.decided(node, values, day)

    def evaluated(self, node: Evaluate | FoundBy, value: Any) -> Any:
        raise TypeError("expressions in records evaluate no others")


def _nothing(node: Gather | Collection) -> Any:
    if isinstance(node, Collection):
        return []
    return {"exists": False, "count": Decimal(0)}.get(node.function)
