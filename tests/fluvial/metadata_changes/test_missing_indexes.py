"""The index of the newest first: in every object table, also in those of an older release."""

from __future__ import annotations

import pytest

from fluvial.metadata_changes import index_builds, missing_indexes
from fluvial.metadata_changes.drift import drift
from fluvial.metadata_changes.index_builds import index_is_there, index_states
from fluvial.metadata_changes.missing_indexes import add_standing_indexes
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

NAME = "ix_member__created_at"


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


def test_an_older_database_gets_the_index(client: Client) -> None:
    engine = client.app.engine
    connection = engine.database.connection()
    assert drift(engine) == []
    connection.script(f"DROP INDEX {NAME}")
    (finding,) = drift(engine)
    assert NAME in finding.text
    add_standing_indexes(Session.begin(engine))
    assert drift(engine) == []
    add_standing_indexes(Session.begin(engine))


def test_a_large_table_is_left_to_a_worker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = client.app.engine
    connection = engine.database.connection()
    if connection.dialect != "postgresql":
        pytest.skip("SQLite has one writer: it builds the index at once")
    client.made("member", name="Ann")
    connection.script(f"DROP INDEX {NAME}")
    monkeypatch.setattr(missing_indexes, "SMALL_ROWS", 0)
    for _ in range(2):
        add_standing_indexes(Session.begin(engine))
        assert [(one["name"], one["state"]) for one in index_states(connection)] == [
            (NAME, "planned")
        ]
    assert not index_is_there(connection, NAME)
    assert index_builds.run(engine)
    assert index_is_there(connection, NAME) and drift(engine) == []


def test_a_key_that_says_the_same_is_no_second_index(client: Client, engine: Engine) -> None:
    client.define(
        {
            "kind": "object",
            "name": "note",
            "label": "Note",
            "title": "{name}",
            "fields": [{"name": "name", "kind": "text"}],
            "keys": [{"fields": ["created_at"], "unique": False}],
        }
    )
    assert drift(engine) == []
