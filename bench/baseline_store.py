"""What the two databases of the hand-written application share: actors, times, ids, records."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

Record = dict[str, Any]
Values = dict[str, Any]
Changes = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Actor:
    id: str
    role: str
    groups: list[str]
    scopes: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """The page that a caller asks for."""

    status: str | None
    due_from: datetime | None
    due_before: datetime | None
    fee_over: Decimal | None
    words: list[str] | None
    sort: str | None  # due, created_at, or None: by id
    descending: bool
    limit: int
    after: list[str] | None  # the sort's value, where there is one, and the id
    with_member: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One of a batch: what was sent, and what it means."""

    id: str
    rev: int | None
    members: dict[str, Any]
    values: Values


class Store(Protocol):
    """One thread's connection to one database."""

    def actor(self, token_hash: bytes) -> Actor | None: ...
    def one(self, actor: Actor, id: str, lock: bool = False) -> Record | None: ...
    def many(self, actor: Actor, ids: list[str]) -> dict[str, Record]: ...
    def page(self, actor: Actor, page: Page) -> list[Record]: ...
    def count(self, actor: Actor, page: Page) -> int: ...
    def summary(self, actor: Actor) -> list[Record]: ...
    def counts(self, actor: Actor, most: int | None) -> dict[str, int]: ...
    def cards(self, actor: Actor, limit: int) -> list[Record]: ...
    def usable(self, members: list[str], people: list[str]) -> tuple[dict[str, str], set[str]]: ...
    def references(self, actor: Actor, values: Values) -> tuple[bool, str | None, bool]: ...
    def insert(self, actor: Actor, id: str, values: Values) -> Record: ...
    def insert_many(self, actor: Actor, rows: list[tuple[str, Values]]) -> list[Record]: ...
    def update(self, actor: Actor, id: str, values: Values) -> Record: ...
    def update_many(
        self, actor: Actor, names: tuple[str, ...], rows: list[tuple[str, Values]]
    ) -> list[Record]: ...
    def changed_since(self, id: str, rev: int) -> set[str] | None: ...
    def log(self, actor: Actor, event: str, done: list[tuple[Record, Changes]]) -> None: ...
    def index(self, record: Record, new: bool) -> None: ...
    def index_new(self, records: list[Record]) -> None: ...
    def transaction(self) -> AbstractContextManager[None]: ...
    def ready(self) -> bool: ...


class UniqueConflict(Exception):
    """Another record holds the value of a unique field."""


def uuid7() -> str:
    """A version 7 UUID: milliseconds, then random bits, so that new rows lie side by side."""
    stamp = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = (stamp << 16) | 0x7000 | (noise >> 68)
    low = (0b10 << 62) | (noise & ((1 << 62) - 1))
    text = f"{(high << 64) | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
