"""The library that both applications hold while they are measured: the same rows, made by seed.

Both write a few thousand loans each in its own way; `bench.copies` makes the rest of them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bench.baseline_fields import FORMATS, STATUSES, Values

SEED = 20260601
GROUPS = 40
USERS = 25
SEEDS = 2_000  # loans that are written, and not copied; so many are a tenth of their members
START = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)
STEP, SPAN = 7919, 1_000_003  # the minutes of the due moments: each once, all over two years
MARKED = 20  # loans with the same shelf mark in their titles
WORDS = (
    "amber archive atlas autumn bridge canal cedar cellar coast copper crossing delta ember "
    "estuary ferry field forest garden glass harbour harvest hill horizon island journey lantern "
    "letter light marsh meadow mirror morning mountain night north orchard paper path pier quiet "
    "rain reed river road salt sea shadow silver sky snow spring stone summer thread tide tower "
    "valley voyage water weather west willow wind winter wood"
).split()


@dataclass(frozen=True)
class Person:
    email: str
    role: str
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Library:
    """Groups and people are numbered; a loan names its member and its assignee by number."""

    records: int
    seeds: int
    people: list[Person]
    members: list[tuple[str, int]]  # name, group; of the seeds

    @property
    def copies(self) -> int:
        """How often each seed is there, itself among them."""
        return self.records // self.seeds

    @property
    def marks(self) -> int:
        return max(1, self.records // MARKED)

    def loans(self) -> Iterator[Values]:
        """The seeds."""
        chance = random.Random(SEED + 1)
        for number in range(self.seeds):
            yield _loan(chance, number, len(self.members), number % self.marks)

    def seed_of(self, barcode: str) -> int:
        return int(barcode[1:]) % self.seeds


def library(records: int, seeds: int = SEEDS) -> Library:
    seeds = min(seeds, records)
    if records % seeds:
        raise ValueError(f"{records:,} loans are not a multiple of {seeds:,}.")
    chance = random.Random(SEED)
    people = [
        Person(f"clerk{n}@library.example", "clerk", tuple(chance.sample(range(GROUPS), 8)))
        for n in range(USERS)
    ]
    members = [
        (f"{_words(chance, 2).title()} {n}", chance.randrange(GROUPS))
        for n in range(max(4, seeds // 10))
    ]
    return Library(records, seeds, people, members)


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _cents(chance: random.Random, most: int) -> Decimal:
    return Decimal(chance.randrange(most)).scaleb(-2)


def mark(number: int) -> str:
    return f"x{number:06d}"


def _loan(chance: random.Random, number: int, members: int, shelf: int) -> Values:
    # Every moment is used once, so that both applications sort the list in one way only.
    minutes = (number * STEP) % SPAN
    return {
        "book": f"The {_words(chance, chance.randint(2, 5))} {mark(shelf)}",
        "notes": _words(chance, chance.randint(10, 60)) if chance.random() < 0.7 else None,
        "weight": Decimal(chance.randrange(50, 3000)).scaleb(-3),
        "fee": _cents(chance, 5000) if chance.random() < 0.8 else None,
        "deposit": _cents(chance, 10000) if chance.random() < 0.3 else None,
        "renewable": chance.random() < 0.5,
        "lent_on": date(2024, 1, 1) + timedelta(days=chance.randrange(700)),
        "due": START + timedelta(minutes=minutes),
        "reading_time": chance.randrange(60, 90_000) if chance.random() < 0.6 else None,
        "status": chance.choices(STATUSES, (10, 25, 5, 55, 5))[0],
        "format": chance.choice(FORMATS),
        "barcode": f"B{number:08d}",
        "member": chance.randrange(members),
        "assignee": chance.randrange(USERS) if chance.random() < 0.5 else None,
        "remark": _words(chance, 6) if chance.random() < 0.2 else None,
    }


def wire(loan: Values, members: list[str], people: list[str]) -> Values:
    """A generated loan as the body of a request."""
    assignee = loan["assignee"]
    return {
        **loan,
        "weight": str(loan["weight"]),
        "fee": _euro(loan["fee"]),
        "deposit": _euro(loan["deposit"]),
        "lent_on": loan["lent_on"].isoformat(),
        "due": loan["due"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "member": members[loan["member"]],
        "assignee": None if assignee is None else {"user": people[assignee]},
    }


def _euro(amount: Decimal | None) -> Values | None:
    return None if amount is None else {"amount": str(amount), "currency": "EUR"}


def token_of(person: Person) -> str:
    """The baseline's tokens; the engine makes its own."""
    return hashlib.sha256(person.email.encode()).hexdigest()
