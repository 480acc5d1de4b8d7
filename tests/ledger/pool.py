"""A pool that sells cards of hours, visits that use them up, and what is drawn from which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.runtime.engine import Engine
from tests.app import Client, Prepared, environment

Json = dict[str, Any]
OF_POOL = {"kind": "lookup", "to": "member", "required": True}

MEMBER: Json = {
    "kind": "object",
    "name": "member",
    "label": "Member",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "overage", "kind": "money", "currency": "GBP", "dated": True},
        {"name": "closed_until", "kind": "date"},
    ],
}
SPORT: Json = {
    "kind": "object",
    "name": "sport",
    "label": "Sport",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
CARD: Json = {
    "kind": "object",
    "name": "card",
    "label": "Card",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "member", "inverse": "cards", **OF_POOL},
        {"name": "bought", "kind": "number", "scale": 2, "required": True},
        {"name": "price", "kind": "money", "currency": "GBP"},
        {"name": "starts", "kind": "date"},
        {"name": "expires", "kind": "date"},
        {"name": "at_expiry", "kind": "choice", "default": "lose",
         "options": [{"name": "lose"}, {"name": "carry"}]},
        {"name": "excluded", "kind": "multi_lookup", "to": "sport"},
        {"name": "used", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "sum(draws, hours)"},
        {"name": "left", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "bought - sum(draws, hours)"},
        {"name": "warned", "kind": "boolean"},
    ],
}  # fmt: skip
VISIT: Json = {
    "kind": "object",
    "name": "visit",
    "label": "Visit",
    "title": "{day} {hours}",
    "fields": [
        {"name": "member", "inverse": "visits", **OF_POOL},
        {"name": "day", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 3},
        {"name": "times", "kind": "number", "scale": 2, "default": "1"},
        {"name": "sport", "kind": "lookup", "to": "sport"},
        {"name": "card", "kind": "lookup", "to": "card", "inverse": "wishes"},
        {"name": "approved", "kind": "boolean", "default": True},
        {"name": "covered", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "sum(draws, hours)"},
    ],
}  # fmt: skip
DRAW: Json = {
    "kind": "object",
    "name": "draw",
    "label": "Draw",
    "title": "{card} {hours}",
    "fields": [
        {"name": "card", "kind": "lookup", "to": "card", "inverse": "draws", "on_delete": "keep"},
        {"name": "visit", "kind": "lookup", "to": "visit", "inverse": "draws", "on_delete": "keep"},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "draws"},
        {"name": "day", "kind": "date"},
        {"name": "booked", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "worth", "kind": "money", "currency": "GBP"},
    ],
}
EXTRA: Json = {
    "kind": "object",
    "name": "extra",
    "label": "Extra",
    "title": "{visit} {amount}",
    "fields": [
        {
            "name": "visit",
            "kind": "lookup",
            "to": "visit",
            "inverse": "extras",
            "on_delete": "keep",
        },
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "extras"},
        {"name": "day", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "price", "kind": "money", "currency": "GBP"},
        {"name": "amount", "kind": "money", "currency": "GBP"},
    ],
}
HOURS: Json = {
    "kind": "ledger",
    "name": "hours",
    "label": "Hours",
    "for": "member",
    "allocate": {
        "demands": {"of": "visits", "where": "approved == true", "quantity": "hours * times",
                    "at": "day"},
        "sources": {"of": "cards", "quantity": "bought", "from": "starts", "until": "expires",
                    "order": ["starts", "name"]},
        "match": "not (demand.sport in source.excluded) and "
                 "(demand.card == null or demand.card == source)",
        "rest": {"price": "overage", "entries": [
            {"object": "extra", "amount": "amount",
             "set": {"visit": "demand", "member": "record", "day": "demand.day",
                     "hours": "rest.quantity", "price": "rest.price"}}]},
    },
    "entries": [
        {"object": "draw", "amount": "hours",
         "set": {"card": "source", "visit": "demand", "member": "record", "day": "demand.day",
                 "booked": "booked",
                 "worth": "source.price * draw.quantity / source.bought"}}],
    "closed_until": "closed_until",
}  # fmt: skip
CUSTOMER: Json = {
    "kind": "object",
    "name": "customer",
    "label": "Customer",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}


def worth_object(name: str, *more: Json) -> Json:
    return {
        "kind": "object",
        "name": name,
        "label": name.capitalize(),
        "title": "{number}",
        "fields": [
            {"name": "number", "kind": "text"},
            {"name": "customer", "kind": "lookup", "to": "customer", "inverse": f"{name}s"},
            {"name": "day", "kind": "date"},
            {"name": "amount", "kind": "money"},
            *more,
        ],
    }


def open_of(sum_: str) -> Json:
    return {"name": "open", "kind": "calculated", "result": "money", "formula": sum_}


SHARED = "amount - sum(settlements, amount) if exists(settlements) else amount"
BILL = worth_object("bill", open_of(SHARED))
RECEIPT = worth_object("receipt", open_of(SHARED))
CREDIT = worth_object("credit", open_of(SHARED))
PICK: Json = {
    "kind": "object",
    "name": "pick",
    "label": "Pick",
    "title": "{bill}",
    "fields": [
        {"name": "customer", "kind": "lookup", "to": "customer", "inverse": "picks"},
        {"name": "bill", "kind": "lookup", "to": "bill", "inverse": "picks"},
        {"name": "receipt", "kind": "lookup", "to": "receipt", "inverse": "picks"},
        {"name": "credit", "kind": "lookup", "to": "credit", "inverse": "picks"},
        {"name": "amount", "kind": "money"},
    ],
}
SETTLEMENT: Json = {
    "kind": "object",
    "name": "settlement",
    "label": "Settlement",
    "title": "{bill} {amount}",
    "fields": [
        {"name": "customer", "kind": "lookup", "to": "customer", "inverse": "settlements"},
        {"name": "bill", "kind": "lookup", "to": "bill", "inverse": "settlements"},
        {"name": "receipt", "kind": "lookup", "to": "receipt", "inverse": "settlements"},
        {"name": "credit", "kind": "lookup", "to": "credit", "inverse": "settlements"},
        {"name": "day", "kind": "date"},
        {"name": "payer", "kind": "text"},
        {"name": "why", "kind": "text"},
        {"name": "amount", "kind": "money"},
    ],
}
SETTLE: Json = {
    "kind": "ledger",
    "name": "settle",
    "label": "Settlements",
    "for": "customer",
    "allocate": {
        "demands": {"of": "bills", "quantity": "amount", "order": ["day", "number"]},
        "sources": [
            {"of": "credits", "quantity": "amount", "order": ["day", "number"]},
            {"of": "receipts", "quantity": "amount", "order": ["day", "number"]},
        ],
        "choices": {"of": "picks", "demand": "bill", "source": ["credit", "receipt"],
                    "quantity": "amount"},
        "automatic": False,
    },
    "entries": [
        {"object": "settlement", "amount": "amount",
         "set": {"customer": "record", "bill": "demand", "receipt": "draw.receipt",
                 "credit": "draw.credit", "day": "coalesce(draw.receipt.day, draw.credit.day)",
                 "payer": "draw.receipt.customer.name",
                 "why": "'Credit ' & draw.credit.number if draw.credit != null else "
                        "draw.receipt.number & ' of ' & text(draw.quantity.amount)"}}],
}  # fmt: skip
DOCUMENTS = (
    MEMBER, SPORT, CARD, VISIT, DRAW, EXTRA, HOURS,
    CUSTOMER, BILL, RECEIPT, CREDIT, PICK, SETTLEMENT, SETTLE,
)  # fmt: skip


def gbp(amount: str) -> Json:
    return {"amount": amount, "currency": "GBP"}


class Pool:
    """What tests do with the allocation of hours."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.made = client.made

    def member(self, **values: Any) -> str:
        body = {"name": "Member", "overage": gbp("110.00"), **values}
        return str(self.made("member", **body)["id"])

    def card(self, member: str, bought: str, starts: str, expires: str, **more: Any) -> str:
        body = {"member": member, "bought": bought, "starts": starts, "expires": expires, **more}
        return str(self.made("card", **body)["id"])

    def visit(self, member: str, day: str, hours: str, **more: Any) -> str:
        return str(self.made("visit", member=member, day=day, hours=hours, **more)["id"])

    def run(self, record: str, until: str = "2026-12-31", ledger: str = "hours") -> Json:
        body = {"until": until, "where": f"id == '{record}'"}
        reply = self.client.post(f"/api/ledgers/{ledger}/runs", body)
        assert reply.status == 200, reply.text
        run: Json = reply.json()
        assert run["state"] == "done"
        return run

    def draws(self, member: str) -> list[Json]:
        return self.client.rows(
            "/api/records/draw", where=f"member == '{member}'", sort="created_at", limit="500"
        )

    def left(self, card: str) -> str:
        return str(self.client.get(f"/api/records/card/{card}").json()["left"])

    def extras(self, member: str) -> list[str]:
        rows = self.client.rows("/api/records/extra", where=f"member == '{member}'", limit="500")
        return [row["amount"]["amount"] for row in rows]

    def work(self) -> None:
        engine = self.client.app.engine

        def all_of_it() -> None:
            while run_pending(engine):
                pass

        engine.database.call(all_of_it)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """One product for all tests of a module; each has members of its own."""
    postgresql = request.param == "postgresql"
    databases = request.getfixturevalue("databases") if postgresql else None
    folder = tmp_path_factory.mktemp("pool")
    address = prepared.copy(databases, folder, (), DOCUMENTS)
    engine = Engine(load(environment(address, folder)))
    yield Client(build_app(engine), prepared.headers(address))
    engine.close()
    if databases is not None:
        databases.drop(address)


@pytest.fixture
def pool(product: Client) -> Pool:
    return Pool(product)
