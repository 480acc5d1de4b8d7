"""The catalog in force is the one that the database says, whoever has changed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fluvial.metadata_changes.apply import apply
from fluvial.metadata_changes.change import MetadataChange
from fluvial.runtime.catalogs import Catalogs, stored_layers
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from tests.app import OpenEngine

SHELF = {"kind": "object", "name": "shelf", "title": "{name}",
         "fields": [{"name": "name", "kind": "text"}]}  # fmt: skip


def define(engine: Engine, *names: str) -> None:
    documents = {("object", name): SHELF | {"name": name} for name in names}
    apply(Session.begin(engine), MetadataChange(documents))


def built(monkeypatch: pytest.MonkeyPatch, catalogs: Catalogs) -> list[int]:
    """Counts how often a catalog is built."""
    versions: list[int] = []
    build = catalogs.build

    def count(connection: object) -> Catalog:
        made = build(connection)  # type: ignore[arg-type]
        versions.append(made.version)
        return made

    monkeypatch.setattr(catalogs, "build", count)
    return versions


def test_it_follows_what_another_process_changes(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = open_engine(), open_engine(zone="UTC")  # with a zone said, it builds its first
    connection = other.database.connection()
    versions = built(monkeypatch, other.catalogs)
    before = other.catalogs.current(connection)
    assert other.catalogs.current(connection) is before
    define(one, "shelf")
    after = other.catalogs.current(connection)
    assert (after.version, "shelf" in after.objects) == (before.version + 1, True)
    assert "shelf" not in before.objects  # snapshots do not change
    assert other.catalogs.at(before.version, connection) is after  # it never goes back
    assert versions == [before.version, after.version]
    assert after.objects["user"] is before.objects["user"]  # what is equal is taken over


def test_who_changes_it_does_not_build_it_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = engine.database.connection()
    before = engine.catalogs.current(connection)
    versions = built(monkeypatch, engine.catalogs)
    define(engine, "shelf")
    assert engine.catalogs.current(connection).version == before.version + 1
    assert versions == []


def test_what_is_expected_counts_only_where_it_is_what_was_committed(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = open_engine(), open_engine()
    connection = other.database.connection()
    before = other.catalogs.current(connection)
    versions = built(monkeypatch, other.catalogs)
    define(one, "shelf")
    other.catalogs.expect(replace(before, version=before.version + 1))  # of another change
    assert "shelf" in other.catalogs.current(connection).objects
    assert versions == [before.version + 1]
    define(one, "rack")
    coming = one.catalogs.current(one.database.connection())
    other.catalogs.expect(coming)
    assert other.catalogs.current(connection) is coming
    assert len(versions) == 1


def test_an_older_catalog_is_not_adopted(engine: Engine) -> None:
    catalogs, connection = engine.catalogs, engine.database.connection()
    current = catalogs.current(connection)
    catalogs.adopt(replace(current, version=current.version - 1))
    assert catalogs.at(current.version, connection) is current
    newer = replace(current, version=current.version + 1)
    catalogs.adopt(newer)
    assert catalogs.at(newer.version, connection) is newer


def test_layers_are_the_engine_first_and_the_site_last(engine: Engine) -> None:
    define(engine, "shelf")
    layers = stored_layers(engine.database.connection())
    assert [*layers] == ["fluvial", "site"]
    assert ("object", "user") in layers["fluvial"] and [*layers["site"]] == [("object", "shelf")]


def test_a_language_without_words_is_the_catalog_itself(engine: Engine) -> None:
    catalogs, connection = engine.catalogs, engine.database.connection()
    current = catalogs.current(connection)
    for language in ("en", "xx", "xx-YY"):
        assert catalogs.in_language(current, language, connection) is current
