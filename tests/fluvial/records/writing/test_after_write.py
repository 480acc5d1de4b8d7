"""What a write leaves behind: the same for whatever writes, and in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from fluvial.events import outbox
from fluvial.kernel.features import Feature
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.drafts.seams import OBJECT_HOOK, STORED
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY, LOAN

BORROWER: dict[str, Any] = {
    "name": "borrower", "kind": "calculated", "result": "text", "formula": "member.name",
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@dataclass
class Watch:
    """A hook of branches and a feature, which note what they are told."""

    told: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    object: str = "branch"
    members: tuple[str, ...] = ()

    def take(self, draft: Draft, body: Mapping[str, Any]) -> None:
        """It adds nothing."""

    def stored(self, draft: Draft) -> None:
        self.told.append(f"hook {draft.values['name']}")

    def kept(self, drafts: Sequence[Draft], event: str) -> None:
        self.told += [f"{event} {draft.values.get('name')}" for draft in drafts]

    def happened(self, session: Session, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def watch(engine: Engine) -> Watch:
    watch = Watch()
    brings = [OBJECT_HOOK(watch), STORED(watch.kept), LISTENER(EventListener(watch.happened))]
    engine.features += Feature("watch", brings=brings)
    return watch


def _heard(engine: Engine, watch: Watch) -> list[Event]:
    def work_off() -> None:
        while outbox.run(engine):
            pass

    watch.events.clear()
    engine.database.call(work_off)
    return watch.events


def test_whatever_writes_tells_hooks_and_features(client: Client, watch: Watch) -> None:
    path = "/api/records/branch"
    branch = client.made("branch", name="a")
    one = f"{path}/{branch['id']}"
    client.patch(one, {"name": "b"})
    client.delete(one)
    assert client.post(f"{one}/restore").status == 200
    client.patch(path, [{"id": branch["id"], "name": "c"}])
    client.post(path, [{"name": "d"}, {"name": "e"}])
    assert watch.told == [
        "hook a", "created a",
        "hook b", "updated b",
        "hook b", "deleted b",
        "hook b", "restored b",
        "hook c", "updated c",
        "hook d", "hook e", "created d", "created e",
    ]  # fmt: skip


def test_a_restored_record_tells_its_calculated_values(
    client: Client, engine: Engine, watch: Watch
) -> None:
    client.define(LOAN | {"fields": [*LOAN["fields"], BORROWER]})
    branch = client.made("branch", name="North")["id"]
    book = client.made("book", name="One", branch=branch)["id"]
    member = client.made("member", name="Ann", branch=branch)["id"]
    loan = client.made("loan", book=book, member=member)
    place = f"/api/records/loan/{loan['id']}"
    clerk = client.person("clerk@example.com", "administrator")
    clerk.delete(place)
    client.patch(f"/api/records/member/{member}", {"name": "Bea"})
    _heard(engine, watch)
    back = client.post(f"{place}/restore").json()
    (event,) = [one for one in _heard(engine, watch) if one.event == "restored"]
    assert event.changes == {"borrower": ["Ann", "Bea"]}
    assert (back["borrower"], back["rev"]) == ("Bea", 3)
    assert client.rows(f"{place}/history")[0]["changes"] == {}
    me = client.get("/api/me").json()["id"]
    assert back["updated_by"] == {"user": me}
