"""Streams of requests: what one operation sends to one target, request by request."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from bench.world import LISTED, LOANS, World

from . import data

BATCH = 100
DAYS = 90  # of a list between two dates


class Stream(Protocol):
    def request(self, client: int) -> bytes: ...
    def answered(self, client: int, body: bytes) -> None: ...


def encode(world: World, method: str, path: str, body: Any = None) -> bytes:
    lines = f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {world.token}\r\n"
    if body is None:
        return f"{lines}\r\n".encode()
    content = orjson.dumps(body)
    lines += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return f"{lines}\r\n".encode() + content


class Draws:
    """What the words in the braces of an address stand for, drawn anew for each request."""

    def __init__(self, name: str, world: World) -> None:
        self.world = world
        self.chance = random.Random(name)  # both targets are asked the same
        self._day = date.min

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def id(self) -> str:
        return str(self.chance.choice(self.world.loans)["id"])

    @property
    def status(self) -> str:
        return self.chance.choice(LISTED)

    @property
    def word(self) -> str:
        """One that every twentieth title has."""
        return self.chance.choice(data.WORDS)

    @property
    def mark(self) -> str:
        """One that twenty titles have, however many there are."""
        return data.mark(self.chance.randrange(self.world.marks))

    @property
    def moment(self) -> str:
        """One that was never asked for before, in the first year of the library."""
        seconds = next(self.world.asked) * 7919 % 31_536_000
        return (data.START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def amount(self) -> Decimal:
        """Up to twenty, to the cent; so there are two thousand of them."""
        return Decimal(next(self.world.asked) * 7919 % 2_000).scaleb(-2)

    @property
    def day(self) -> date:
        self._day = data.START.date() + timedelta(days=self.chance.randrange(600))
        return self._day

    @property
    def later(self) -> date:
        return self._day + timedelta(days=DAYS)


class Get:
    """Requests that change nothing."""

    def __init__(self, name: str, world: World, template: str) -> None:
        self.world = world
        self.template = template
        self.draws = Draws(name, world)

    def path(self) -> str:
        return quote(self.template.format_map(self.draws), safe="/?&=,.:'()")

    def request(self, client: int) -> bytes:
        return encode(self.world, "GET", self.path())

    def answered(self, client: int, body: bytes) -> None:
        """Nothing to keep."""


_barcodes = itertools.count()  # unique through all rounds


def new_loan(world: World, chance: random.Random) -> dict[str, Any]:
    return {
        "book": f"The {' '.join(chance.choices(data.WORDS, k=4))}",
        "notes": " ".join(chance.choices(data.WORDS, k=30)),
        "weight": f"0.{chance.randrange(100, 999)}",
        "fee": {"amount": f"{chance.randrange(50)}.50", "currency": "EUR"},
        "renewable": True,
        "lent_on": "2026-03-14",
        # Later than all others and each a little different: most lists stay as they are.
        "due": f"2029-01-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:30:00Z",
        "reading_time": chance.randrange(60, 90_000),
        "status": "overdue",
        "format": "paperback",
        "barcode": f"N{next(_barcodes):09d}",
        "member": chance.choice(world.allowed_members),
        "assignee": None,
    }


class Create:
    def __init__(self, world: World, clients: int) -> None:
        self.world = world
        self.chance = random.Random(1)

    def request(self, client: int) -> bytes:
        return encode(self.world, "POST", LOANS, self.body())

    def body(self) -> Any:
        return new_loan(self.world, self.chance)

    def answered(self, client: int, body: bytes) -> None:
        """Nothing to keep."""


class CreateMany(Create):
    def body(self) -> Any:
        return [new_loan(self.world, self.chance) for _ in range(BATCH)]


class Update:
    """Three fields of a loan, guarded by its rev; no two clients write the same loan."""

    def __init__(self, world: World, clients: int) -> None:
        self.world = world
        self.chance = random.Random(2)
        ids = sorted(world.revs)
        self.own = [ids[client::clients] for client in range(clients)]
        self.ids = [itertools.cycle(own) for own in self.own]
        self.current = [""] * clients

    def change(self, id: str) -> dict[str, Any]:
        return {
            "rev": self.world.revs[id],
            "notes": " ".join(self.chance.choices(data.WORDS, k=20)),
            "fee": {"amount": f"{self.chance.randrange(9000)}.25", "currency": "EUR"},
            "reading_time": self.chance.randrange(60, 9_000_000),
        }

    def request(self, client: int) -> bytes:
        self.current[client] = id = next(self.ids[client])
        return encode(self.world, "PATCH", f"{LOANS}/{id}", self.change(id))

    def answered(self, client: int, body: bytes) -> None:
        self.world.revs[self.current[client]] = orjson.loads(body)["rev"]


class UpdateMany(Update):
    def request(self, client: int) -> bytes:
        ids = itertools.islice(self.ids[client], min(BATCH, len(self.own[client])))
        return encode(self.world, "PATCH", LOANS, [{"id": id, **self.change(id)} for id in ids])

    def answered(self, client: int, body: bytes) -> None:
        for record in orjson.loads(body)["data"]:
            self.world.revs[record["id"]] = record["rev"]
