"""The documents of docs/ledger.md do what the page says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.app import Client

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def amounts(client: Client) -> list[tuple[str, str]]:
    rows = client.rows("/api/records/charge", limit="100")
    return sorted((row["since"], row["amount"]["amount"]) for row in rows)


def test_the_example_posts_what_the_page_says(client: Client) -> None:
    documents: list[Any] = [yaml.safe_load(one) for one in BLOCK.findall(PAGE.read_text("utf-8"))]
    client.define(*documents)
    price = {"amount": "50.00", "currency": "GBP"}
    plan = client.made("plan", name="Ten", starts="2026-06-01", price=price)["id"]
    hires = [
        client.made("hire", plan=plan, locker=f"L{at}", starts="2026-06-01")["id"]
        for at in range(10)
    ]
    assert client.post("/api/ledgers/fees/runs", {"until": "2026-06-01"}).status == 200
    assert amounts(client) == [("2026-06-01", "500.00")]
    client.patch(f"/api/records/hire/{hires[6]}", {"ends": "2026-06-16"})
    client.post("/api/ledgers/fees/runs", {"until": "2026-07-01"})
    (part,) = client.rows("/api/records/charge_part", where="amount.amount < 0")
    assert (part["since"], part["last_day"], part["days"]) == ("2026-06-16", "2026-06-30", "15")
    assert part["hire"] == hires[6]
    client.patch(f"/api/records/hire/{hires[6]}", {"ends": None})
    client.post("/api/ledgers/fees/runs", {"until": "2026-07-01"})
    assert amounts(client) == [
        ("2026-06-01", "-25.00"), ("2026-06-01", "25.00"), ("2026-06-01", "500.00"),
        ("2026-07-01", "450.00"), ("2026-07-01", "50.00"),
    ]  # fmt: skip
