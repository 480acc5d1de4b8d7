"""A record as its page shows it to one reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from fluvial.pages.presenters import shown
from fluvial.pages.reader_format import ReaderFormat, record_href
from fluvial.records.drafts.record_locks import Hold, holds_on
from fluvial.records.writing.new_drafts import missing
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .layouts import Layout
from .planned_days import planned_words
from .record_rights import may_do

Context = dict[str, Any]


@dataclass
class Shown:
    """A record as its page shows it."""

    session: Session
    type: ObjectType
    layout: Layout
    record: Mapping[str, Any]  # in wire form
    values: dict[str, Any]  # canonical
    fmt: ReaderFormat

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def href(self) -> str:
        return record_href(self.type.name, self.id)

    @cached_property
    def planned(self) -> Mapping[str, list[Context]]:
        """What is planned, by the name of its field; a page of another day does not tell."""
        if self.session.as_of is not None:
            return {}
        return planned_words(self.session, self.type, self.id, self.fmt)

    @cached_property
    def hold(self) -> Hold | None:
        """The lock that holds for it now."""
        return holds_on(self.session, self.type, [self.id]).get(self.id)

    @property
    def closed(self) -> bool:
        """Whether a lock leaves nothing of the page open."""
        if self.hold is None:
            return False
        writable = self.session.access.writable(self.type.name)
        fields = (f for f in self.layout.fields if f.name in writable and not f.read_only)
        return all(field.name not in self.hold.open for field in fields)

    @cached_property
    def may_update(self) -> bool:
        return may_do(self.session, self.type, self.id, "update")

    @cached_property
    def may_delete(self) -> bool:
        return may_do(self.session, self.type, self.id, "delete")

    def opened(self, action: str) -> Shown:
        """The record, refused where the reader may see it but not change it."""
        if action == "update" and not self.may_update:
            raise missing(self.session, self.type, self.id, action)
        return self

    def full(self, field: Field) -> Markup:
        return shown(field, self.record.get(field.name), self.fmt)
