"""Others are served while long work runs: with one writer and one thread, as SQLite has them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app import Prepared
from tests.fluvial.processes import Product
from tests.fluvial.tables import AUTHOR

ROWS = 2_000
EVERY = 0.05  # seconds between two looks
LONGEST = 5.0  # seconds for an answer, on a machine that has much to do besides
OBJECTS = range(30)
PLAIN = {"name": "name", "kind": "text", "required": True}
SIZE = {"name": "size", "kind": "number"}
TABLE = "code,name\n" + "".join(f"C{n},Name {n}\n" for n in range(ROWS))


@pytest.fixture
def product(prepared: Prepared, tmp_path: Path) -> Iterator[Product]:
    address = prepared.copy(None, tmp_path, documents=[AUTHOR])
    found = Product(tmp_path, address, {})
    found.serve()
    found.clients.append(httpx.Client(base_url=found.url, timeout=120))
    found.clients[0].headers.update(prepared.headers(address))
    yield found
    found.end()


class Others:
    """Look whether the server is well, and save records, all the while."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.served = 0
        self.longest = 0.0
        self._number = 0

    def beside(self, work: Callable[[], Any]) -> Any:
        """What the work has come to, beside which others were served."""
        self.served, result = 0, []
        thread = threading.Thread(target=lambda: result.append(work()))
        thread.start()
        while thread.is_alive():
            self._look()
            time.sleep(EVERY)
        thread.join()
        return result[0]

    def _look(self) -> None:
        self._number += 1
        started = time.monotonic()
        assert self._client.get("/health/ready").status_code == 200
        body = {"name": f"Other {self._number}"}
        assert self._client.post("/api/records/author", json=body).status_code == 201
        self.longest = max(self.longest, time.monotonic() - started)
        self.served += 1


def writer(client: httpx.Client, name: str) -> float:
    found = re.search(rf"^fluvial_writer_{name} (\S+)$", client.get("/metrics").text, re.M)
    assert found
    return float(found[1])


def recalculated(client: httpx.Client) -> bool:
    while client.get("/api/recalculations").json()["data"]:
        time.sleep(EVERY)
    return True


def test_imports_recalculations_undos_and_packages_leave_room(product: Product) -> None:
    client = product.clients[0]
    mine = httpx.Client(base_url=product.url, headers=client.headers, timeout=120)
    product.clients.append(mine)
    others = Others(client)

    def bring() -> httpx.Response:
        file = {"file": ("people.csv", TABLE.encode(), "text/csv")}
        return mine.post("/api/records/author/import", files=file)

    reply = others.beside(bring)
    assert reply.status_code == 200, reply.text
    batch = reply.json()["batch"]
    assert reply.json()["created"] == ROWS and others.served >= 3

    formula = {"name": "shout", "kind": "calculated", "result": "text", "formula": "name & '!'"}
    changed = {**AUTHOR, "fields": [*AUTHOR["fields"], formula]}

    def change() -> int:
        done = mine.post("/api/meta/changes", json={"documents": [changed]})
        return done.status_code if recalculated(mine) else 0

    assert others.beside(change) == 200 and others.served >= 1
    undone = others.beside(lambda: mine.post(f"/api/imports/{batch}/undo"))
    assert undone.json()["deleted"] == ROWS and others.served >= 3

    def package(version: str, *fields: dict[str, Any]) -> int:
        head = {"kind": "app", "name": "shelves", "label": "Shelves", "version": version}
        own = [
            {"kind": "object", "name": f"shelf_{n}", "fields": [PLAIN, *fields]} for n in OBJECTS
        ]
        return mine.post("/api/packages", json={"documents": [head, *own]}).status_code

    assert others.beside(lambda: package("1.0.0")) == 201 and others.served >= 1
    assert others.beside(lambda: package("1.1.0", SIZE)) == 200 and others.served >= 1
    assert others.beside(lambda: mine.delete("/api/packages/shelves")).status_code == 200
    assert others.longest < LONGEST
    # As one transaction, it would have been six rows for each record.
    assert writer(client, "most_rows") < 3 * ROWS
    assert writer(client, "longest_turn_seconds") < LONGEST
