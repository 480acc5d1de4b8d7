"""Reports over many records: a funnel by four dimensions, and a table with its columns."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.conditions import insert
from bench.engines import fresh_engine
from bench.timing import timed
from fluvial.database import statement
from fluvial.database.engine_tables import STATE_SPAN
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from reports.analysis.report_answers import answer
from reports.analysis.report_model import find_report
from reports.analysis.report_reader import ReportWish, read_report

ROUNDS = 3
STAGES = ("new", "known", "offered", "won")
REACH = (1.0, 0.7, 0.4, 0.15)  # how many come so far
REGIONS, SELLERS = 8, 12
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "region", "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "seller", "fields": [
        {"name": "name", "kind": "text"}, {"name": "region", "kind": "lookup", "to": "region"}]},
    {"kind": "object", "name": "chance", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "seller", "kind": "lookup", "to": "seller"},
        {"name": "source", "kind": "choice", "options": [
            {"name": one} for one in ("web", "fair", "call")]},
        {"name": "asked", "kind": "datetime"},
        {"name": "worth", "kind": "money", "currency": "EUR"},
        {"name": "stage", "kind": "choice", "log": True,
         "options": [{"name": one} for one in STAGES]}]},
    {"kind": "report", "name": "funnel", "object": "chance",
     "steps": {"log": "stage", "order": [*STAGES]},
     "group": ["seller.region", "seller", "source", "quarter(asked)"],
     "measures": ["count()", "sum(worth)"], "show": "funnel"},
    {"kind": "report", "name": "pivot", "object": "chance", "group": ["seller.region", "seller"],
     "columns": ["month(asked)"], "measures": ["count()", "sum(worth)", "avg(worth)"],
     "show": "pivot"},
]  # fmt: skip


def measure(kind: str, records: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "reports", *DOCUMENTS) as made:
        lines = made.call(lambda: list(_lines(made.engine, kind, records)))
    head = f"{made.database}; reports on {records:,} records."
    table = "| report | rows | time | CPU of the process |"
    return "\n".join([head, "", table, "|---|---|---|---|", *lines])


def _lines(engine: Engine, kind: str, records: int) -> Iterator[str]:
    session = Session.begin(engine)
    print(f"{kind}: filling {records:,} records", file=sys.stderr)
    _fill(session, records)
    session.connection.analyze()
    for what, name, wish in (
        ("a funnel by four dimensions", "funnel", ReportWish()),
        ("the same of one source", "funnel", ReportWish("source == 'fair'")),
        ("a pivot by seller and month", "pivot", ReportWish()),
    ):
        read = _reading(session, name, wish)
        taken, spent, rows = [], [], read()["rows"]
        for _ in range(ROUNDS):
            began = time.process_time()
            seconds, _answer = timed(read)
            taken.append(seconds)
            spent.append(time.process_time() - began)
        times = f"{statistics.median(taken):.2f} s | {statistics.median(spent):.2f} s"
        yield f"| {what} | {rows:,} | {times} |"


def _reading(session: Session, name: str, wish: ReportWish) -> Callable[[], dict[str, Any]]:
    report = find_report(session, name)
    return lambda: answer(read_report(session, report, wish), 500, 0)


def _fill(session: Session, records: int) -> None:
    chance, first = random.Random(1), datetime(2024, 1, 1, tzinfo=UTC)
    span = statement.insert(STATE_SPAN)
    with session.connection.transaction():
        regions = [insert(session, "region", name=f"R{at}") for at in range(REGIONS)]
        sellers = [
            insert(session, "seller", name=f"S{at}", region=chance.choice(regions))
            for at in range(SELLERS)
        ]
        for at in range(records):
            asked = first + timedelta(minutes=chance.randint(0, 2 * 365 * 1440))
            reached = max(i for i, share in enumerate(REACH) if i == 0 or at % 1000 < share * 1000)
            record = insert(
                session, "chance", name=f"C{at}", seller=chance.choice(sellers), asked=asked,
                source=chance.choice(("web", "fair", "call")), worth=_worth(chance),
                stage=STAGES[reached],
            )  # fmt: skip
            for step in range(reached + 1):
                begins = asked + timedelta(days=3 * step)
                until = None if step == reached else begins + timedelta(days=3)
                span.run(
                    session.connection, record=record, field="stage", rev=step + 1,
                    object="chance", state=STAGES[step], until=until, by=None, cause=None,
                    **{"from": begins},
                )  # fmt: skip


def _worth(chance: random.Random) -> Any:
    return Amount(Decimal(chance.randint(100, 900_000)) / 100, "EUR")
