"""A world with a field of every kind, roll-ups, dated values, states, boards and pins."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.app import Client

Json = dict[str, Any]

PATRON: Json = {
    "kind": "object",
    "name": "patron",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "points", "kind": "number", "scale": 3, "dated": True},
        {"name": "balance", "kind": "money", "currency": "EUR", "dated": True},
        {"name": "joined", "kind": "date"},
        {"name": "mood", "kind": "choice", "options": [{"name": "good"}, {"name": "bad"}]},
    ],
}
THING: Json = {
    "kind": "object",
    "name": "thing",
    "title": "{code} {name}",
    "fields": [
        {"name": "code", "kind": "sequence", "pattern": "T-{0000}"},
        {"name": "name", "kind": "text", "max_length": 60, "searchable": True},
        {"name": "note", "kind": "long_text"},
        {"name": "amount", "kind": "number", "scale": 2},
        {"name": "whole", "kind": "number", "scale": 0},
        {"name": "price", "kind": "money", "currency": "EUR", "dated": True},
        {"name": "cost", "kind": "money"},
        {"name": "due", "kind": "date"},
        {"name": "seen_at", "kind": "datetime"},
        {"name": "taken", "kind": "duration"},
        {"name": "done", "kind": "boolean"},
        {"name": "maybe", "kind": "boolean", "three_state": True},
        {
            "name": "status",
            "kind": "choice",
            "default": "open",
            "options": [{"name": "open", "label": "Open"}, {"name": "shut", "closed": True}],
        },
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "red"}, {"name": "blue"}]},
        {"name": "patron", "kind": "lookup", "to": "patron", "inverse": "things"},
        {"name": "mentor", "kind": "lookup", "to": "user"},
        {"name": "patrons", "kind": "multi_lookup", "to": "patron", "inverse": "shared"},
        {"name": "source", "kind": "any_lookup", "to": ["patron", "user"]},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "anyone", "kind": "person", "accepts": ["user", "team", "group", "role"]},
        {"name": "helpers", "kind": "person", "accepts": ["user", "team"], "many": True},
        {"name": "papers", "kind": "file", "many": True},
        {"name": "doubled", "kind": "calculated", "result": "number", "formula": "amount * 2"},
        {"name": "ratio", "kind": "calculated", "result": "number", "formula": "amount / whole"},
        {
            "name": "worth",
            "kind": "calculated",
            "result": "money",
            "currency": "EUR",
            "formula": "price * amount",
        },
        {"name": "any_sum", "kind": "calculated", "result": "money", "formula": "sum(parts, fee)"},
        {
            "name": "part_count",
            "kind": "calculated",
            "result": "number",
            "scale": 0,
            "formula": "count(parts)",
        },
        {"name": "next_due", "kind": "calculated", "result": "date", "formula": "max(parts, due)"},
        {
            "name": "rest",
            "kind": "calculated",
            "result": "duration",
            "formula": "sum(parts, taken) - taken",
        },
        {
            "name": "is_late",
            "kind": "calculated",
            "result": "boolean",
            "formula": "due < today()",
        },
    ],
    "states": {
        "field": "status",
        "transitions": [
            {"name": "shut", "from": ["open"], "to": "shut"},
            {"name": "reopen", "from": ["shut"], "to": "open"},
        ],
    },
}
PART: Json = {
    "kind": "object",
    "name": "part",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "thing", "kind": "lookup", "to": "thing", "inverse": "parts"},
        {"name": "size", "kind": "number", "scale": 4},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "fee", "kind": "money"},
        {"name": "due", "kind": "date"},
        {"name": "taken", "kind": "duration"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
    ],
}
STAY: Json = {
    "kind": "object",
    "name": "stay",
    "title": "{name}",
    "dated": {"from": "starts", "until": "ends", "per": ["thing"]},
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "thing", "kind": "lookup", "to": "thing", "inverse": "stays"},
        {"name": "size", "kind": "number", "scale": 2, "dated": True},
        {"name": "price", "kind": "money", "currency": "EUR", "dated": True},
        {"name": "fee", "kind": "money"},
        {"name": "starts", "kind": "date"},
        {"name": "ends", "kind": "date"},
    ],
}
WEEK: Json = {
    "kind": "calendar",
    "name": "week",
    "default": True,
    "hours": {"mon-fri": ["09:00-17:00"]},
}
BOARD: Json = {
    "kind": "board",
    "name": "things",
    "object": "thing",
    "columns": {"by": "status"},
    "totals": ["sum(amount)"],
}
WORLD = (PATRON, THING, PART, STAY, WEEK, BOARD)

# What bodies are made of: sound and odd values alike.
ODD: tuple[Any, ...] = (
    None, "", " ", "\u200b", True, False, 0, -1, 1.5, 1e308, 99999999999999999, "99999999999999999",
    "0.005", "-0", "+1", "1e5", "\u0661", "NaN", [], [None], [[]], {}, {"user": None},
    {"user": "me"}, {"amount": "1.00", "currency": "EUR"}, {"amount": None, "currency": "JPY"},
    {"amount": "1", "currency": None}, {"amount": "99999999999999999", "currency": "EUR"},
    {"object": "patron", "id": "x"}, "0001-01-01", "9999-12-31", "2026-02-30", "2026-06-15",
    "2026-06-15T08:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "open",
    "shut", ["red", "red"], ["red"], ["blue", None], "x" * 5000, "\ud7ff", "\U0001f600",
    "0192b8a0-0000-7000-8000-000000000000", "; drop table", "{{ 1 }}", 2**31, -(2**63), 2**64,
)  # fmt: skip


def euros(amount: str) -> Json:
    return {"amount": amount, "currency": "EUR"}


# Values that a field takes, or takes all but, at the ends of what it holds.
EDGES: dict[str, tuple[Any, ...]] = {
    "name": ("Ann", "x" * 60, None, "{{ 1 }}", "\U0001f600 <b>'\"&"),
    "note": ("", "long " * 900, None),
    "amount": ("0.01", "-9999999999999.99", "9999999999999999.99", "99999999999999999", None, "0"),
    "whole": (0, -1, 999999999999999999, 99999999999999999999, None),
    "price": (euros("-0.01"), euros("9999999999999999"), euros("1e3"), None),
    "cost": ({"amount": "1", "currency": "JPY"}, {"amount": "1.234", "currency": "BHD"}, None),
    "due": ("0001-01-01", "9999-12-31", "2026-02-28", None),
    "seen_at": ("0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z", "2026-03-29T02:30:00+01:00", None),
    "taken": (0, 1, 10**12, None),
    "status": ("open", "shut", None),
    "tags": (["red", "blue"], [], None),
    "done": (True, None),
    "maybe": (True, False, None),
}  # fmt: skip

FIELDS = tuple(field["name"] for field in THING["fields"])


def settle(client: Client) -> list[str]:
    """Some records, with low, high and no values; the ids of the things."""
    low = {"name": "low", "amount": "0.00", "whole": 0, "due": "0001-01-01", "taken": 0}
    high = {
        "name": "high",
        "amount": "9999999999999.99",
        "whole": 999999999999999,
        "price": {"amount": "9999999999999.99", "currency": "EUR"},
        "cost": {"amount": "5", "currency": "JPY"},
        "due": "9999-12-31",
        "seen_at": "9999-12-30T00:00:00Z",
        "taken": 3600,
        "tags": ["red", "blue"],
    }
    me = client.get("/api/me").json()["id"]
    patron = client.made("patron", name="Emma", points="1.5", joined="2026-01-31", mood="good")[
        "id"
    ]
    shared = {"patron": patron, "patrons": [patron], "keeper": {"user": me}, "mentor": me}
    shared |= {"helpers": [{"user": me}], "source": {"object": "patron", "id": patron}}
    shared |= {"anyone": {"role": "administrator"}, "maybe": True}
    things = [client.made("thing", **values)["id"] for values in (low, high | shared, {})]
    for thing in things[:2]:
        client.made("part", thing=thing, size="1", fee={"amount": "1", "currency": "USD"})
        client.made("part", thing=thing, fee={"amount": "1", "currency": "EUR"}, due="2026-01-01")
        client.made("part", thing=thing, taken=60, price={"amount": "3", "currency": "EUR"})
        client.made("stay", thing=thing, starts="2026-01-01", ends="2026-07-01", size="2",
                    price={"amount": "10", "currency": "EUR"})  # fmt: skip
        client.made("stay", thing=thing, starts="2026-07-01", size="1")
    return things


def odd_body(random: Random) -> Json:
    names = random.sample(FIELDS if random.random() < 0.2 else tuple(EDGES), random.randrange(1, 4))
    return {name: random.choice(_odd(random, name)) for name in names}


def _odd(random: Random, name: str) -> tuple[Any, ...]:
    return EDGES[name] if name in EDGES and random.random() < 0.9 else ODD
