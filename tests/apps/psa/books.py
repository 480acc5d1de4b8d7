"""A provider with a customer, whose contracts, time and projects are charged and invoiced."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from fluvial.events.jobs import run_pending
from fluvial.runtime.engine import Engine
from tests.app import Client

Json = dict[str, Any]
NUMBERS = count(1)


def gbp(amount: str) -> Json:
    return {"amount": amount, "currency": "GBP"}


@dataclass
class Books:
    """One legal entity with one account, of their own: what a test invoices is its own."""

    client: Client
    engine: Engine
    entity: str = ""
    account: str = ""
    at: int = 0
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = next(NUMBERS)
        tax = self.made("tax_code", code=f"T{self.at}", name="Standard", rate="20")
        self.entity = self.made(
            "legal_entity", name=f"Tidewell {self.at}", currency="GBP", tax_code=tax
        )
        self.account = self.made(
            "account", name=f"Harrow {self.at}", entity=self.entity, currency="GBP"
        )

    def made(self, object_name: str, **values: Any) -> str:
        return str(self.client.made(object_name, **values)["id"])

    def line(self, behaviour: str, price: str, starts: str, **values: Any) -> str:
        product = self.made(
            "product",
            code=f"P{next(NUMBERS)}",
            name="Support",
            behaviour=behaviour,
            **values.pop("product", {}),
        )
        contract = self.made("contract", name="Support", account=self.account, starts=starts)
        self.act("contract", contract, "activate")
        line = self.made(
            "contract_line",
            **{"description": "Support", "billing": "advance", **values},
            contract=contract,
            product=product,
            starts=starts,
            price=gbp(price),
        )
        self.lines.append(line)
        return line

    def covered(self, line: str, starts: str, name: str = "Printer", **values: Any) -> str:
        asset = self.made("asset", name=name, account=self.account)
        return self.made(
            "coverage", asset=asset, contract_line=line, starts=starts, level="gold", **values
        )

    def ten(self, starts: str = "2026-06-01", **values: Any) -> tuple[str, list[str]]:
        line = self.line("per_asset", "50.00", starts, **values)
        return line, [self.covered(line, starts, f"Printer {at}") for at in range(1, 11)]

    def change(self, object_name: str, record: str, day: str = "", **values: Any) -> None:
        path = f"/api/records/{object_name}/{record}{f'?as_of={day}' if day else ''}"
        reply = self.client.patch(path, values)
        assert reply.status == 200, reply.text

    def act(self, object_name: str, record: str, action: str, **values: Any) -> None:
        path = f"/api/records/{object_name}/{record}/actions/{action}"
        reply = self.client.post(path, values)
        assert reply.status in (200, 202), reply.text
        run_pending(self.engine)

    def run(self, until: str, ledger: str = "recurring", **more: Any) -> Json:
        """What a run of a ledger posts for this test."""
        own = " or ".join(f"id == '{one}'" for one in self.lines)
        if ledger in ("recurring", "usage"):
            more = {"where": own, **more}
        reply = self.client.post(f"/api/ledgers/{ledger}/runs", {"until": until, **more})
        assert reply.status == 200, reply.text
        run: Json = reply.json()
        assert run["state"] == "done" and run["fault_list"] == [], run
        return run

    def posted(self, until: str, ledger: str = "recurring") -> str:
        """The sum that a run posts."""
        amounts = self.run(until, ledger)["amounts"]
        return str(sum((Decimal(one["amount"]) for one in amounts), Decimal("0.00")))

    def charges(self, **query: str) -> list[Json]:
        where = f"account == '{self.account}'"
        return self.client.rows("/api/records/charge", where=where, limit="500", **query)

    def parts(self) -> list[tuple[str, str, str]]:
        """First and last day, and amount, of what explains the charges."""
        where = f"charge.account == '{self.account}'"
        rows = self.client.rows("/api/records/charge_part", where=where, limit="500")
        return sorted((r["starts"], r["last_day"], r["amount"]["amount"]) for r in rows)

    def bill(self, as_at: str) -> Json:
        """The one invoice that a billing run makes."""
        run = self.made("billing_run", entity=self.entity, as_at=as_at)
        for action in ("review", "release", "billing_run_invoices", "finish"):
            self.act("billing_run", run, action)
        (invoice,) = self.client.rows("/api/records/invoice", where=f"run == '{run}'")
        return invoice

    def billed(self, day: str) -> Json:
        """The invoice of what is due until a day."""
        self.run(day)
        return self.bill(day)

    def net_of(self, day: str) -> str:
        return str(self.billed(day)["net"]["amount"])

    def net(self, as_at: str) -> str:
        return str(self.bill(as_at)["net"]["amount"])

    def read(self, object_name: str, record: str) -> Json:
        found: Json = self.client.get(f"/api/records/{object_name}/{record}").json()
        return found
