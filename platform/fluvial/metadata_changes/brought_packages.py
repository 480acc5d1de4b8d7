"""Packages that come with the first document of a kind, because it needs their objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fluvial.runtime.catalogs import Layers
from metamodel.document_files import read_package
from metamodel.documents import Document, DocumentKind

from .change import MetadataChange

Kinds = Mapping[str, DocumentKind]


def bring_packages(kinds: Kinds, layers: Layers, change: MetadataChange) -> None:
    """Add to a change what its documents need and is not installed."""
    named = {key[0] for _, key, body in change.entries() if body is not None}
    for documents in needed_packages(kinds, named):
        head = next(one for one in documents if one.kind == "app")
        if head.name in layers or head.name in change.packages:
            continue
        bodies = {(one.kind, one.name): one.body for one in documents}
        change.more = {**change.more, head.name: bodies}
        change.packages = {**change.packages, head.name: str(head.body["version"])}


def needed_packages(kinds: Kinds, named: Iterable[str]) -> Iterator[list[Document]]:
    """The documents of each package that documents of these kinds need."""
    wanted = set(named)
    folders = {one.package: None for one in kinds.values() if one.package and one.name in wanted}
    for folder in folders:
        yield read_package(folder, kinds)
