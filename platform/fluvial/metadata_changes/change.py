"""A change of metadata, as it is asked for and as it is worked out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fluvial.database.schema_changes import SchemaOperation
from fluvial.runtime.catalogs import Key, Layers
from metamodel.catalog import Catalog
from metamodel.document import same_body
from metamodel.documents import SITE

from .retype import Retype
from .widening import Beyond

Bodies: TypeAlias = Mapping[Key, Mapping[str, Any] | None]


@dataclass
class MetadataChange:
    """Documents to put into a layer (None takes them out), planned and then perhaps applied.

    `more` are documents of further layers that change with them.
    """

    documents: Bodies
    layer: str = SITE
    note: str = ""
    more: Mapping[str, Bodies] = field(default_factory=dict)
    take_out: bool = False  # what uses the things that go goes with them
    make: frozenset[str] = frozenset()  # "book.genre": records that its values name are made
    # Of packages that come, or change, the version; None of those that go.
    packages: Mapping[str, str | None] = field(default_factory=dict)
    whole: bool = False  # they replace others as a whole: nobody asks what uses what goes
    seen: Bodies = field(default_factory=dict)  # of the site's layer, from which these were made
    based: int | None = None  # the version of the catalog from which its documents were made
    worked_out: Prepared | None = None  # before its transaction, so that nobody waits for that
    columns: Mapping[str, str] = field(default_factory=dict)  # that a copy has filled, by target
    pending: str | None = None  # its id while its values are copied in the background
    operations: list[SchemaOperation] = field(default_factory=list)
    beyond: list[Beyond] = field(default_factory=list)  # its author's own rights
    notes: list[str] = field(default_factory=list)  # what its author should know, with the remedy
    judged: bool = True  # False: what goes beyond is told, as in a plan, but not refused
    ask: bool = False  # what goes beyond waits for an administrator, instead of being refused
    approval: str | None = None  # the id of what an administrator is asked, or has approved
    revision: int | None = None
    version: int | None = None

    def entries(self) -> Iterator[tuple[str, Key, Mapping[str, Any] | None]]:
        """Layer, key and body of every document that changes."""
        for layer, bodies in ((self.layer, self.documents), *self.more.items()):
            for key, body in bodies.items():
                yield layer, key, body

    def waiting_for(self) -> dict[str, Any]:
        """What of it is to come, goes beyond its author's rights, or is not ready, as JSON."""
        told = {
            "plan": self.pending,
            "approval": self.approval,
            "beyond": [one.wire() for one in self.beyond],
            "notes": self.notes,
        }
        return {name: value for name, value in told.items() if value}


@dataclass
class Prepared:
    """A change worked out against one version of the catalog; nothing is written yet."""

    version: int
    old: Catalog
    new: Catalog
    layers: Layers  # as they would be
    before: dict[tuple[str, Key], Mapping[str, Any] | None]  # bodies that change, by layer
    after: dict[tuple[str, Key], Mapping[str, Any] | None]
    retypes: list[Retype]
    operations: list[SchemaOperation]

    def retypes_of(self) -> list[SchemaOperation]:
        """The steps that copy values into columns of another kind."""
        return [o for o in self.operations if o.op == "retype_field"]

    @property
    def empty(self) -> bool:
        """Whether documents and tables are already what they would be."""
        return not self.operations and all(
            same_body(_whole(self.before[layer, key], key), _whole(body, key))
            for (layer, key), body in self.after.items()
        )


def _whole(body: Mapping[str, Any] | None, key: Key) -> Mapping[str, Any] | None:
    return {"kind": key[0], "name": key[1]} | dict(body) if body is not None else None


def documents_change(
    documents: Iterable[Mapping[str, Any]], delete: Iterable[Mapping[str, Any]] = (), note: str = ""
) -> MetadataChange:
    """A change of the site's layer from document bodies that name their kind and name."""
    bodies: dict[Key, Mapping[str, Any] | None] = {}
    for body in documents:
        bodies[str(body.get("kind", "")), str(body.get("name", ""))] = body
    for entry in delete:
        bodies[str(entry.get("kind", "")), str(entry.get("name", ""))] = None
    return MetadataChange(bodies, note=note)
