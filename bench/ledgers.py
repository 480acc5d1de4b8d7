"""Runs of a ledger over many records with twelve items: the first, after changes, of nothing."""

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
from bench.timing import timed
from fluvial.auth.actors import SYSTEM
from fluvial.records.drafts.rows import load_rows
from fluvial.records.writing import batch_writes
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from ledger.ledger_run_rows import found_run
from ledger.ledger_runs import RunWish, begin_run, ledger_named
from metamodel.currencies import Amount

ITEMS = 12
CHANGES = 50
FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
MONEY: dict[str, Any] = {"kind": "money", "currency": "GBP"}
SPAN = [{"name": "starts", "kind": "date"}, {"name": "ends", "kind": "date"}]
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "locker", "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "plan", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"}, *SPAN, {"name": "price", **MONEY, "dated": True}]},
    {"kind": "object", "name": "hire", "title": "{locker}",
     "dated": {"from": "starts", "until": "ends", "per": ["plan", "locker"]}, "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "hires"},
        {"name": "locker", "kind": "lookup", "to": "locker"}, *SPAN]},
    {"kind": "object", "name": "fee", "title": "{plan}", "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "fees"}, *SPAN,
        {"name": "amount", **MONEY}]},
    {"kind": "object", "name": "slip", "title": "{days}", "fields": [
        {"name": "fee", "kind": "lookup", "to": "fee", "inverse": "slips"},
        {"name": "locker", "kind": "lookup", "to": "locker"}, *SPAN,
        {"name": "days", "kind": "number", "scale": 0}, {"name": "amount", **MONEY}]},
    {"kind": "ledger", "name": "fees", "for": "plan",
     "periods": {"from": "starts", "until": "ends", "every": "month"},
     "target": [{"segments": "hires", "item": "locker", "price": "record.price"}],
     "entries": [{"object": "fee", "amount": "amount",
                  "set": {"plan": "record", "starts": "period.from", "ends": "period.until"}}],
     "parts": {"object": "slip", "amount": "amount",
               "set": {"fee": "entry", "locker": "part.locker", "starts": "part.from",
                       "ends": "part.until", "days": "part.days"}}},
]  # fmt: skip


def measure(kind: str, rows: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "ledgers", *DOCUMENTS) as made:
        lines = made.call(lambda: list(_lines(made.engine, kind, rows)))
    return "\n".join(
        [
            f"{made.database}; a ledger over {rows:,} records with {ITEMS} items each.",
            "",
            "| run | keys | entries | parts | CPU | time | memory at most |",
            "|---|---|---|---|---|---|---|",
            *lines,
        ]
    )


def _lines(engine: Engine, kind: str, rows: int) -> Iterator[str]:
    print(f"{kind}: filling {rows:,} records", file=sys.stderr)
    _fill(Session.begin(engine), rows)
    yield _told("first", engine, FIRST)
    yield _told("nothing to post", engine, FIRST)
    _change(Session.begin(engine))
    yield _told(f"after {CHANGES} changes", engine, SECOND)
    yield _told("nothing to post", engine, SECOND)


def _told(name: str, engine: Engine, until: date) -> str:
    used = time.process_time()
    seconds, id = timed(lambda: _run(engine, until))
    cpu = time.process_time() - used
    run = found_run(engine.database.connection(), "fees", id).wire()
    counts = " | ".join(f"{run[one]:,}" for one in ("keys", "entries", "parts"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {name} | {counts} | {cpu:.2f} s | {seconds:.2f} s | {peak:.0f} MB |"


def _run(engine: Engine, until: date) -> str:
    session = Session.begin(engine, SYSTEM)
    id = begin_run(session, ledger_named(session, "fees"), RunWish(until))
    while long_jobs.advance(engine, session.connection, id):
        pass
    return id


def _fill(session: Session, rows: int) -> None:
    price = Amount(Decimal("50.00"), "GBP")
    with session.connection.transaction():
        lockers = [insert(session, "locker", name=str(at)) for at in range(ITEMS)]
        for at in range(rows):
            plan = insert(session, "plan", name=str(at), starts=FIRST, price=price)
            for locker in lockers:
                insert(session, "hire", plan=plan, locker=locker, starts=FIRST)


def _change(session: Session) -> None:
    """Give back one item each of some of the records."""
    rows = load_rows(session, "hire", None, None, limit=CHANGES)
    ends, ids = (FIRST + timedelta(days=15)).isoformat(), [row["id"] for row in rows]
    batch_writes.update_each(session, "hire", ids, ("ends",), lambda _, __: {"ends": ends})
