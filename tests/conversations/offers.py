"""A small business that sends offers: what the tests of links act on."""

import re
from typing import Any
from urllib.parse import urlencode

from fluvial.events.jobs import run_pending
from fluvial.runtime.engine import Engine
from tests.app import Client, Reply

BUYER: dict[str, Any] = {
    "kind": "object",
    "name": "buyer",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "email", "kind": "text", "format": "email"},
        {"name": "rating", "kind": "text"},
    ],
}
OFFER: dict[str, Any] = {
    "kind": "object",
    "name": "offer",
    "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "OF-{000}"},
        {"name": "buyer", "kind": "lookup", "to": "buyer"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "margin", "kind": "text"},
        {"name": "remark", "kind": "long_text"},
        {"name": "signer", "kind": "text"},
        {"name": "delivery", "kind": "date"},
        {"name": "checked", "kind": "boolean"},
        {"name": "reason", "kind": "text"},
        {
            "name": "state",
            "kind": "choice",
            "default": "sent",
            "options": [{"name": n} for n in ("draft", "sent", "accepted", "declined")],
        },
    ],
    "states": {
        "field": "state",
        "transitions": [
            {
                "name": "accept",
                "from": ["sent"],
                "to": "accepted",
                "ask": ["remark"],
                "needs": ["delivery"],
                "when": "price != null",
                "message": "Without a price in our secret books it cannot be accepted.",
            },
            {"name": "again", "from": ["accepted", "declined"], "to": "sent"},
        ],
    },
}
DECLINE: dict[str, Any] = {
    "kind": "rule",
    "name": "decline",
    "on": {
        "object": "offer",
        "button": "Decline",
        "when": "state == 'sent'",
        "ask": [
            {
                "name": "why",
                "kind": "choice",
                "options": [{"name": "price"}, {"name": "time"}],
                "required": True,
            },
            {"name": "more", "kind": "text", "default": "= margin"},
        ],
    },
    "do": [
        {"update": {"set": {"reason": "text(asked.why) & ' ' & coalesce(asked.more, '')"}}},
    ],
}
ACCEPTING: dict[str, Any] = {
    "kind": "link",
    "name": "accept_offer",
    "label": "Accept our offer",
    "help": "Look at what we offer, and accept it here.",
    "object": "offer",
    "action": "accept",
    "shows": ["number", "price", "buyer.name"],
    "ask": [
        {"name": "signer", "kind": "text", "label": "Your name", "required": True},
        {"name": "order_number", "kind": "text", "label": "Your order number"},
    ],
    "expires": "30d",
    "submit": "I accept",
    "done": {"title": "Thank you", "message": "We begin at once."},
    "look": {"name": "Hill Traders", "colour": "#aa3300"},
}
DECLINING: dict[str, Any] = {
    "kind": "link",
    "name": "decline_offer",
    "object": "offer",
    "action": "decline",
    "shows": ["number"],
    "once": False,
    "expires": "2d",
    "allow": ["seller"],
    "closed": "This offer is closed. Call us on 555.",
}
SELLER: dict[str, Any] = {
    "kind": "role",
    "name": "seller",
    "grants": [
        {"object": "offer", "can": ["read", "update"]},
        {"object": "buyer", "can": ["read"]},
    ],
}
LOOKER: dict[str, Any] = {
    "kind": "role",
    "name": "looker",
    "grants": [{"object": "offer", "can": ["read"]}],
}
OFFERS = (BUYER, OFFER, DECLINE, SELLER, LOOKER, ACCEPTING, DECLINING)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def offer(client: Client, **values: Any) -> str:
    buyer = client.made("buyer", name="Ada Byron", rating="poor", email="ada@example.com")
    price = {"amount": "1250.50", "currency": "EUR"}
    known = {"buyer": buyer["id"], "price": price, "margin": "secret margin"}
    return str(client.made("offer", **known | values)["id"])


def link(client: Client, record: str, name: str = "accept_offer", **body: Any) -> str:
    """The path of a new link."""
    reply = client.post(f"/api/records/offer/{record}/links", {"link": name, **body})
    assert reply.status == 201, reply.text
    return re.sub(r"^https?://[^/]+", "", reply.json()["href"])


def press(who: Client, path: str, headers: dict[str, str] | None = None, **answers: str) -> Reply:
    return who.call("POST", path, body=urlencode(answers).encode(), headers=FORM | (headers or {}))


def read(client: Client, record: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/records/offer/{record}").json()
    return found


def work(engine: Engine) -> None:
    """Let the workers work until there is nothing to do."""

    def all_of_it() -> None:
        for _ in range(1000):
            if not run_pending(engine):
                return
        raise AssertionError("the workers find no end")

    engine.database.call(all_of_it)
