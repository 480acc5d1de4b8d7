"""A process that dies in the middle of applying 500 edits has applied none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fluvial.processes import Product, products
from tests.fluvial.records.change_sets.covers import DOCUMENTS

__all__ = ["products"]

PART, PARTS = 50, 5  # contracts and covers in turn, so that they are written part by part


def _made(client: httpx.Client, object_name: str, rows: list[dict[str, Any]]) -> list[str]:
    reply = client.post(f"/api/records/{object_name}", json=rows)
    assert reply.status_code == 201, reply.text
    return [one["id"] for one in reply.json()["data"]]


def _held(client: httpx.Client) -> tuple[int, int]:
    """How many contracts and covers are as the amendment wants them."""
    found = []
    for name, where in (("contract", "note == 'new'"), ("cover", "until != null")):
        query = {"where": where, "limit": "1", "total": "exact"}
        found.append(client.get(f"/api/records/{name}", params=query).json()["total"])
    return found[0], found[1]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_in_the_middle_of_applying(
    request: pytest.FixtureRequest, tmp_path: Path, products: list[Product], database: str
) -> None:
    product = Product(tmp_path, request.getfixturevalue(f"{database}_url"), {})
    products.append(product)
    serving = product.serve()
    client = product.client()
    reply = client.post("/api/meta/changes", json={"documents": list(DOCUMENTS)})
    assert reply.status_code == 200, reply.text
    contracts = _made(client, "contract", [{"name": f"c{at}"} for at in range(PART * PARTS)])
    covers = _made(client, "cover", [{"contract": one, "asset": one} for one in contracts])
    amendment = client.post("/api/records/amendment", json={"number": "A-1"}).json()["id"]
    for at in range(0, PART * PARTS, PART):
        for name, ids, change in (
            ("contract", contracts, {"note": "new"}), ("cover", covers, {"until": "2031-01-01"}),
        ):  # fmt: skip
            body = [{"id": id, **change} for id in ids[at : at + PART]]
            reply = client.patch(f"/api/records/{name}?change_set={amendment}", json=body)
            assert reply.status_code == 202, reply.text
    path = f"/api/records/amendment/{amendment}"
    assert serving.stop() == 0
    for at in (1, 5, 10):
        doomed = product.serve(FLUVIAL_FAULT_AT=f"in_change_set:{at}")
        with pytest.raises(httpx.TransportError):
            client.post(f"{path}/actions/schedule", json={})
        assert doomed.killed()
    product.serve()
    assert _held(client) == (0, 0)
    assert client.get(path).json()["status"] == "draft"
    told = client.get(f"/api/change-sets/{amendment}").json()
    assert (told["state"], len(told["edits"]), told["conflicts"]) == ("open", 500, [])
    assert client.post(f"{path}/actions/schedule", json={}).status_code == 200
    assert _held(client) == (PART * PARTS, PART * PARTS)
