"""Upgrades and ways back over large tables: copied in batches first, in force at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fluvial.cli import main
from fluvial.metadata_changes import apply, backfill, cutover
from fluvial.metadata_changes.drift import drift
from tests.app import Client, environment
from tests.fluvial.dying import changing
from tests.fluvial.metadata_changes.test_revisions import last
from tests.fluvial.packages.test_installing import FEE, FIRST, PHONE, SHELF, app, book, put

PLACE = {"kind": "object", "name": "place", "fields": [{"name": "shelves", "kind": "number"}]}
RETYPED = [app("2.0.0"), book(FEE, {**SHELF, "kind": "number", "scale": 0}), PHONE, PLACE]


def _shelves(client: Client) -> set[Any]:
    return {row["shelf"] for row in client.rows("/api/records/book", limit="100")}


def _version(client: Client) -> str:
    return str(client.rows("/api/packages")[0]["version"])


def _work_off(client: Client) -> None:
    while cutover.run(client.app.engine):
        pass


def test_an_upgrade_of_a_large_table_is_copied_first(
    client: Client,
    engine_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(client, FIRST)
    first, texts = last(client), {str(n) for n in range(30)}
    bodies = [{"name": f"b{n}", "shelf": str(n)} for n in range(30)]
    assert client.post("/api/records/book", bodies).status == 201
    monkeypatch.setattr(apply, "SMALL_ROWS", 5)
    monkeypatch.setattr(backfill, "BATCH", 10)
    planned = put(client, RETYPED, "?plan=true")
    assert "plan" not in planned and client.rows("/api/meta/plans") == []
    assert {o["op"] for o in planned["operations"]} == {"add_object", "retype_field"}

    given_up = client.post("/api/packages", {"documents": RETYPED}).json()["plan"]
    assert drift(client.app.engine) == []
    assert client.post(f"/api/meta/plans/{given_up}/cancel").status == 200
    assert drift(client.app.engine) == []

    begun = client.post("/api/packages", {"documents": RETYPED})
    assert begun.status == 202 and begun.json()["revision"] is None
    place = f"/api/meta/plans/{begun.json()['plan']}"
    assert (_version(client), client.get("/api/meta/object/book").json()["fields"][2]["kind"]) == (
        "1.0.0", "text",
    )  # fmt: skip
    for meanwhile in (
        client.patch("/api/meta/object/book", {"label": "Volume"}),
        client.post("/api/packages", {"documents": FIRST[:2] + [app("1.0.1"), FIRST[3]]}),
    ):
        assert meanwhile.status == 409 and meanwhile.json()["plan"] in place
    assert "0 of 30 values copied" in client.get("/studio/revisions").text
    _work_off(client)
    assert client.get(place).json()["state"] == "done"
    assert _version(client) == "2.0.0" and _shelves(client) == texts
    assert client.get("/api/meta/view/all_books").status == 404
    second = tmp_path / "lending.zip"
    second.write_bytes(client.get("/api/packages/lending/export").body)

    back = client.post(f"/api/meta/revisions/{first}/rollback")
    assert back.status == 202 and _version(client) == "2.0.0"
    _work_off(client)
    assert _version(client) == "1.0.0" and _shelves(client) == texts
    assert client.get("/api/meta/object/book").json()["fields"][2]["kind"] == "text"
    assert client.get("/api/meta/view/all_books").status == 200
    assert drift(client.app.engine) == []

    # The command copies itself, and ends when the version is in force.
    for name, value in environment(engine_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["app", "upgrade", str(second)]) == 0
    told = capsys.readouterr().out
    assert "0 of 30 values copied" in told and told.rstrip().endswith("Done.")
    assert _version(client) == "2.0.0" and _shelves(client) == texts


def test_an_upgrade_that_dies_goes_on(client: Client, engine_url: str, tmp_path: Path) -> None:
    put(client, FIRST)
    bodies = [{"name": f"b{n}", "shelf": str(n)} for n in range(30)]
    assert client.post("/api/records/book", bodies).status == 201
    for point in ("change_batch:2", "change_switched:1"):
        doomed = changing(engine_url, tmp_path, RETYPED, point=point, small=5)
        assert doomed.wait(60) == -9, (point, doomed.said())
        assert _version(client) == "1.0.0" and drift(client.app.engine) == [], point
        _work_off(client)
        assert _version(client) == "2.0.0" and drift(client.app.engine) == [], point
        assert _shelves(client) == {str(n) for n in range(30)}
        put(client, FIRST)
