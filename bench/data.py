"""The library that both applications hold while they are measured: the same rows, made by seed."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import psycopg

from bench.baseline_fields import FORMATS, STATUSES, Values
from bench.baseline_sqlite import stored
from bench.baseline_store import uuid7

from . import baseline_schema

SEED = 20260601
GROUPS = 40
USERS = 25
START = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)
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
    people: list[Person]
    members: list[tuple[str, int]]  # name, group

    def loans(self) -> Iterator[Values]:
        chance = random.Random(SEED + 1)
        for number in range(self.records):
            yield _loan(chance, number, len(self.members))


def library(records: int) -> Library:
    chance = random.Random(SEED)
    people = [
        Person(f"clerk{n}@library.example", "clerk", tuple(chance.sample(range(GROUPS), 8)))
        for n in range(USERS)
    ]
    members = [
        (f"{_words(chance, 2).title()} {n}", chance.randrange(GROUPS))
        for n in range(max(200, records // 10))
    ]
    return Library(records, people, members)


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _cents(chance: random.Random, most: int) -> Decimal:
    return Decimal(chance.randrange(most)).scaleb(-2)


def _loan(chance: random.Random, number: int, members: int) -> Values:
    # Every moment is used once, so that both applications sort the list in one way only.
    minutes = (number * 7919) % 1_000_003
    return {
        "book": f"The {_words(chance, chance.randint(2, 5))}",
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


Tables = dict[str, tuple[str, list[tuple[Any, ...]]]]

LOAN_COLUMNS = (
    "id, rev, title, number, book, notes, weight, fee, deposit, renewable, lent_on, due, "
    "reading_time, status, format, barcode, member, assignee, remark, created_at, updated_at"
)


def baseline_rows(filled: Library) -> Tables:
    """Columns and rows of each of the baseline's tables, but for the search index."""
    groups = [uuid7() for _ in range(GROUPS)]
    users = [uuid7() for _ in filled.people]
    members = [uuid7() for _ in filled.members]
    at = datetime.now(UTC)
    people = list(zip(users, filled.people, strict=True))
    scopes, expires = ["records:read", "records:write"], at + timedelta(days=30)
    tables: Tables = {
        "user_account": (
            "id, email, role, active",
            [(u, p.email, p.role, True) for u, p in people],
        ),
        "user_group": ("user_id, group_id", [(u, groups[g]) for u, p in people for g in p.groups]),
        "token": (
            "id, hash, user_id, scopes, expires_at",
            [
                (uuid7(), hashlib.sha256(token_of(p).encode()).digest(), u, scopes, expires)
                for u, p in people
            ],
        ),
        "member": (
            'id, rev, title, name, "group", created_at, updated_at',
            [
                (id, 1, name, name, groups[group], at, at)
                for id, (name, group) in zip(members, filled.members, strict=True)
            ],
        ),
    }
    return tables | _loan_rows(filled, members, users, at)


def _loan_rows(filled: Library, members: list[str], users: list[str], at: datetime) -> Tables:
    loans: list[tuple[Any, ...]] = []
    history: list[tuple[Any, ...]] = []
    for place, loan in enumerate(filled.loans(), 1):
        id, number = uuid7(), f"L-{place:06d}"
        assignee = None if loan["assignee"] is None else users[loan["assignee"]]
        values = loan | {"member": members[loan["member"]], "assignee": assignee}
        title = f"{number} {loan['book']}"
        loans.append((id, 1, title, number, *values.values(), at, at))
        shown = {"number": number} | wire(loan, members, users)
        changes = {name: [None, value] for name, value in shown.items() if value is not None}
        history.append((id, 1, "loan", "created", at, orjson.dumps(changes).decode()))
    return {
        "loan": (LOAN_COLUMNS, loans),
        "history": ("record, rev, object, event, at, changes", history),
    }


def fill_postgresql(url: str, filled: Library) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(baseline_schema.POSTGRESQL)
        for name, (columns, rows) in baseline_rows(filled).items():
            with connection.cursor().copy(f"copy {name} ({columns}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
        connection.execute(
            "insert into search select 'loan', id, to_tsvector('simple', title) from loan"
        )
        connection.execute("select setval('loan_number', %s)", (filled.records,))
        connection.execute(baseline_schema.POSTGRESQL_INDEXES)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def fill_sqlite(path: str, filled: Library) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.executescript(baseline_schema.SQLITE)
    for name, (columns, rows) in baseline_rows(filled).items():
        names = columns.split(", ")
        connection.executemany(
            f"insert into {name} ({columns}) values ({', '.join('?' * len(names))})",
            [tuple(map(_sqlite_value, names, row)) for row in rows],
        )
    connection.execute(
        "insert into search (rowid, object, record, body) select rowid, 'loan', id, title from loan"
    )
    connection.execute("update sequence set value = ?", (filled.records,))
    connection.executescript(baseline_schema.SQLITE_INDEXES)
    connection.execute("analyze")
    connection.commit()
    connection.close()


def _sqlite_value(name: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list) else stored(name, value)


def analyze_postgresql(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
