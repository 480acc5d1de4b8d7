"""The server's own process: it starts, answers, keeps its data and ends cleanly."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.fluvial.processes import PATIENCE, Product, products

__all__ = ["products"]


def test_ctrl_c_ends_it_cleanly_and_the_data_stay(
    sqlite_url: str, tmp_path: Path, products: list[Product]
) -> None:
    product = Product(tmp_path, sqlite_url, {}, fresh=True)
    products.append(product)
    server = product.serve()
    made = product.client().post("/api/records/team", json={"name": "North"}).json()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(PATIENCE) == 0
    product.serve()
    kept = product.client().get(f"/api/records/team/{made['id']}")
    assert kept.json()["name"] == "North"
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
