"""Records with lines: killed workers and runs at once make none twice, and none half."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fluvial.database.database import Database
from tests.app import Documents
from tests.fluvial.processes import Product, products
from tests.rules.house import House, rule
from tests.rules.test_making_records import (
    BILL,
    BILLING,
    CHARGE,
    ENTRY,
    MAKE,
    SHOP,
    fees,
    money,
    press,
)  # fmt: skip
from tests.waiting import until

__all__ = ["products"]

Json = dict[str, Any]
POINTS = ("in_event", "rule_before_records", "rule_records", "rule_rows_written")


@pytest.fixture
def documents() -> Documents:
    return (SHOP, CHARGE, BILL, ENTRY)


def end_leases(product: Product) -> None:
    connection = Database(product.environ["FLUVIAL_DATABASE_URL"]).connect()
    connection.script(
        "UPDATE fluvial_outbox SET leased_until = '2020-01-01T00:00:00.000000Z' "
        "WHERE lease IS NOT NULL"
    )
    connection.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_between_any_two_steps(
    request: pytest.FixtureRequest, tmp_path: Path, products: list[Product], database: str
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    # A Redis that is named but away: the web process leaves the work to workers.
    product = Product(tmp_path, url, {"redis_url": "redis://127.0.0.1:1/0"})
    products.append(product)
    product.serve()
    client = product.client()
    on = {"object": "shop", "event": "updated", "fields": ["terms"]}
    wanted = [SHOP, CHARGE, BILL, ENTRY, rule("billing", on, MAKE, once="name")]
    assert client.post("/api/meta/changes", json={"documents": wanted}).status_code == 200
    for point in POINTS:
        shop = client.post("/api/records/shop", json={"name": point}).json()["id"]
        rows = [
            {"name": name, "shop": shop, "of": of, "amount": money("2.50")}
            for name, of in (("a", "rent"), ("b", "rent"), ("c", "water"))
        ]
        assert client.post("/api/records/fee", json=rows).status_code in (200, 201)
        doomed = product.start("worker", FLUVIAL_FAULT_AT=f"{point}:1")
        assert client.patch(f"/api/records/shop/{shop}", json={"terms": 30}).status_code == 200
        assert doomed.killed(), point
        end_leases(product)
    product.start("worker")

    def read(path: str) -> list[Json]:
        found: list[Json] = client.get(f"/api/records/{path}?limit=100").json()["data"]
        return found

    until(lambda: len(read("bill")) == len(POINTS))
    until(lambda: len(client.get("/api/rules/billing/runs").json()["data"]) == len(POINTS))
    assert {bill["total"]["amount"] for bill in read("bill")} == {"7.50"}
    lines = Counter(entry["bill"] for entry in read("entry"))
    assert len(lines) == len(POINTS) and set(lines.values()) == {2}
    assert all(fee["entry"] for fee in read("fee"))


def test_runs_at_once_take_each_row_once(house: House) -> None:
    house.define(BILLING)
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: press(house, shop).status, range(4)))
    assert answers == [200] * 4
    assert len(house.client.rows("/api/records/bill")) == 2
    assert len(house.client.rows("/api/records/entry")) == 3
    found = house.runs("billing")
    told = [run["trace"]["lines"][-1] for run in found]
    assert sum("It created 2 bills" in line for line in told) == 1
