"""Adding a field while eight readers and four writers work: how long each of them ever waits.

The engine adds a field through its API. Beside it stands the same column added by hand, without
a lock timeout. Both are measured while somebody reads the table in one long transaction: with a
plain `ALTER TABLE` all who come later stand in line behind it.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from bench.databases import databases
from bench.session import Session
from bench.targets import ADMIN, Engine

from . import data

READERS, WRITERS = 8, 4
PAUSE = 0.1  # seconds between two calls: else all wait for the processor, and not for the change
SETTLE = 1.5  # seconds of work before and after the change
LONG_READ = 2.0  # seconds of the transaction that holds the table


@dataclass
class Worker:
    """Calls ten times a second, and keeps how long each call took and when it began."""

    call: Callable[[], object]
    took: list[tuple[float, float]] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        over.wait(random.uniform(0, PAUSE))
        while not over.is_set():
            began = time.perf_counter()
            self.call()
            self.took.append((began, time.perf_counter() - began))
            over.wait(PAUSE)

    def worst(self, since: float, until: float) -> float:
        return max((t for at, t in self.took if at + t > since and at < until), default=0.0)


def measure(kind: str, records: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    filled = data.library(records)
    with databases(kind) as (place, directory):
        target = Engine(place.create("bench_schema"), directory)
        try:
            target.prepare(filled)
            rows = list(_rows(kind, target, filled))
        finally:
            target.stop()
    head = (
        f"{place.description}; {records:,} loans, {READERS} readers and {WRITERS} writers "
        "that call about ten times a second each; milliseconds."
    )
    titles = "| change | done after | longest wait of a reader | of a writer | median call |"
    return "\n".join([head, "", titles, "|---|---|---|---|---|", *rows])


def _rows(kind: str, target: Engine, filled: data.Library) -> Iterator[str]:
    admin = target.sign_in(ADMIN["email"], ADMIN["password"])

    def through(name: str) -> Callable[[], object]:
        body = {"fields": [{"name": name, "kind": "number"}]}
        return lambda: _patient(admin, "PATCH", "/api/meta/object/loan", body)

    def by_hand(name: str) -> Callable[[], object]:
        return lambda: _alter(target.url, f"ALTER TABLE loan ADD COLUMN {name} BIGINT")

    token = target.token(filled.people[0])
    yield _row("nothing", target, admin, token, lambda: time.sleep(0.2))
    yield _row("a field, through the engine", target, admin, token, through("extra_one"))
    yield _row("a column, by hand", target, admin, token, by_hand("hand_one"))
    with_reader = "while somebody reads for 2 s"
    for what, change in (
        ("a field, through the engine", through("extra_two")),
        ("a column, by hand", by_hand("hand_two")),
    ):
        with _long_reader(target.url):
            yield _row(f"{what}, {with_reader}", target, admin, token, change)


def _row(
    what: str, target: Engine, admin: Session, token: str, change: Callable[[], object]
) -> str:
    reading = Session(target.port, {"authorization": f"Bearer {token}"})
    ids = [loan["id"] for loan in admin.get("/api/records/loan?limit=50")["data"]]
    readers = [Worker(lambda: reading.get("/api/records/loan?limit=50")) for _ in range(READERS)]
    writers = [Worker(_writing(admin, ids[at::WRITERS])) for at in range(WRITERS)]
    over = threading.Event()
    threads = [threading.Thread(target=w.run, args=(over,)) for w in (*readers, *writers)]
    for thread in threads:
        thread.start()
    time.sleep(SETTLE)
    began = time.perf_counter()
    change()
    done = time.perf_counter()
    time.sleep(SETTLE)
    over.set()
    for thread in threads:
        thread.join()
    until = done + SETTLE
    worst = [max(w.worst(began, until) for w in group) for group in (readers, writers)]
    calls = [t for w in readers for _, t in w.took]
    cells = [done - began, *worst, statistics.median(calls)]
    return f"| {what} | {' | '.join(f'{cell * 1000:.0f}' for cell in cells)} |"


def _writing(admin: Session, ids: list[str]) -> Callable[[], object]:
    numbers = iter(range(10**9))

    def write() -> object:
        number = next(numbers)
        path = f"/api/records/loan/{ids[number % len(ids)]}"
        return _patient(admin, "PATCH", path, {"notes": f"Changed {number}"})

    return write


def _patient(session: Session, method: str, path: str, body: object) -> object:
    """Again where the answer says so."""
    while True:
        reply = session.call(method, path, body)
        if reply.status < 300:
            return reply
        if reply.status not in (409, 503):
            raise RuntimeError(f"{method} {path} answered {reply.status}: {reply.body}")


def _alter(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30) as connection:
            connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as connection_:
        connection_.execute(statement.encode())


@contextmanager
def _long_reader(url: str) -> Iterator[None]:
    """Somebody who holds the table in a transaction that begins just before the change."""

    def hold() -> None:
        time.sleep(SETTLE / 2)
        if url.startswith("sqlite"):
            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM loan").fetchall()
            time.sleep(LONG_READ + SETTLE / 2)
            connection.close()
            return
        with psycopg.connect(url) as held:
            held.execute("SELECT count(*) FROM loan").fetchall()
            time.sleep(LONG_READ + SETTLE / 2)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        thread.join()
