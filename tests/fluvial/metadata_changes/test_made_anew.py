"""Packages, ways back and approvals: nobody waits while they are worked out, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from fluvial.auth.actors import SYSTEM
from fluvial.metadata_changes import apply
from fluvial.packages import installing, source
from fluvial.runtime.session import Session
from tests.app import Client
from tests.fluvial.metadata_changes.test_revisions import last
from tests.fluvial.packages.test_installing import FIRST, SECOND, put

Meanwhile = Callable[[Callable[[Session], object]], list[object]]


@pytest.fixture
def meanwhile(client: Client, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let somebody else do something, once for each catalog that is compiled; what they did."""
    engine = client.app.engine
    compiled, done = engine.catalogs.compiled, []

    def between(act: Callable[[Session], object]) -> list[object]:
        def slowly(*said: Any) -> Any:
            monkeypatch.setattr(engine.catalogs, "compiled", compiled)
            with closing(engine.database.connect()) as other:
                done.append(act(Session.begin(engine, SYSTEM, connection=other)))
            if act is _writes:
                monkeypatch.setattr(engine.catalogs, "compiled", slowly)
            return compiled(*said)

        monkeypatch.setattr(engine.catalogs, "compiled", slowly)
        return done

    return between


def _writes(other: Session) -> int:
    with other.connection.transaction():
        return other.connection.execute("UPDATE fluvial_long_job SET done = done")


def test_others_write_while_changes_are_worked_out(client: Client, meanwhile: Meanwhile) -> None:
    put(client, FIRST)
    revision = last(client)
    others = meanwhile(_writes)

    def served(work: Callable[[], object]) -> None:
        before = len(others)
        work()
        assert len(others) > before

    served(lambda: put(client, SECOND, "?plan=true"))
    served(lambda: put(client, SECOND))
    served(lambda: client.post(f"/api/meta/revisions/{revision}/rollback"))
    served(lambda: client.delete("/api/packages/lending?plan=true"))
    served(lambda: client.delete("/api/packages/lending"))
    assert client.rows("/api/packages") == []


def test_what_others_change_meanwhile_is_kept(client: Client, meanwhile: Meanwhile) -> None:
    put(client, FIRST)
    own = {"kind": "object", "name": "book", "fields": [{"name": "loud", "kind": "boolean"}]}

    def changes(other: Session) -> int | None:
        return apply.apply(other, apply.documents_change([own])).version

    done = meanwhile(changes)
    package = source.from_json({"documents": SECOND})
    engine = client.app.engine
    engine.database.call(lambda: installing.put(Session.begin(engine), package))
    assert len(done) == 1
    fields = {f["name"]: f for f in client.get("/api/meta/object/book").json()["fields"]}
    assert "loud" in fields and fields["fee"]["label"] == "Charge"


def test_changes_that_never_come_to_rest_are_waited_for(
    client: Client, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, FIRST)

    def outdated(*_: object) -> None:
        raise apply.OutdatedError("somebody was faster")

    tries: list[bool] = []
    applied = apply.apply

    def contended(session: Session, change: apply.MetadataChange) -> apply.MetadataChange:
        tries.append(session.connection.in_transaction)
        if not tries[-1]:
            outdated()
        return applied(session, change)

    monkeypatch.setattr("fluvial.metadata_changes.made_anew.apply", contended)
    put(client, SECOND)
    assert tries == [False, False, False, True]
