"""The catalog in force, followed by version: no time-to-live, no restart."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import CATALOG, DOCUMENT, PACKAGE, PLACED
from fluvial.database.overlay import Documents
from fluvial.database.statement import Statement
from fluvial.kernel.features import CORE
from metamodel.build import build_catalog
from metamodel.catalog import Catalog
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.translations import BASE, languages

_IN_FORCE = Statement(sa.select(CATALOG.c.version, CATALOG.c.hash))
_VERSION = Statement(sa.select(CATALOG.c.version))
_DOCUMENTS = Statement(
    sa.select(DOCUMENT.c.layer, DOCUMENT.c.kind, DOCUMENT.c.name, DOCUMENT.c.body)
)
_PLACED = Statement(sa.select(PLACED.c.object, PLACED.c.field, PLACED.c.column))
_LAYERS = Statement(sa.select(PACKAGE.c.name).order_by(PACKAGE.c.position))


class Catalogs:
    """Gives each request and job the snapshot that the database says is in force."""

    def __init__(self, zone: str, locale: str, kinds: Mapping[str, DocumentKind]) -> None:
        self._zone = zone
        self._locale = locale
        self._kinds = kinds
        self._lock = threading.Lock()
        self._current: Catalog | None = None
        self._coming: Catalog | None = None  # of a change that is about to be committed
        # The last one that was compiled, in force or not: the next takes over what is equal.
        self._last: Catalog | None = None
        self._last_in: dict[str, Catalog] = {}  # by language
        self._words_lock = threading.Lock()

    def version(self, connection: Connection) -> int:
        row = _VERSION.row(connection)
        return int(row[0]) if row else 0

    def current(self, connection: Connection) -> Catalog:
        """The snapshot in force, with one tiny read."""
        return self.at(self.version(connection), connection)

    def at(self, version: int, connection: Connection) -> Catalog:
        """The snapshot of a version that was just read; built where another process made it."""
        current = self._current
        if current is not None and current.version == version:
            return current
        with self._lock:
            current = self._current
            if current is None or current.version < version:
                self._current = current = self._arrived(version, connection)
            return current

    def _arrived(self, version: int, connection: Connection) -> Catalog:
        """The catalog of a change that is committed by now, or else one that is built."""
        coming = self._coming
        if coming is not None and coming.version == version:
            row = _IN_FORCE.row(connection)
            if row is not None and row == (coming.version, coming.hash):
                return coming
        return self.build(connection)

    def expect(self, catalog: Catalog) -> None:
        """This catalog may be in force in a moment; then nobody has to build it."""
        self._coming = catalog

    def build(self, connection: Connection) -> Catalog:
        """The catalog of what the database holds now."""
        with connection.transaction():
            version = self.version(connection)
            layers, columns = stored_layers(connection), placed_columns(connection)
        return self.compiled(layers, version, columns)

    def in_language(self, catalog: Catalog, language: str, connection: Connection) -> Catalog:
        """The same catalog in the words of a language; itself where it has none in it."""
        if language == self._locale:
            return catalog
        if not {language, language[:2]} & self.spoken(catalog):
            return catalog
        known = catalog.derive(_in_languages)
        with self._words_lock:
            if language not in known:
                known[language] = self._translated(catalog, language, connection)
        return known[language]

    def _translated(self, catalog: Catalog, language: str, connection: Connection) -> Catalog:
        tried = connection.overlay is not None  # that of a draft would be the next one
        with connection.transaction() if not tried else nullcontext():
            if self.version(connection) != catalog.version - tried:
                return catalog  # a newer one comes into force; the next call has it
            layers, columns = stored_layers(connection), placed_columns(connection)
        made = self._compiled(
            layers, catalog.version, columns, language, self._last_in.get(language)
        )
        if not tried:
            self._last_in[language] = made
        return made

    def spoken(self, catalog: Catalog) -> frozenset[str]:
        """The languages in which any words of the catalog are written."""
        known = catalog.derive(_spoken)
        if not known:
            written = (
                replace(document, body=document.source)
                for documents in catalog.documents.values()
                for document in documents.values()
            )
            known.append(frozenset({BASE, *languages(written, self._kinds)}))
        return known[0]

    def adopt(self, catalog: Catalog) -> None:
        """Take over the catalog of a change that this process has just committed."""
        with self._lock:
            self._coming = None
            if self._current is None or self._current.version < catalog.version:
                self._current = catalog

    def take_over(self, catalog: Catalog) -> None:
        """Compile only what is not the same in this catalog of another engine of this process."""
        self._last = catalog

    def compiled(
        self,
        layers: Mapping[str, Mapping[Any, Document]],
        version: int,
        columns: Mapping[tuple[str, str], str],
    ) -> Catalog:
        """A catalog of layers of documents; MetadataError with every fault."""
        locale = self._locale
        self._last = built = self._compiled(layers, version, columns, locale, self._last)
        return built

    def _compiled(
        self,
        layers: Mapping[str, Mapping[Any, Document]],
        version: int,
        columns: Mapping[tuple[str, str], str],
        locale: str,
        previous: Catalog | None,
    ) -> Catalog:
        return build_catalog(
            [document for layer in layers.values() for document in layer.values()],
            self._kinds,
            version=version,
            zone=self._zone,
            locale=locale,
            previous=previous,
            columns=columns,
        )


def _in_languages(_: Catalog) -> dict[str, Catalog]:
    return {}


def _spoken(_: Catalog) -> list[frozenset[str]]:
    return []


Key = tuple[str, str]  # kind, name
Layers = dict[str, dict[Key, Document]]


def placed_columns(connection: Connection) -> dict[tuple[str, str], str]:
    """What the columns of fields are called, by object and field, where it is not their name."""
    return {(object, field): column for object, field, column in _PLACED.rows(connection)}


def stored_layers(connection: Connection) -> Layers:
    """The documents of each layer, lowest first: the engine's, the packages', the site's."""
    layers: Layers = {CORE: {}}
    for (name,) in _LAYERS.rows(connection):
        layers[name] = {}
    layers[SITE] = {}
    for layer, kind, name, body in _DOCUMENTS.rows(connection):
        layers[layer][kind, name] = Document(kind, name, body, layer)
    if connection.overlay is not None:
        _lay_over(layers[SITE], connection.overlay.documents)
    return layers


def _lay_over(site: dict[Key, Document], drafted: Documents) -> None:
    """The documents of a draft in place of those that they change."""
    for (kind, name), body in drafted.items():
        if body is None:
            site.pop((kind, name), None)
        else:
            site[kind, name] = Document(kind, name, body, SITE)
