"""All that a document tells and does: its own part, and that of the templates that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.document import Document
from metamodel.document_reach import reach_of
from metamodel.documents import DocumentKind
from metamodel.reach import Reach

from .widening import covers


def whole_reach(
    kinds: Mapping[str, DocumentKind], document: Document, catalog: Catalog
) -> list[Reach]:
    kind = kinds[document.kind]
    found = reach_of(document, catalog, kind)
    if not kind.wide:
        return found
    for used, pointer in _named_documents(document, catalog):
        told = kinds[used.kind]
        if told.wide and told.acts is None:
            found += [
                Reach(pointer, one.action, one.object, one.field, True)
                for one in reach_of(used, catalog, told)
            ]
    return found


def reads_beyond(session: Session, document: Document) -> str:
    """Why somebody may not see what a document in force reads; empty where they may."""
    if session.access.admin:
        return ""
    for reach in whole_reach(session.engine.kinds, document, session.catalog):
        why = covers(session.access, session.catalog, reach) if reach.action == "read" else ""
        if why:
            return why
    return ""


def _named_documents(document: Document, catalog: Catalog) -> Iterator[tuple[Document, str]]:
    """The documents that a document names, with the place."""
    named: Mapping[str, str] = catalog.derive(_references).get(document.place, {})
    for target, pointer in named.items():
        kind, _, name = target.partition("/")
        used = catalog.of(kind).get(name)
        if used is not None:
            yield used, pointer


def _references(catalog: Catalog) -> dict[str, dict[str, str]]:
    """By document, the documents that it names and where."""
    found: dict[str, dict[str, str]] = {}
    for target, places in catalog.uses.items():
        if "/" in target:
            for place in places:
                document, _, pointer = place.partition("#")
                found.setdefault(document, {})[target] = pointer
    return found
