"""A lending library with rules, and the means to let its workers work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Documents, OpenEngine
from tests.mailbox import Mailbox
from tests.webhooks import WebhookSink

Json = dict[str, Any]
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBsaWJyYXJ5"

MEMBER: Json = {
    "kind": "object",
    "name": "member",
    "label": "Member",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "email", "kind": "text", "format": "email"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team", "group", "role"]},
        {"name": "points", "kind": "number", "scale": 0, "default": 0},
        {"name": "standing", "kind": "choice", "options": [{"name": "good"}, {"name": "barred"}]},
    ],
}

LOAN: Json = {
    "kind": "object",
    "name": "loan",
    "label": "Loan",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "loans"},
        {"name": "due", "kind": "date"},
        {"name": "picked_at", "kind": "datetime"},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "level", "kind": "number", "scale": 0},
        {
            "name": "status",
            "kind": "choice",
            "default": "open",
            "options": [
                {"name": "open", "label": "Open"},
                {"name": "late", "label": "Late"},
                {"name": "returned", "label": "Returned", "closed": True},
            ],
        },
    ],
}

LETTER: Json = {
    "kind": "object",
    "name": "letter",
    "label": "Letter",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "max_length": 40},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "letters"},
        {"name": "about", "kind": "any_lookup", "to": ["loan", "member"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team", "group", "role"]},
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "wanted", "kind": "date"},
        {"name": "copies", "kind": "number", "scale": 0},
    ],
}

OBJECTS = (MEMBER, LOAN, LETTER)


def rule(name: str, on: Json, *do: Json, **more: Any) -> Json:
    return {"kind": "rule", "name": name, "on": on, "do": list(do), **more}


def endpoint(name: str, sink: WebhookSink, **more: Any) -> Json:
    url = f"{sink.url}/{name}"
    return {
        "kind": "endpoint",
        "name": name,
        "url": url,
        "secret": {"env": "LIBRARY_SECRET"},
        **more,
    }


@dataclass
class House:
    """An engine with a client, a mailbox and a receiver of webhooks."""

    engine: Engine
    client: Client
    smtp: Mailbox
    sink: WebhookSink

    def define(self, *documents: Mapping[str, Any]) -> None:
        self.client.define(*documents)

    def work(self, seconds: float = 20.0) -> None:
        """Let the workers work until there is nothing to do."""

        def all_of_it() -> None:
            until = time.monotonic() + seconds
            while run_pending(self.engine):
                assert time.monotonic() < until, "the workers find no end"

        self.engine.database.call(all_of_it)

    def sql(self, text: str, *binds: Any) -> list[tuple[Any, ...]]:
        return self.engine.database.call(
            lambda: self.engine.database.connection().query(text, binds)
        )

    def change(self, text: str) -> None:
        self.engine.database.call(lambda: self.engine.database.connection().script(text))

    def hasten(self) -> None:
        """Let what waits for its next attempt be due now."""
        self.change("UPDATE fluvial_effect SET next_at = NULL")
        self.change("UPDATE fluvial_outbox SET leased_until = NULL")

    def move_clock(self, **by: Any) -> None:
        """Let the product's clock run from a later moment."""
        clock = self.engine.clock
        clock._shift += timedelta(**by)
        self.client = self.client.signed_in(EMAIL, PASSWORD)  # sessions end by the clock too

    def runs(self, name: str) -> list[Json]:
        return self.client.rows(f"/api/rules/{name}/runs")

    def outcomes(self, name: str) -> list[str]:
        return [run["outcome"] for run in reversed(self.runs(name))]

    def deliveries(self, **query: str) -> list[Json]:
        return self.client.rows("/api/deliveries", **query)

    def person(self, email: str, *roles: str) -> str:
        body = {"email": email, "name": email.partition("@")[0].title(), "roles": list(roles)}
        return str(self.client.made("user", **body)["id"])


@pytest.fixture
def documents() -> Documents:
    return OBJECTS


@pytest.fixture
def house(
    open_engine: OpenEngine,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    monkeypatch.setenv("LIBRARY_SECRET", SECRET)
    engine = open_engine(
        smtp_url=smtp.url,
        outbound_allow=f"127.0.0.1:{webhook_sink.port}",
        base_url="https://library.example.org",
        zone="Europe/London",
        now="2026-06-10T09:00:00Z",
    )
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    return House(engine, client, smtp, webhook_sink)
