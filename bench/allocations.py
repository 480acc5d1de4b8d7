"""Runs of an allocation over many demands: the first, after changes, of nothing; and one record
that has them all."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bench.conditions import insert
from bench.engines import fresh_engine
from fluvial.auth.actors import SYSTEM
from fluvial.records.drafts.rows import load_rows
from fluvial.records.writing import batch_writes
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from ledger.ledger_run_rows import found_run
from ledger.ledger_runs import RunWish, begin_run, ledger_named

DEMANDS = 10  # of each member
CARDS = 2
CHANGES = 50
FIRST, UNTIL = date(2026, 1, 1), date(2026, 12, 31)
HOURS: dict[str, Any] = {"kind": "number", "scale": 2}
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "member", "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "card", "fields": [
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "cards"},
        {"name": "bought", **HOURS}, {"name": "starts", "kind": "date"},
        {"name": "expires", "kind": "date"}]},
    {"kind": "object", "name": "visit", "fields": [
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "visits"},
        {"name": "day", "kind": "date"}, {"name": "hours", **HOURS}]},
    {"kind": "object", "name": "draw", "fields": [
        {"name": "card", "kind": "lookup", "to": "card", "inverse": "draws", "on_delete": "keep"},
        {"name": "visit", "kind": "lookup", "to": "visit", "inverse": "draws",
         "on_delete": "keep"}, {"name": "hours", **HOURS}]},
    {"kind": "ledger", "name": "hours", "for": "member",
     "allocate": {
         "demands": {"of": "visits", "quantity": "hours", "at": "day"},
         "sources": {"of": "cards", "quantity": "bought", "from": "starts", "until": "expires"}},
     "entries": [{"object": "draw", "amount": "hours",
                  "set": {"card": "source", "visit": "demand"}}]},
]  # fmt: skip


def measure(kind: str, demands: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    lines: list[str] = []
    for members in (max(1, demands // DEMANDS), 1):
        with fresh_engine(kind, "allocations", *DOCUMENTS) as made:
            engine = made.engine
            lines += made.call(lambda: list(_lines(engine, kind, members, demands)))  # noqa: B023
    return "\n".join(
        [
            f"{made.database}; {demands:,} demands.",
            "",
            "| run | demands of one record | records | entries | CPU | time |",
            "|---|---|---|---|---|---|",
            *lines,
        ]
    )


def _lines(engine: Engine, kind: str, members: int, demands: int) -> Iterator[str]:
    print(f"{kind}: filling {demands:,} demands of {members:,} records", file=sys.stderr)
    _fill(Session.begin(engine), members, demands // members)
    each = demands // members
    yield _told("first", engine, each)
    yield _told("nothing to post", engine, each)
    _change(Session.begin(engine))
    yield _told(f"after {CHANGES} changes", engine, each)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{kind}: {peak:.0f} MB at most", file=sys.stderr)


def _told(name: str, engine: Engine, each: int) -> str:
    began, used = time.perf_counter(), time.process_time()
    id = _run(engine)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    run = found_run(engine.database.connection(), "hours", id).wire()
    counts = " | ".join(f"{run[one]:,}" for one in ("records", "entries"))
    return f"| {name} | {each:,} | {counts} | {cpu:.2f} s | {seconds:.2f} s |"


def _run(engine: Engine) -> str:
    session = Session.begin(engine, SYSTEM)
    id = begin_run(session, ledger_named(session, "hours"), RunWish(UNTIL))
    while long_jobs.advance(engine, session.connection, id):
        pass
    return id


def _fill(session: Session, members: int, each: int) -> None:
    with session.connection.transaction():
        for at in range(members):
            member = insert(session, "member", name=str(at))
            for card in range(CARDS):
                starts = FIRST + timedelta(days=90 * card)
                ends = starts + timedelta(days=270)
                bought = Decimal(each) * Decimal("0.4")
                insert(session, "card", member=member, bought=bought, starts=starts, expires=ends)
            for visit in range(each):
                day = FIRST + timedelta(days=visit * 360 // each)
                insert(session, "visit", member=member, day=day, hours=Decimal("1.25"))


def _change(session: Session) -> None:
    rows = load_rows(session, "visit", None, None, limit=CHANGES)
    ids = [row["id"] for row in rows]
    batch_writes.update_each(session, "visit", ids, ("hours",), lambda _, __: {"hours": "1.5"})
