"""No door leads to a locked record: whatever changes a free one leaves its locked twin alone."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.writing.invoices import Invoice
from tests.fluvial.records.writing.locked_doors import ALL, DOORS, World


@pytest.fixture
def documents() -> Documents:
    return ALL


@pytest.fixture
def world(client: Client, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("BANK", "bank-token-of-the-test")
    return World(client)


def test_whatever_changes_a_free_record_leaves_its_locked_twin_alone(world: World) -> None:
    through, closed = [], []
    for at, door in enumerate(DOORS):
        free, locked = Invoice(world.client, f"F-{at}"), Invoice(world.client, f"L-{at}")
        ready = [door.ready(world, one) for one in (free, locked)]
        locked.issued()
        world.work()
        before = [free.stands(planned=door.planned), locked.stands(planned=door.planned)]
        told = [
            door.open(world, one, given) for one, given in zip((free, locked), ready, strict=True)
        ]
        world.work()
        if free.stands(planned=door.planned) == before[0]:
            closed.append((door.name, getattr(told[0], "text", told[0])))
        if locked.stands(planned=door.planned) != before[1]:
            through.append(door.name)
    assert (through, closed) == ([], [])
