"""A small sales desk with processes, on one database for all tests of a module."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Prepared, Reply, environment

Json = dict[str, Any]

OFFICE: Json = {
    "kind": "calendar",
    "name": "office",
    "zone": "Europe/London",
    "default": True,
    "hours": {"mon-fri": ["09:00-17:30"]},
}
DEAL: Json = {
    "kind": "object",
    "name": "deal",
    "label": "Deal",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "amount", "kind": "number"},
        {"name": "seller", "kind": "person"},
        {"name": "solution", "kind": "text"},
        {"name": "won", "kind": "boolean"},
    ],
}
OFFER: Json = {
    "kind": "object",
    "name": "offer",
    "label": "Offer",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "deal", "kind": "lookup", "to": "deal", "inverse": "offers"},
        {"name": "price", "kind": "number", "required": True},
    ],
}
SELLER: Json = {
    "kind": "role",
    "name": "seller",
    "label": "Seller",
    "grants": [
        {"object": "deal", "can": ["read", "create", "update"]},
        {"object": "offer", "can": ["read", "create"]},
    ],
}
SPECIALIST: Json = {
    "kind": "role",
    "name": "specialist",
    "label": "Technical specialist",
    "grants": [{"object": "deal", "can": ["read", "update"]}],
}
DOCUMENTS = (OFFICE, DEAL, OFFER, SELLER, SPECIALIST)


def process(name: str, stages: list[Json], routes: list[Json], **more: Any) -> Json:
    return {
        "kind": "process", "name": name, "subject": "deal", "stages": stages, "routes": routes,
        **more,
    }  # fmt: skip


def ways(*named: str) -> list[Json]:
    """Routes from words such as "a > b" or "a > b: Outcome"."""
    found = []
    for one in named:
        way, _, outcome = one.partition(":")
        source, _, to = way.partition(">")
        route = {"from": source.strip(), "to": to.strip()}
        found.append(route | ({"outcome": outcome.strip()} if outcome else {}))
    return found


def stages(*names: str, **more: Any) -> list[Json]:
    return [{"name": name, "duration": "1d", **more} for name in names]


@dataclass
class Desk:
    """An engine with the administrator's client."""

    engine: Engine
    admin: Client

    def at(self, moment: str) -> None:
        """Let the clock stand where a test needs it, from which it runs on."""
        clock = self.engine.clock
        wanted = datetime.fromisoformat(moment).astimezone(UTC)
        clock._shift += wanted - clock.now()
        self.admin = self.admin.signed_in(EMAIL, PASSWORD)

    def work(self) -> None:
        """Let the workers work until there is nothing to do."""

        def all_of_it() -> None:
            until = time.monotonic() + 20
            while run_pending(self.engine):
                assert time.monotonic() < until, "the workers find no end"

        self.engine.database.call(all_of_it)

    def deal(self, name: str = "Press", **values: Any) -> str:
        return str(self.admin.made("deal", name=name, **values)["id"])

    def start(self, name: str, subject: str = "", by: Client | None = None) -> Json:
        asked = {"subject": subject or self.deal()}
        reply = (by or self.admin).post(f"/api/processes/{name}/runs", asked)
        assert reply.status == 201, reply.text
        return dict(reply.json())

    def run(self, id: str) -> Json:
        reply = self.admin.get(f"/api/processes/runs/{id}")
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def step(
        self, task: str, verb: str = "complete", by: Client | None = None, **body: Any
    ) -> Reply:
        return (by or self.admin).post(f"/api/processes/tasks/{task}/{verb}", body or None)

    def done(self, run: str, stage: str, **body: Any) -> Json:
        """Complete the open task of a stage, and see the run."""
        reply = self.step(task_of(self.run(run), stage)["id"], **body)
        assert reply.status == 200, reply.text
        return self.run(run)


def task_of(run: Json, stage: str) -> Json:
    """The last task of a stage."""
    found = [task for task in run["tasks"] if task["stage"] == stage]
    assert found, f"no task of {stage} among {[task['stage'] for task in run['tasks']]}"
    return dict(found[-1])


def open_stages(run: Json) -> list[str]:
    """The stages that are worked on."""
    busy = ("open", "taken", "part")
    return [task["stage"] for task in run["tasks"] if task["status"] in busy]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    databases = request.getfixturevalue("databases") if request.param == "postgresql" else None
    address = prepared.copy(databases, folder, (), DOCUMENTS)
    settings = environment(address, folder, zone="Europe/London", now="2026-06-12T15:00:00Z")
    engine = Engine(load(settings))
    yield Desk(engine, Client(build_app(engine)).signed_in(EMAIL, PASSWORD))
    engine.close()
    if databases is not None:
        databases.drop(address)
