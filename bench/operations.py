"""The five operations that are measured, as streams of requests for one target."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from bench.data import Library
from bench.session import Session
from bench.targets import Target

from . import data

PAGE = "limit=50&sort=due"
LISTED = ("lent", "returned", "reserved")
WITH_MEMBER = (
    "number,title,book,notes,weight,fee,deposit,renewable,lent_on,due,reading_time,status,format,"
    "barcode,member.name,assignee,created_at,created_by,updated_at,updated_by"
)
LOANS = "/api/records/loan"


@dataclass
class World:
    """What one person sees of one target: where requests can go."""

    port: int
    token: str
    loans: list[dict[str, Any]]  # as the lists answered them
    allowed_members: list[str]
    foreign_member: str
    hidden: dict[str, Any]  # a loan that the person may not see
    revs: dict[str, int] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        return Session(self.port, {"authorization": f"Bearer {self.token}"})


def look_around(target: Target, filled: Library) -> World:
    """Find, through the API alone, what the first person may and may not see."""
    person = filled.people[0]
    made = {loan["barcode"]: loan for loan in filled.loans()}

    def own(loan: dict[str, Any]) -> bool:
        return filled.members[made[loan["barcode"]]["member"]][1] in person.groups

    token = target.token(person)
    loans = _listed(target, token)
    allowed = {loan["member"] for loan in loans if own(loan)}
    foreign = {loan["member"] for loan in loans if not own(loan)}
    hidden = next(
        loan
        for other in filled.people[1:]
        for loan in _listed(target, target.token(other))
        if not own(loan) and made[loan["barcode"]]["assignee"] != 0
    )
    revs = {loan["id"]: loan["rev"] for loan in loans}
    return World(target.port, token, loans, sorted(allowed), min(foreign), hidden, revs)


def _listed(target: Target, token: str) -> list[dict[str, Any]]:
    session = Session(target.port, {"authorization": f"Bearer {token}"})
    loans: dict[str, dict[str, Any]] = {}
    for status in LISTED:
        for sort in ("due", "-due"):
            page = session.get(f"{LOANS}?status={status}&sort={sort}&limit=500")
            loans |= {loan["id"]: loan for loan in page["data"]}
    return list(loans.values())


class Operation(Protocol):
    name: str

    def request(self, client: int) -> bytes: ...
    def answered(self, client: int, body: bytes) -> None: ...


def encode(world: World, method: str, path: str, body: Any = None) -> bytes:
    lines = f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {world.token}\r\n"
    if body is None:
        return f"{lines}\r\n".encode()
    content = orjson.dumps(body)
    lines += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return f"{lines}\r\n".encode() + content


class Get:
    """Requests that change nothing: a fixed set of paths in random order."""

    def __init__(self, name: str, world: World, paths: list[str]) -> None:
        self.name = name
        self.paths = paths
        random.Random(name).shuffle(self.paths)
        self.requests = itertools.cycle([encode(world, "GET", path) for path in self.paths])

    def request(self, client: int) -> bytes:
        return next(self.requests)

    def answered(self, client: int, body: bytes) -> None:
        """Nothing to keep."""


class Create:
    name = "create"
    counter = itertools.count()  # shared, so that barcodes stay unique through all repetitions

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(1)

    def request(self, client: int) -> bytes:
        return encode(self.world, "POST", LOANS, new_loan(self.world, self.chance))

    def answered(self, client: int, body: bytes) -> None:
        """Nothing to keep."""


def new_loan(world: World, chance: random.Random) -> dict[str, Any]:
    return {
        "book": f"The {' '.join(chance.choices(data.WORDS, k=4))}",
        "notes": " ".join(chance.choices(data.WORDS, k=30)),
        "weight": f"0.{chance.randrange(100, 999)}",
        "fee": {"amount": f"{chance.randrange(50)}.50", "currency": "EUR"},
        "renewable": True,
        "lent_on": "2026-03-14",
        # Later than all others and each a little different: the lists stay as they are.
        "due": f"2029-01-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:30:00Z",
        "reading_time": chance.randrange(60, 90_000),
        "status": "overdue",
        "format": "paperback",
        "barcode": f"N{next(Create.counter):09d}",
        "member": chance.choice(world.allowed_members),
        "assignee": None,
    }


class Update:
    """Three fields of a loan, guarded by its rev; no two clients write the same loan."""

    name = "update"

    def __init__(self, world: World, clients: int) -> None:
        self.world = world
        self.chance = random.Random(2)
        ids = sorted(world.revs)
        self.ids = [itertools.cycle(ids[client::clients]) for client in range(clients)]
        self.current = [""] * clients

    def request(self, client: int) -> bytes:
        self.current[client] = id = next(self.ids[client])
        body = {
            "rev": self.world.revs[id],
            "notes": " ".join(self.chance.choices(data.WORDS, k=20)),
            "fee": {"amount": f"{self.chance.randrange(9000)}.25", "currency": "EUR"},
            "reading_time": self.chance.randrange(60, 9_000_000),
        }
        return encode(self.world, "PATCH", f"{LOANS}/{id}", body)

    def answered(self, client: int, body: bytes) -> None:
        self.world.revs[self.current[client]] = orjson.loads(body)["rev"]


NAMES = ("read", "list", "list with name", "create", "update")


def operation(name: str, world: World, clients: int) -> Operation:
    if name == "create":
        return Create(world)
    if name == "update":
        return Update(world, clients)
    if name == "read":
        return Get(name, world, [f"{LOANS}/{loan['id']}" for loan in world.loans])
    fields = f"&fields={WITH_MEMBER}" if name == "list with name" else ""
    return Get(name, world, [f"{LOANS}?status={status}&{PAGE}{fields}" for status in LISTED])
