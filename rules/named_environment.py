"""What expressions of actions may ask: a record, and by their names what the rule has besides."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fluvial.records.drafts.record_environment import RecordEnvironment, Values
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.given_values import GivenBody
from metamodel.expressions.nodes import Collection, Gather, Root

from .row_totals import gathered

ANSWER = "asked__"  # what the names of answers to a button's questions begin with


class NamedRecord(NamedTuple):
    """A record that has a name."""

    object: str
    id: str


@dataclass(frozen=True)
class NamedRows:
    """Records that were gathered, each with what expressions may ask of it."""

    object: str
    rows: Sequence[RecordEnvironment]


class NamedEnvironment(RecordEnvironment):
    """A record, which may be none, and names beside its fields.

    The names may become more while actions run: a record as its type and id, rows, or a value.
    """

    def __init__(
        self,
        session: Session,
        type_: ObjectType | None,
        values: Values,
        before: Values | None = None,
        *,
        record: RecordEnvironment | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session, type_, values, before, record=record)  # type: ignore[arg-type]
        own = {} if names is None else names
        self.names = own if record is None else ChainMap(dict(own), dict(record.names))

    @property
    def values(self) -> Values:
        return super().values if self.type is not None else {}

    def named(self, name: str) -> NamedRecord | None:
        """The record that a name stands for, where no field has the name."""
        own = self.type is not None and name in self.type.fields
        found = None if own else self.names.get(name)
        return found if isinstance(found, NamedRecord) else None

    def _named(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, NamedRows):
            return [row.values["id"] for row in value.rows]
        if isinstance(value, NamedRecord) and not path:
            return value.id
        return super()._named(value, path)

    def given(self, name: str) -> bool:
        """Whether a name, which is none of the record's fields, is what somebody answered."""
        own = self.type is not None and name in self.type.fields
        return not own and (name.startswith(ANSWER) or isinstance(self.names.get(name), GivenBody))

    def collect(self, node: Gather | Collection) -> Any:
        collection = node if isinstance(node, Collection) else node.collection
        if collection.root is not Root.NAME:
            return super().collect(node)
        rows = self.names[collection.name].rows
        if isinstance(node, Collection):
            return [row.values["id"] for row in rows]
        return gathered(node, rows)
