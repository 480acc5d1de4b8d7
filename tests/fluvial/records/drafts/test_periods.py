"""Periods of dated objects never overlap, however several processes write them at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from tests.fluvial.processes import Product, products

__all__ = ["products"]

STAY: dict[str, Any] = {
    "kind": "object",
    "name": "stay",
    "title": "{shelf}",
    "dated": {"from": "starts", "until": "ends", "per": ["shelf"]},
    "fields": [
        {"name": "shelf", "kind": "text", "required": True},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
    ],
}
STAYS = "/api/records/stay"
FIRST = date(2026, 1, 1)
DEEDS = 16  # of each of four writers


class Writer:
    """Writes periods as they come: new ones, alone, in batches and from files; moved, binned."""

    def __init__(self, client: httpx.Client, seed: int) -> None:
        self.client = client
        self.chance = random.Random(seed)
        self.mine: list[str] = []
        self.statuses: list[int] = []

    def period(self) -> dict[str, Any]:
        start = FIRST + timedelta(days=self.chance.randrange(50))
        end = start + timedelta(days=self.chance.randrange(1, 15))
        known = self.chance.random() > 0.05
        return {"starts": start.isoformat(), "ends": end.isoformat() if known else None}

    def new(self) -> dict[str, Any]:
        return {"shelf": self.chance.choice("ab"), **self.period()}

    def work(self) -> None:
        deeds = [self.create, self.batch, self.upload, self.move, self.move, self.bin]
        for _ in range(DEEDS):
            reply = self.chance.choice(deeds if self.mine else deeds[:2])()
            self.statuses.append(reply.status_code)
            assert reply.status_code < 500, reply.text

    def create(self) -> httpx.Response:
        reply = self.client.post(STAYS, json=self.new())
        if reply.status_code == 201:
            self.mine.append(reply.json()["id"])
        return reply

    def batch(self) -> httpx.Response:
        reply = self.client.post(STAYS, json=[self.new(), self.new()])
        if reply.status_code == 201:
            self.mine += [one["id"] for one in reply.json()["data"]]
        return reply

    def upload(self) -> httpx.Response:
        rows = [self.new() for _ in range(2)]
        lines = [f"{row['shelf']},{row['starts']},{row['ends'] or ''}" for row in rows]
        text = "\n".join(["shelf,starts,ends", *lines])
        return self.client.post(f"{STAYS}/import", files={"file": ("stays.csv", text)})

    def move(self) -> httpx.Response:
        return self.client.patch(f"{STAYS}/{self.chance.choice(self.mine)}", json=self.period())

    def bin(self) -> httpx.Response:
        """Out of the way, and back where nothing took its place meanwhile."""
        place = f"{STAYS}/{self.chance.choice(self.mine)}"
        self.client.delete(place)
        self.create()
        return self.client.post(f"{place}/restore")


def test_two_processes_never_let_periods_overlap(
    engine_url: str, tmp_path: Path, products: list[Product]
) -> None:
    for _ in range(2):
        products.append(Product(tmp_path, engine_url, {}))
        products[-1].serve()
    clients = [product.client() for product in products]
    reply = clients[0].post("/api/meta/changes", json={"documents": [STAY]})
    assert reply.status_code == 200, reply.text
    writers = [Writer(clients[seed % 2], seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Writer.work, writers))
    statuses = {status for writer in writers for status in writer.statuses}
    assert {200, 201, 422} <= statuses, statuses
    rows = clients[1].get(STAYS, params={"limit": 500, "sort": "shelf,starts"}).json()["data"]
    assert len(rows) > 4
    for before, after in pairwise(rows):
        if before["shelf"] == after["shelf"]:
            assert before["ends"] is not None and before["ends"] <= after["starts"], (before, after)
    for row in rows:
        assert row["ends"] is None or row["starts"] < row["ends"]
