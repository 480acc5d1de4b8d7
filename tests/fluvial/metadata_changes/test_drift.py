"""What was changed in the database by hand is found, explained and, where it is safe, mended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fluvial.events.jobs import keep_house
from fluvial.metadata_changes import purge
from fluvial.metadata_changes.drift import drift, repair
from fluvial.runtime.session import Session
from tests.app import Client
from tests.fluvial.library import LIBRARY

PATH = "/api/meta/object/branch"


def test_what_queries_are_planned_by_is_counted_and_no_drift(client: Client) -> None:
    engine = client.app.engine
    client.define(*LIBRARY)
    client.made("branch", name="North")
    keep_house(engine)
    connection = engine.database.connection()
    if connection.dialect == "sqlite":
        counted = {row[0] for row in connection.query("SELECT tbl FROM sqlite_stat1")}
        assert "branch" in counted
    assert drift(engine) == []


def test_drift_is_told_and_mended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = client.app.engine
    client.define(*LIBRARY)
    client.made("branch", name="North")
    client.patch(PATH, {"fields": [{"name": "storey", "kind": "text"}]})
    client.patch(PATH, {"fields": [{"name": "storey", "kind": "number"}]})
    client.patch(PATH, {"fields": [{"name": "nick", "kind": "text"}]})
    client.patch(PATH, {"fields": [{"name": "nick", "$delete": True}]})
    assert drift(engine) == []
    connection = engine.database.connection()
    postgresql = connection.dialect == "postgresql"
    trigger = "kept_branch__storey__insert"
    for statement in (
        "DROP INDEX uq_branch__name",
        "CREATE INDEX mine ON branch (title)",
        "CREATE TABLE notes (id INTEGER)",
        "ALTER TABLE branch ADD COLUMN extra TEXT",
        "ALTER TABLE loan DROP COLUMN returned",
        "DROP TABLE book__reviewers",
        f"DROP TRIGGER {trigger}{' ON branch' if postgresql else ''}",
        "UPDATE fluvial_catalog SET hash = 'x'",
    ):
        connection.script(statement)
    if postgresql:
        connection.script("ALTER TABLE book ALTER COLUMN pages TYPE BIGINT")
        connection.script("ALTER TABLE shelf_place DROP CONSTRAINT ex_shelf_place__period")
    found = drift(engine)
    told = "\n".join(finding.text for finding in found)
    for part in (
        "`uq_branch__name` of `branch` is missing", "`mine` of `branch` does not belong to any "
                                                    "document",
        "`notes` does not belong to any document", "`branch.extra` does not belong to any document",
        "`loan.returned` is missing", "`book__reviewers` is missing", "`branch.storey` is not "
                                                                      "protected",
        "documents differ",
    ):  # fmt: skip
        assert part in told, told
    assert len(found) == 8 + 2 * postgresql and all(finding.remedy for finding in found)
    assert len(repair(Session.begin(engine), found)) == 5 + postgresql
    left = {finding.text for finding in drift(engine)}
    assert len(left) == 3 + postgresql and all(
        "not belong to any doc" in t or "type bigint" in t for t in left
    )
    assert client.post("/api/records/branch", {"name": "North"}).status == 422

    # What is kept is listed, and dropped for good when somebody says so twice.
    kept = client.rows("/api/meta/retired")
    assert {(k["field"], k["cause"]) for k in kept} == {("storey", "retyped"), ("nick", "removed")}
    path = "/api/meta/retired/branch/nick/purge"
    assert client.post(path, {"confirm": "branch.name"}).status == 409
    assert client.post(path, {"confirm": "branch.nick"}).headers["retry-after"] == "60"
    monkeypatch.setattr(purge, "GRACE", timedelta(0))
    assert client.post(path, {"confirm": "branch.nick"}).json() == {"purged": ["branch.nick"]}
    done = client.post("/api/meta/retired/branch/storey/purge", {"confirm": "branch.storey"})
    assert done.status == 200, done.text
    assert client.rows("/api/meta/retired") == []
    assert client.get("/api/meta/objects/branch/fields/storey/unconverted").status == 404
    assert {finding.text for finding in drift(engine)} == left
    client.patch(PATH, {"fields": [{"name": "nick", "kind": "number"}]})
    assert client.made("branch", name="South", nick=3, storey=4)["nick"] == "3.00"
