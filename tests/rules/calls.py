"""A rule that calls another system, and the system as a test lets it answer."""

from __future__ import annotations

from typing import Any

import orjson

from tests.rules.house import House, Json, endpoint, rule
from tests.webhooks import Answered, Delivery

CREATED: Json = {"object": "loan", "event": "created"}


def said(body: object, status: int = 200) -> Answered:
    """An answer with JSON."""
    return Answered(status, orjson.dumps(body))


def ask(house: House, *after: Json, name: str = "ask", on: Json | None = None, **call: Any) -> None:
    """A rule that calls the desk and keeps what it answers."""
    asked = {"to": "desk", "body": {"name": "name"}} | call
    house.define(endpoint("desk", house.sink), rule(name, on or CREATED, {"call": asked}, *after))


def keys(deliveries: list[Delivery]) -> set[str]:
    return {one.headers["idempotency-key"] for one in deliveries}


def loan(house: House, **values: Any) -> str:
    return str(house.client.made("loan", **{"name": "Emma", **values})["id"])


def read(house: House, record: str) -> Json:
    found: Json = house.client.get(f"/api/records/loan/{record}").json()
    return found


def waiting(house: House, name: str = "ask") -> list[Json]:
    return [one for one in house.client.rows("/api/runs/waiting") if one["rule"] == name]
