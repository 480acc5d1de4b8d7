"""Many people write while the fields change under them, on several processes."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fluvial.kernel.settings import load
from fluvial.metadata_changes.drift import drift
from fluvial.runtime.engine import Engine
from tests.app import environment
from tests.e2e.processes import Install, Installation

WRITERS = int(os.environ.get("FLUVIAL_TEST_WRITERS", "8"))
SECONDS = float(os.environ.get("FLUVIAL_TEST_SECONDS", "8"))
PAUSE = 0.4  # between two changes; with their own time more than thirty a minute
TEXT = {"name": "pages", "kind": "text"}
NUMBER = {"name": "pages", "kind": "number", "scale": 0}
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}, TEXT,
               {"name": "note", "kind": "text"}],
}  # fmt: skip
# What happens to the object again and again; its records keep what they mean all the while.
STEPS: tuple[dict[str, Any], ...] = (
    {"fields": [NUMBER]},
    {"fields": [{"name": "risk", "kind": "number"}]},
    {"fields": [{"name": "note", "$delete": True}]},
    {"fields": [{**TEXT, "scale": None}]},
    {"fields": [{"name": "note", "kind": "text"}]},
    {"keys": [{"fields": ["pages"]}]},
    {"fields": [{"name": "risk", "$delete": True}]},
    {"keys": []},
)


class Writer(threading.Thread):
    """Owns some records and knows what the server has acknowledged of them."""

    def __init__(self, number: int, client: httpx.Client, until: float) -> None:
        super().__init__(name=f"writer {number}")
        self.number = number
        self.client = client
        self.until = until
        self.known: dict[str, dict[str, str]] = {}
        self.statuses: Counter[int] = Counter()
        self.odd: list[str] = []

    def run(self) -> None:
        count = 0
        ids: list[str] = []
        while time.monotonic() < self.until:
            count += 1
            value = {"pages": str(self.number * 10_000 + count)}
            if count % 3 == 0:
                value = {"note": f"{self.number}.{count}"}
            if len(ids) < 3:
                body = {"name": f"w{self.number}", **value}
                reply = self.client.post("/api/records/book", json=body)
            else:
                reply = self.client.patch(f"/api/records/book/{ids[count % 3]}", json=value)
            self.statuses[reply.status_code] += 1
            if reply.status_code in (200, 201):
                record = reply.json()["id"]
                if reply.status_code == 201:
                    ids.append(record)
                self.known.setdefault(record, {}).update(value)
            elif not (reply.status_code == 422 and "note" in value):
                self.odd.append(f"{reply.status_code} {reply.text[:300]}")


def signed_in_like(client: httpx.Client) -> httpx.Client:
    """Another connection of the same person."""
    return httpx.Client(
        base_url=client.base_url, headers=client.headers, cookies=client.cookies, timeout=30
    )


@pytest.fixture
def library(install: Install, postgresql_url: str) -> Iterator[Installation]:
    yield install(postgresql_url, threads="6")


def test_nothing_is_lost_while_fields_change(
    library: Installation, postgresql_url: str, tmp_path: Path
) -> None:
    webs = [library.serve(), library.serve()]
    clients = [web.client() for web in webs]
    reply = clients[0].post("/api/meta/changes", json={"documents": [BOOK]})
    assert reply.status_code == 200, reply.text
    until = time.monotonic() + SECONDS
    writers = [Writer(n, signed_in_like(clients[n % 2]), until) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    changed: Counter[int] = Counter()
    step = 0
    while time.monotonic() < until:
        reply = clients[step % 2].patch("/api/meta/object/book", json=STEPS[step % len(STEPS)])
        changed[reply.status_code] += 1
        assert reply.status_code < 500, reply.text
        step += reply.status_code == 200
        time.sleep(PAUSE)
    for writer in writers:
        writer.join()
        writer.client.close()
    assert [odd for writer in writers for odd in writer.odd] == []
    assert not [s for writer in writers for s in writer.statuses if s >= 500]
    assert changed[200] >= SECONDS / 2, changed
    reply = clients[0].patch("/api/meta/object/book", json={"fields": [NUMBER, BOOK["fields"][2]]})
    assert reply.status_code == 200, reply.text
    for writer in writers:
        assert writer.statuses[200] > 10, writer.statuses
        for record, known in writer.known.items():
            found = clients[1].get(f"/api/records/book/{record}").json()
            assert {name: found[name] for name in known} == known
    engine = Engine(load(environment(postgresql_url, tmp_path)))
    assert drift(engine) == []
    engine.close()
