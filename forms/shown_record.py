"""A record as its page shows it to one reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from fluvial.pages.presenters import shown
from fluvial.pages.reader_format import ReaderFormat, record_href
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .layouts import Layout
from .planned_days import planned_words

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

    @property
    def may_update(self) -> bool:
        return self.session.access.object(self.type.name).can("update")

    def full(self, field: Field) -> Markup:
        return shown(field, self.record.get(field.name), self.fmt)
