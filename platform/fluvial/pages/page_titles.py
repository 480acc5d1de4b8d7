"""The titles of what a page refers to: a statement for each object, not for each row."""

from __future__ import annotations

from collections.abc import Iterable

from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.expressions.types import ROLE


class PageTitles:
    """Collects what is referred to, reads all titles at once, and gives them back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted: dict[str, dict[str, None]] = {}
        self._found: dict[tuple[str, str], str] = {}

    def want(self, references: Iterable[tuple[str, str]]) -> None:
        for object_name, record in references:
            if (object_name, record) not in self._found:
                self._wanted.setdefault(object_name, {})[record] = None

    def load(self) -> None:
        for object_name, records in self._wanted.items():
            if object_name == ROLE or object_name in self._session.catalog.objects:
                for record, title in titles_of(self._session, object_name, records).items():
                    self._found[object_name, str(record)] = title
        self._wanted = {}

    def title(self, object_name: str, record: str) -> str | None:
        """None where the record is gone or not visible to the person."""
        return self._found.get((object_name, record))

    def offered(self, object_name: str, action: str = "read") -> bool:
        """Whether the person may know of an object type, or do something with its records."""
        return self._session.access.object(object_name).can(action)

    def known(self, object_name: str, record: str, title: str) -> None:
        """A title that came by another way."""
        self._found[object_name, record] = title
