"""A warranty that ends: another system is called, and makes the opportunity through our own API.

What it answers is lost, doubled and refused on the way; there is one opportunity for each end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.webhooks import DROP, Answered, Delivery, Reply, WebhookSink

Json = dict[str, Any]
LOSE = "lose"  # the call is carried out, and its answer never arrives

ENDPOINT: Json = {
    "kind": "endpoint",
    "name": "renewal_desk",
    "authorization": {"env": "DESK_TOKEN"},
}
RULE: Json = {
    "kind": "rule",
    "name": "renewal_by_call",
    "on": {"object": "asset", "date": "warranty_to", "offset": "-30d"},
    "do": [
        {
            "call": {
                "to": "renewal_desk",
                "body": {
                    "name": "'Renew warranty of ' & name",
                    "account": "account",
                    "manager": "account.manager",
                    "close_date": "warranty_to",
                },
                "then": {"update": {"set": {"note": "'Opportunity ' & answer.number"}}},
            }
        }
    ],
}


class Relay(WebhookSink):
    """The other system: it calls our API with the key and the token that it was given."""

    client: Client

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        with self.arrived:
            planned = self.replies.popleft() if self.replies else 201
            self.deliveries.append(Delivery(method, path, headers, body, planned))
        if planned not in (201, LOSE):
            return planned
        sent = {name: headers[name] for name in ("authorization", "idempotency-key")}
        made = Client(self.client.app, sent).post("/api/records/opportunity", orjson.loads(body))
        return DROP if planned == LOSE else Answered(made.status, made.body)


@dataclass
class RenewalDesk:
    engine: Engine
    client: Client
    relay: Relay

    def work(self) -> None:
        """Let the workers work; between their rounds the API answers what the relay asks."""
        database = self.engine.database
        while database.call(lambda: run_pending(self.engine)):
            pass

    def retry(self) -> None:
        self.engine.database.call(
            lambda: self.engine.database.connection().script(
                "UPDATE fluvial_effect SET next_at = NULL"
            )
        )
        self.work()

    def on(self, day: str) -> None:
        """Noon of a day."""
        clock = self.engine.clock
        now = clock.now()
        clock._shift += timedelta(days=(date.fromisoformat(day) - now.date()).days)
        self.client = self.client.signed_in(EMAIL, PASSWORD)
        self.relay.client = self.client
        self.work()

    def opportunities(self) -> list[Json]:
        return self.client.rows("/api/records/opportunity", sort="number")


@pytest.fixture
def desk(open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[RenewalDesk]:
    relay = Relay()
    allow = f"127.0.0.1:{relay.port}"
    engine = open_engine(outbound_allow=allow, zone="Europe/London", now="2026-07-01T11:00:00Z")
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    relay.client = client
    scopes = ["records:read", "records:write"]
    made = client.post("/api/tokens", {"name": "desk", "scopes": scopes}).json()
    monkeypatch.setenv("DESK_TOKEN", f"Bearer {made['token']}")
    client.define(ENDPOINT | {"url": f"{relay.url}/renewals"}, RULE)
    off = client.patch("/api/meta/rule/warranty_renewal", {"active": False})
    assert off.status == 200, off.text
    yield RenewalDesk(engine, client, relay)
    relay.close()


def test_one_opportunity_for_each_end_whatever_is_lost(desk: RenewalDesk) -> None:
    client, relay = desk.client, desk.relay
    manager = client.made("user", name="Daniel", email="daniel@example.com")
    account = client.made("account", name="Harrow Legal LLP", manager={"user": manager["id"]})
    asset = client.made("asset", name="Printer", account=account["id"], warranty_to="2026-08-14")
    desk.on("2026-07-14")
    assert relay.deliveries == []
    relay.replies.extend([500, LOSE, LOSE])
    desk.on("2026-07-15")
    (run,) = desk.client.rows("/api/runs/waiting")
    assert run["record"] == asset["id"] and run["waiting"]["error"] == "It answered 500."
    for _ in range(3):
        desk.retry()
    (made,) = desk.opportunities()
    assert made["name"] == "Renew warranty of Printer" and made["close_date"] == "2026-08-14"
    assert made["manager"] == {"user": manager["id"]}
    assert len(relay.deliveries) == 4
    assert len({one.headers["idempotency-key"] for one in relay.deliveries}) == 1
    note = desk.client.get(f"/api/records/asset/{asset['id']}").json()["note"]
    assert note == f"Opportunity {made['number']}"

    (delivery,) = desk.client.rows("/api/deliveries", kind="call")
    assert desk.client.post(f"/api/deliveries/{delivery['id']}/redeliver").status == 202
    desk.work()
    desk.on("2026-07-16")
    assert len(relay.deliveries) == 5 and len(desk.opportunities()) == 1, "a re-run makes none"

    moved = desk.client.patch(f"/api/records/asset/{asset['id']}", {"warranty_to": "2026-09-20"})
    assert moved.status == 200
    desk.on("2026-08-20")
    assert len(desk.opportunities()) == 1
    desk.on("2026-08-21")
    assert [one["close_date"] for one in desk.opportunities()] == ["2026-08-14", "2026-09-20"]
    runs = desk.client.rows("/api/rules/renewal_by_call/runs")
    assert [one["outcome"] for one in runs] == ["done", "done"]
