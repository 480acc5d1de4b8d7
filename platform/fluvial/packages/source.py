"""Where packages come from: a folder, a zip file, or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fluvial.kernel.features import CORE
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.metadata_changes.apply import refused
from metamodel.document_files import document_of, read_package
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.errors import Fault, MetadataError

from .archive import unpacked

Kinds = Mapping[str, DocumentKind]


@dataclass(frozen=True)
class Package:
    """A version of a package: its head and its documents, which are not checked yet."""

    name: str
    version: str
    needs: Mapping[str, str]
    documents: tuple[Document, ...]


def from_folder(folder: Path, kinds: Kinds) -> Package:
    """The package of a folder; Unprocessable with every fault of its files."""
    try:
        return _package(read_package(folder, kinds))
    except MetadataError as error:
        raise refused(error) from error


def from_zip(body: bytes, kinds: Kinds) -> Package:
    with unpacked(body) as folder:
        return from_folder(folder, kinds)


def from_json(body: Any) -> Package:
    """The package of `{"documents": [...]}`, of which one is its `app`."""
    entries = body.get("documents") if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        message = "Send `documents`: a list of documents, one of which is `kind: app`."
        raise Problem(message, errors=[fault("/documents", "required", message)])
    faults: list[Fault] = []
    documents = []
    for at, entry in enumerate(entries):
        try:
            documents.append(document_of(entry, file=f"documents/{at}"))
        except MetadataError as error:
            faults += error.faults
    if faults:
        raise refused(MetadataError(faults))
    return _package(documents)


def _package(documents: list[Document]) -> Package:
    heads = [document for document in documents if document.kind == "app"]
    if len(heads) != 1:
        message = f"A package must have one document of the kind `app`; this one has {len(heads)}."
        raise Unprocessable(message, errors=[fault("/app", "no_app", message)])
    head = heads[0]
    if head.name == SITE:
        message = "A package cannot be called `site`: that is the layer of the site's own changes."
        raise Unprocessable(message, errors=[fault("/app/name", "taken", message)])
    needs = head.body.get("needs")
    named = needs.items() if isinstance(needs, Mapping) else ()
    return Package(
        head.name,
        str(head.body.get("version", "0")),
        # What is no text is told with its place when the documents are checked.
        {name: wanted for name, wanted in named if isinstance(wanted, str)},
        tuple(replace(document, layer=head.name) for document in documents),
    )


def refuse_core(package: Package) -> None:
    """The engine's own documents come with the engine, not as a package."""
    if package.name == CORE:
        message = f"A package cannot be called `{CORE}`: that is the engine's own layer."
        raise Unprocessable(message, errors=[fault("/app/name", "taken", message)])
