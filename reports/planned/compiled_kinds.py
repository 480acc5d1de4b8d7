"""The documents of a kind of planning, compiled once for each catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from fluvial.auth.access import Access
from metamodel.catalog import Catalog
from metamodel.document import Document

from .planned_fields import among

T = TypeVar("T")


class CompiledKind(Generic[T]):
    """What one kind of document is compiled to, and for which roles each is meant."""

    def __init__(self, kind: str, compile: Callable[[Document, Catalog], T]) -> None:
        self._kind, self._compile = kind, compile

    def of(self, catalog: Catalog) -> tuple[T, ...]:
        return tuple(one for one, _ in catalog.derive(self._all))

    def meant_for(self, catalog: Catalog, access: Access) -> Iterator[T]:
        """Those whose audience somebody is among."""
        for one, audience in catalog.derive(self._all):
            if among(catalog, access, audience):
                yield one

    def _all(self, catalog: Catalog) -> tuple[tuple[T, tuple[str, ...]], ...]:
        return tuple(
            (self._compile(one, catalog), tuple(one.body.get("audience", ())))
            for one in catalog.of(self._kind).values()
        )
