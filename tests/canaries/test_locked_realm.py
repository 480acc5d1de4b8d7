"""Locked records and their parts stay as they are, whatever is sent to every route that writes."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.http.routes import ENDPOINT
from tests.app import EMAIL, PASSWORD, Client, Documents
from tests.canaries.aviary import Aviary
from tests.canaries.people import READERS
from tests.canaries.realm import DOCUMENTS, KEYS
from tests.canaries.test_told_nowhere import in_order
from tests.canaries.walks import Walk

LOCK = {"when": "created_at < now()", "parts": True, "message": "It is signed."}
MOVES = ("title",)  # of what others are called, which may change


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


def stands(aviary: Aviary) -> list[Any]:
    """The contracts of the realm with all their items, and what is planned for them."""
    admin = aviary.admin
    ids = [aviary.id_of("contract", key) for key in KEYS]
    found: list[Any] = []
    for name, owner in (("contract", "id"), ("item", "contract")):
        for gone in ("false", "true"):
            rows = admin.rows(f"/api/records/{name}", sort="created_at", limit="500", deleted=gone)
            theirs = (row for row in rows if row[owner] in ids)
            found += [{k: v for k, v in row.items() if k not in MOVES} for row in theirs]
    for one in ids:
        found.append(admin.rows(f"/api/records/contract/{one}/planned", past="true"))
    return found


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_no_route_changes_what_is_locked(client: Client) -> None:
    aviary = Aviary(client)
    reader = READERS[0]
    aviary.clients[reader.name] = client  # with all rights
    document = client.get("/api/meta/object/contract").json()
    client.define({**document, "locked": LOCK})
    before = stands(aviary)
    assert len(before) >= 3 * len(KEYS)
    through, refused = [], 0
    for endpoint in sorted(client.app.engine.brought(ENDPOINT), key=in_order):
        if not endpoint.writes:
            continue
        for request in Walk(aviary, reader).requests(endpoint):
            address = f"{request.path}?{request.query}"
            reply = client.call(request.method, address, body=request.body, headers=request.headers)
            refused += "It is signed." in reply.text
        if client.get("/api/me").status != 200:  # a route has signed everybody out
            client.headers = client.signed_in(EMAIL, PASSWORD).headers
        aviary.work()
        if stands(aviary) != before:
            through.append(f"{endpoint.method} {endpoint.path}")
            before = stands(aviary)
    assert through == []
    assert refused > 20
