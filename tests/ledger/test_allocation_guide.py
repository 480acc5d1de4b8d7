"""The documents of docs/allocation.md do what the page says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from fluvial.events.jobs import run_pending
from metamodel.document_files import Loader
from tests.app import Client

PAGE = Path(__file__).parents[2] / "docs" / "allocation.md"
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
MONEY = {"kind": "money", "currency": "GBP"}
NAMED = {"name": "name", "kind": "text", "required": True}


def look_up(to: str, inverse: str) -> Any:
    return {"name": to, "kind": "lookup", "to": to, "inverse": inverse, "on_delete": "keep"}


def beside(name: str, *fields: Any) -> Any:
    return {"kind": "object", "name": name, "fields": [{**NAMED, "required": False}, *fields]}


BESIDE = (
    beside("member", {"name": "overage", **MONEY}),
    beside("sport"),
    beside("lapse", look_up("card", "lapses"), {"name": "day", "kind": "date"},
           {"name": "amount", **MONEY}),
    beside("customer"),
    *(
        beside(one, look_up("customer", f"{one}s"), {"name": "day", "kind": "date"},
               {"name": "amount", **MONEY})
        for one in ("bill", "credit", "receipt")
    ),
    *(
        beside(one, look_up("bill", f"{one}s"), look_up("credit", f"{one}s"),
               look_up("receipt", f"{one}s"), {"name": "amount", **MONEY}, *more)
        for one, more in (("pick", [look_up("customer", "picks")]), ("settlement", []))
    ),
)  # fmt: skip


def gbp(amount: str) -> Any:
    return {"amount": amount, "currency": "GBP"}


def test_the_example_posts_what_the_page_says(client: Client) -> None:
    documents: list[Any] = [
        yaml.load(one, Loader) for one in BLOCK.findall(PAGE.read_text("utf-8"))
    ]
    client.define(*BESIDE, *documents)
    member = client.made("member", name="M", overage=gbp("110.00"))["id"]
    cards = [
        client.made(
            "card", name=name, member=member, bought=bought, price=gbp(price), starts=starts,
            expires=expires,
        )["id"]
        for name, bought, price, starts, expires in (
            ("A", "20", "1800.00", "2026-03-01", "2026-06-01"),
            ("B", "10", "950.00", "2026-04-01", "2026-07-01"),
        )
    ]  # fmt: skip
    hours = {"2026-03-10": "12.5", "2026-04-10": "9", "2026-05-10": "6", "2026-06-10": "8"}
    visits = {
        day: client.made("visit", member=member, day=day, hours=one, approved=True)["id"]
        for day, one in hours.items()
    }

    def run(until: str, ledger: str = "hours") -> None:
        reply = client.post(f"/api/ledgers/{ledger}/runs", {"until": until})
        assert (reply.status, reply.json()["faults"]) == (200, 0), reply.text

    def card(at: int) -> Any:
        return client.get(f"/api/records/card/{cards[at]}").json()

    def work() -> None:
        while run_pending(client.app.engine):
            pass

    left, warned = [], []
    for day in ("2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"):
        run(day)
        client.app.engine.database.call(work)
        left.append((card(0)["left"], card(1)["left"]))
        warned.append((card(0)["warned"], card(1)["warned"]))
    assert left == [("7.50", "10.00"), ("0.00", "8.50"), ("0.00", "2.50"), ("0.00", "0.00")]
    assert warned == [(False, False), (True, False), (True, False), (True, True)]
    run("2026-12-31", "lapsed")
    assert [one["amount"]["amount"] for one in client.rows("/api/records/extra")] == ["605.00"]
    client.delete(f"/api/records/visit/{visits['2026-04-10']}")
    run("2026-06-30")
    assert (card(0)["left"], card(1)["left"]) == ("1.50", "2.00")
    extras = sorted(one["amount"]["amount"] for one in client.rows("/api/records/extra"))
    assert extras == ["-605.00", "605.00"]
    run("2026-12-31", "lapsed")
    lapses = {one["day"]: one["amount"]["amount"] for one in client.rows("/api/records/lapse")}
    assert lapses == {"2026-06-01": "135.00", "2026-07-01": "190.00"}


def test_the_settlement_leaves_what_the_page_says(client: Client) -> None:
    documents: list[Any] = [
        yaml.load(one, Loader) for one in BLOCK.findall(PAGE.read_text("utf-8"))
    ]
    client.define(*BESIDE, *documents)
    made = {one: client.made(one, name=one)["id"] for one in ("customer",)}
    for one, amount in (("bill", "2075.70"), ("receipt", "1500.00"), ("credit", "375.70")):
        made[one] = client.made(
            one, customer=made["customer"], day="2026-06-01", amount=gbp(amount)
        )["id"]
    for one in ("receipt", "credit"):
        client.made("pick", **{name: made[name] for name in ("customer", "bill", one)})
    client.post("/api/ledgers/settlements/runs", {"until": "2026-06-30"})
    rows = client.rows("/api/records/settlement")
    assert sorted(row["amount"]["amount"] for row in rows) == ["1500.00", "375.70"]
