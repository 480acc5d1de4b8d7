"""A club that hires out lockers: plans with prices, who has which locker when, and charges."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.runtime.engine import Engine
from tests.app import Client, Prepared, environment

Json = dict[str, Any]


def choice(name: str, *options: str, **more: Any) -> Json:
    return {"name": name, "kind": "choice", "options": [{"name": one} for one in options], **more}


CLUB: Json = {
    "kind": "object",
    "name": "club",
    "label": "Club",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "closed_until", "kind": "date"},
    ],
}
LOCKER: Json = {
    "kind": "object",
    "name": "locker",
    "label": "Locker",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
PLAN: Json = {
    "kind": "object",
    "name": "plan",
    "label": "Plan",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "club", "kind": "lookup", "to": "club", "inverse": "plans"},
        {"name": "tariff", "kind": "lookup", "to": "tariff", "inverse": "plans"},
        {"name": "starts", "kind": "date"},
        {"name": "ends", "kind": "date"},
        choice("length", "month", "quarter", "half_year", "year", default="month"),
        choice("billed", "start", "end", default="start"),
        choice("convention", "actual_period", "actual_month", "thirty_360", "none",
               default="actual_period"),
        choice("status", "active", "paused", "over", default="active"),
        {"name": "ahead", "kind": "number", "scale": 0},
        {"name": "price", "kind": "money", "currency": "GBP", "dated": True},
        {"name": "quantity", "kind": "number", "scale": 2, "dated": True},
        {"name": "least", "kind": "number", "scale": 0},
        {"name": "included", "kind": "number", "scale": 2},
        {"name": "overage", "kind": "money", "currency": "GBP"},
    ],
}  # fmt: skip
HIRE: Json = {
    "kind": "object",
    "name": "hire",
    "label": "Hire",
    "title": "{locker}",
    "dated": {"from": "starts", "until": "ends", "per": ["locker", "plan"]},
    "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "hires", "required": True},
        {"name": "locker", "kind": "lookup", "to": "locker", "inverse": "hires"},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
        {"name": "price", "kind": "money", "currency": "GBP"},
    ],
}
READING: Json = {
    "kind": "object",
    "name": "reading",
    "label": "Reading",
    "title": "{used}",
    "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "readings"},
        {"name": "read_on", "kind": "date"},
        {"name": "used", "kind": "number", "scale": 2},
    ],
}
CHARGE: Json = {
    "kind": "object",
    "name": "charge",
    "label": "Charge",
    "title": "{plan} {since}",
    "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "charges", "required": True},
        {"name": "amount", "kind": "money", "currency": "GBP"},
        {"name": "since", "kind": "date"},
        {"name": "until", "kind": "date"},
        {"name": "corrects", "kind": "date"},
        {"name": "run", "kind": "text"},
        {"name": "note", "kind": "text"},
    ],
}
SLIP: Json = {
    "kind": "object",
    "name": "slip",
    "label": "Slip",
    "title": "{locker} {since}",
    "fields": [
        {"name": "charge", "kind": "lookup", "to": "charge", "inverse": "slips",
         "on_delete": "cascade"},
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "slips"},
        {"name": "locker", "kind": "lookup", "to": "locker", "inverse": "slips"},
        {"name": "since", "kind": "date"},
        {"name": "last_day", "kind": "date"},
        {"name": "days", "kind": "number", "scale": 0},
        {"name": "quantity", "kind": "number", "scale": 2},
        {"name": "price", "kind": "money", "currency": "GBP"},
        {"name": "note", "kind": "text"},
        {"name": "amount", "kind": "money", "currency": "GBP"},
    ],
}  # fmt: skip
TARIFF: Json = {
    "kind": "object",
    "name": "tariff",
    "label": "Tariff",
    "fields": [{"name": "name", "kind": "text"}, choice("mode", "look_up", "fill_up")],
}
STEP: Json = {
    "kind": "object",
    "name": "step",
    "label": "Step",
    "fields": [
        {"name": "tariff", "kind": "lookup", "to": "tariff", "inverse": "steps"},
        {"name": "first", "kind": "number", "scale": 0},
        {"name": "last", "kind": "number", "scale": 0},
        {"name": "price", "kind": "money", "currency": "GBP"},
    ],
}
VISIT: Json = {
    "kind": "object",
    "name": "visit",
    "label": "Visit",
    "title": "{day}",
    "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "visits"},
        {"name": "day", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "rate", "kind": "money", "currency": "GBP"},
        {"name": "approved", "kind": "boolean"},
    ],
}
OBJECTS = (CLUB, LOCKER, TARIFF, STEP, PLAN, VISIT, HIRE, READING, CHARGE, SLIP)

FEES: Json = {
    "kind": "ledger",
    "name": "fees",
    "label": "Fees",
    "for": "plan",
    "when": "status != 'paused'",
    "periods": {
        "from": "starts",
        "until": "ends",
        "every": "length",
        "align": "calendar",
        "due": "billed",
        "lead": "days(coalesce(ahead, 0))",
    },
    "target": [
        {
            "segments": "hires",
            "item": "locker",
            "price": "coalesce(price, record.price)",
            "least": "least",
            "convention": "convention",
        },
        {
            "when": "quantity != null",
            "quantity": "quantity",
            "price": "price",
            "convention": "convention",
        },
        {
            "each": "readings",
            "at": "read_on",
            "amount": "max(0, used - record.included) * record.overage",
        },
    ],
    "entries": [
        {
            "object": "charge",
            "amount": "amount",
            "set": {
                "plan": "record",
                "since": "period.from",
                "until": "period.until",
                "corrects": "corrects.from",
                "run": "run",
            },
        }
    ],
    "parts": {
        "object": "slip",
        "amount": "amount",
        "set": {
            "charge": "entry",
            "plan": "record",
            "locker": "part.locker",
            "since": "part.from",
            "last_day": "part.last_day",
            "days": "part.days",
            "quantity": "part.quantity",
            "price": "part.price",
            "note": "part.note",
        },
    },
    "closed_until": "club.closed_until",
}
ENTRY = {"object": "charge", "amount": "amount", "set": {"plan": "record", "since": "period.from"}}
BANDS = "tiered(charged.quantity, tariff.steps, tariff.mode)"
VOLUME: Json = {
    "kind": "ledger",
    "name": "volume",
    "for": "plan",
    "periods": {"from": "starts", "until": "ends", "every": "month"},
    "target": [{"quantity": "quantity", "amount": BANDS}],
    "entries": [ENTRY],
}
WORK: Json = {
    "kind": "ledger",
    "name": "work",
    "for": "visit",
    "when": "approved == true",
    "day": "day",
    "target": [{"quantity": "hours", "price": "rate"}],
    "entries": [{**ENTRY, "set": {"plan": "plan", "since": "day"}}],
}
RELEASE: Json = {
    "kind": "ledger",
    "name": "release",
    "for": "plan",
    "periods": {"from": "starts", "until": "ends", "every": "month", "due": "'end'"},
    "target": [{"spread": {"amount": "price", "from": "starts", "until": "ends"}}],
    "entries": [ENTRY],
}
DOCUMENTS = (*OBJECTS, FEES, VOLUME, WORK, RELEASE)


def gbp(amount: str) -> Json:
    return {"amount": amount, "currency": "GBP"}


class Club:
    """What tests do with the ledger of fees."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.made = client.made
        self.plans: list[str] = []

    def plan(self, **values: Any) -> str:
        body = {"name": "Plan", "starts": "2026-01-01", "price": gbp("50.00"), **values}
        self.plans.append(str(self.made("plan", **body)["id"]))
        return self.plans[-1]

    def hire(self, plan: str, starts: str = "2026-01-01", **values: Any) -> str:
        locker = self.made("locker", name=values.pop("name", "Locker"))["id"]
        body = {"plan": plan, "locker": locker, "starts": starts, **values}
        return str(self.made("hire", **body)["id"])

    def run(self, until: str, ledger: str = "fees", **more: Any) -> Json:
        """For the plans of this test, unless `where` says otherwise."""
        own = " or ".join(f"id == '{one}'" for one in self.plans)
        more = {"where": own, **more}
        reply = self.client.post(f"/api/ledgers/{ledger}/runs", {"until": until, **more})
        assert reply.status == 200, reply.text
        run: Json = reply.json()
        assert run["state"] == "done"
        return run

    def charges(self, plan: str) -> list[tuple[str, str]]:
        """The first day of the period and the amount of each."""
        rows = self.client.rows(
            "/api/records/charge", where=f"plan == '{plan}'", sort="since", limit="500"
        )
        return sorted((row["since"], row["amount"]["amount"]) for row in rows)

    def sum_of(self, plan: str) -> str:
        rows = self.client.rows("/api/records/charge", where=f"plan == '{plan}'", limit="500")
        return str(sum((Decimal(row["amount"]["amount"]) for row in rows), Decimal(0)))

    def slips(self, plan: str) -> list[tuple[str, str, str]]:
        """First and last day and the amount of each part."""
        rows = self.client.rows("/api/records/slip", where=f"plan == '{plan}'", limit="500")
        return sorted((r["since"], r["last_day"], r["amount"]["amount"]) for r in rows)

    def dated(self, plan: str, day: str, **values: Any) -> None:
        """A value of a plan from a day on."""
        reply = self.client.patch(f"/api/records/plan/{plan}?as_of={day}", values)
        assert reply.status == 200, reply.text

    def ended(self, hire: str, day: str | None) -> None:
        reply = self.client.patch(f"/api/records/hire/{hire}", {"ends": day})
        assert reply.status == 200, reply.text

    def work(self) -> None:
        """Let the workers work until there is nothing to do."""
        engine = self.client.app.engine

        def all_of_it() -> None:
            while run_pending(engine):
                pass

        engine.database.call(all_of_it)

    def explain(self, plan: str, ledger: str = "fees", **query: str) -> Json:
        reply = self.client.get(f"/api/ledgers/{ledger}/explain", record=plan, **query)
        assert reply.status == 200, reply.text
        told: Json = reply.json()
        return told


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """One product for all tests of a module; each has plans of its own."""
    postgresql = request.param == "postgresql"
    databases = request.getfixturevalue("databases") if postgresql else None
    folder = tmp_path_factory.mktemp("club")
    address = prepared.copy(databases, folder, (), DOCUMENTS)
    engine = Engine(load(environment(address, folder)))
    yield Client(build_app(engine), prepared.headers(address))
    engine.close()
    if databases is not None:
        databases.drop(address)


@pytest.fixture
def club(product: Client) -> Club:
    return Club(product)
