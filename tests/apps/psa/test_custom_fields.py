"""A company adds fields to assets of the app while it runs: they are everywhere at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.mailbox import Mailbox
from tests.webhooks import WebhookSink

Json = dict[str, Any]

ENGINEER = {"name": "backup_engineer", "label": "Backup engineer", "kind": "person"}
RISK = {"name": "risk_score", "label": "Risk of failure", "kind": "number", "scale": 0}
ADDED: tuple[Json, ...] = (
    {**ENGINEER, "accepts": ["user"]},
    {**RISK, "min": 0, "max": 100},
    {"name": "rack", "label": "Rack", "kind": "text"},
    {"name": "checked_on", "label": "Checked on", "kind": "date"},
)
FACE: tuple[Json, ...] = (
    {"kind": "view", "name": "risky", "label": "Risky", "object": "asset",
     "columns": ["name", "backup_engineer", "risk_score"], "where": "risk_score > 30"},
    {"kind": "board", "name": "fleet", "object": "asset", "columns": {"by": "status"},
     "card": {"title": "name", "fields": ["backup_engineer", "risk_score"]},
     "totals": ["max(risk_score)"]},
    {"kind": "report", "name": "risks", "label": "Risks", "object": "asset",
     "group": ["backup_engineer"], "measures": ["count()", "sum(risk_score)"]},
    {"kind": "template", "name": "riskier", "for": "asset", "subject": "Look at {{ asset.name }}",
     "body": "<p>{{ asset.backup_engineer.name }}: {{ asset.risk_score }}</p>"},
)  # fmt: skip


@dataclass
class Fleet:
    client: Client
    smtp: Mailbox
    sink: WebhookSink

    def work(self) -> None:
        engine = self.client.app.engine
        while engine.database.call(lambda: run_pending(engine)):
            pass

    def rise(self, path: str, score: int) -> str:
        """Give an asset another score; what the rule says of it."""
        assert self.client.patch(path, {"risk_score": score}).status == 200
        self.work()
        runs = self.client.rows("/api/rules/riskier/runs")
        return str(runs[0]["outcome"])


@pytest.fixture
def fleet(
    open_engine: OpenEngine,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
    monkeypatch: pytest.MonkeyPatch,
) -> Fleet:
    monkeypatch.setenv("WATCH_SECRET", "whsec_c2VjcmV0IG9mIHRoZSBmbGVldA==")
    allow = f"127.0.0.1:{webhook_sink.port}"
    engine = open_engine(smtp_url=smtp.url, outbound_allow=allow)
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    return Fleet(client, smtp, webhook_sink)


def test_fields_that_a_company_adds_to_assets_are_everywhere(fleet: Fleet) -> None:
    client = fleet.client
    account = client.made("account", name="Harrow Legal LLP")["id"]
    before = client.made("asset", name="Server", account=account)
    roles = ["service_manager"]
    ann = client.made("user", name="Ann", email="ann@example.org", roles=roles)["id"]
    ben = client.made("user", name="Ben", email="ben@example.org")["id"]
    site = {"kind": "object", "name": "asset", "fields": list(ADDED)}
    rule = {
        "kind": "rule", "name": "riskier", "when": "increased(risk_score, 10)",
        "on": {"object": "asset", "event": "updated", "fields": ["risk_score"]},
        "do": [
            {"notify": {"to": ["backup_engineer"], "by": ["email"], "template": "riskier"}},
            {"webhook": {"to": "watch", "body": {"who": "backup_engineer", "score": "risk_score"}}},
        ],
    }  # fmt: skip
    form = {
        "kind": "webform", "name": "tell_us", "object": "asset", "slug": "tell-us",
        "steps": [{"name": "one", "fields": [{"field": "name"}, {"field": "risk_score"}]}],
        "fixed": {"account": account}, "spam": {"min_seconds": 0, "api": True},
    }  # fmt: skip
    secret = {"env": "WATCH_SECRET"}
    watch = {"kind": "endpoint", "name": "watch", "url": fleet.sink.url, "secret": secret}
    client.define(site, *FACE, form, watch, rule)

    # The API, on a record that was there before.
    path = f"/api/records/asset/{before['id']}"
    values = {"backup_engineer": {"user": ann}, "risk_score": "40", "rack": "R7"}
    changed = client.patch(path, {**values, "checked_on": "2026-06-01"}).json()
    assert {name: changed[name] for name in values} == values
    client.made(
        "asset", name="Tape", account=account, backup_engineer={"user": ben}, risk_score=20,
        rack="R7", checked_on="2026-05-01",
    )  # fmt: skip
    # Form, which nobody arranged anew, and grid.
    page = client.get(f"/o/asset/{before['id']}/edit").text
    assert all(f'name="{one["name"]}"' in page for one in ADDED)
    grid = client.get("/o/asset", view="risky").text
    assert "Backup engineer" in grid and "Server" in grid and "Tape" not in grid
    # Filter together with the two other new fields; summary and export.
    where = (
        "risk_score >= 20 and backup_engineer.email == 'ann@example.org'"
        " and rack == 'R7' and checked_on > '2026-05-15'"
    )
    found = client.rows("/api/records/asset", where=where, fields="name,backup_engineer.name")
    assert [(one["name"], one["backup_engineer"]["name"]) for one in found] == [("Server", "Ann")]
    exported = client.get(
        "/api/records/asset/export", format="csv", fields="name,backup_engineer,risk_score",
        where="rack == 'R7'", sort="-risk_score",
    )  # fmt: skip
    assert exported.text.splitlines()[1:] == [f"Server,{ann},40", f"Tape,{ben},20"]
    # Card of a board, and groups of a report.
    columns = client.get("/api/boards/fleet").json()["columns"]
    (column,) = [one for one in columns if one["value"] == "deployed"]
    cards = {one["name"]: (one["backup_engineer"], one["risk_score"]) for one in column["records"]}
    assert cards == {"Server": ({"user": ann}, "40"), "Tape": ({"user": ben}, "20")}
    assert column["totals"] == {"max(risk_score)": "40"}
    report = client.get("/api/reports/risks").json()
    said = [
        (*row["labels"].values(), row["measures"]["count()"], row["measures"]["sum(risk_score)"])
        for row in report["data"]
    ]
    assert said == [("Ann", 1, "40"), ("Ben", 1, "20")]
    # A web form asks for it, within its limits.
    assert client.post("/forms/tell-us", {"name": "Switch", "risk_score": "101"}).status == 422
    assert client.post("/forms/tell-us", {"name": "Switch", "risk_score": "77"}).status == 201
    assert client.rows("/api/records/asset", where="risk_score == 77")[0]["name"] == "Switch"
    # A rise by 10 is told: not from 40 to 49, but from 40 to 50.
    assert fleet.rise(path, 49) == "not_met"
    assert fleet.rise(path, 40) == "not_met"
    assert fleet.sink.deliveries == []
    assert fleet.rise(path, 50) == "done"
    (mail,) = fleet.smtp.wait(1)
    body = mail.message.get_body(("html",))
    assert mail.recipients == ["ann@example.org"]
    assert body is not None and "Ann: 50" in body.get_content()
    (delivery,) = fleet.sink.wait(1)
    assert delivery.json()["data"] == {"who": {"user": ann}, "score": "50"}  # type: ignore[index]
