"""Catalogs for tests: documents of a small library, written as YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import fluvial
from metamodel.build import build_catalog
from metamodel.catalog import Catalog, Field
from metamodel.document_files import document_of, parse_documents, read_package
from metamodel.documents import Document, with_kinds
from metamodel.folding import humanise
from metamodel.kinds import KINDS

CORE = Path(fluvial.__file__).parent / "core"
CORE_DOCUMENTS = read_package(CORE, with_kinds([]))


def documents(text: str, layer: str = "library", file: str = "") -> list[Document]:
    return [document_of(body, layer=layer, file=file) for body in parse_documents(text, file)]


def catalog(*texts: str, extra: Iterable[Document] = ()) -> Catalog:
    """The catalog of the engine's own documents and of these."""
    found = [document for text in texts for document in documents(text)]
    return build_catalog([*CORE_DOCUMENTS, *found, *extra], with_kinds([]))


def field(spec: Mapping[str, Any]) -> Field:
    """A field that stands alone, as a document writes it."""
    whole = {"name": "sample", **spec}
    return Field(
        object="book",
        name=whole["name"],
        kind=KINDS[whole["kind"]],
        label=humanise(whole["name"]),
        spec=whole,
        required=bool(whole.get("required")),
    )
