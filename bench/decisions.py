"""Decisions over many rows: one answer in Python, and one in the statement that stores it."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.conditions import insert
from bench.engines import fresh_engine
from bench.timing import timed
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_rows
from fluvial.records.reading import reader
from fluvial.records.reading.query import Query
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import scope_of

ROUNDS = 5
LINKS = ("club", "hall", "team")
INPUTS = (*LINKS, "use", "band")
VALUES = 200  # of each link
RECORDS = 500
FIELDS: list[dict[str, Any]] = [
    *({"name": name, "kind": "lookup", "to": name} for name in LINKS),
    {"name": "use", "kind": "text"},
    {"name": "band", "kind": "text"},
]
DOCUMENTS: list[dict[str, Any]] = [
    *(
        {"kind": "object", "name": name, "fields": [{"name": "name", "kind": "text"}]}
        for name in LINKS
    ),
    {"kind": "object", "name": "tariff",
     "dated": {"from": "starts", "until": "ends", "per": ["number"]}, "fields": [
        {"name": "number", "kind": "text"}, *FIELDS,
        {"name": "starts", "kind": "date", "required": True}, {"name": "ends", "kind": "date"}]},
    {"kind": "object", "name": "booking", "fields": [*FIELDS, {"name": "day", "kind": "date"}]},
    {"kind": "decision", "name": "price", "object": "tariff", "inputs": [*INPUTS], "day": "day",
     "for": {"booking": {name: name for name in INPUTS}}},
]  # fmt: skip


def measure(kind: str, rows: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "decisions", *DOCUMENTS) as made:
        lines = made.call(lambda: list(_lines(made.engine, kind, rows)))
    return "\n".join(
        [
            f"{made.database}; a decision over {rows:,} rows with {len(INPUTS)} inputs.",
            "",
            "| way | one answer |",
            "|---|---|",
            *lines,
        ]
    )


def _lines(engine: Engine, kind: str, rows: int) -> Iterator[str]:
    session = Session.begin(engine)
    print(f"{kind}: filling {rows:,} rows", file=sys.stderr)
    _fill(session, rows)
    type_ = session.catalog.objects["booking"]
    asking = load_rows(session, "booking", None, None, limit=RECORDS)
    expression = compile_expression("decide(price)", scope_of(session.catalog, "booking"))

    def in_python() -> int:
        found = (evaluate(expression, RecordEnvironment(session, type_, one)) for one in asking)
        return sum(one is not None for one in found)

    def in_sql() -> int:
        return reader.count(session, Query("booking", where="decide(price) != null"))

    found = set()
    for name, run in (("Python, a statement each", in_python), ("SQL, in one statement", in_sql)):
        taken = []
        for _ in range(ROUNDS):
            seconds, count = timed(run)
            taken.append(seconds / len(asking) * 1000)
            found.add(count)
        yield f"| {name} | {statistics.median(taken):.3f} ms |"
    if len(found) > 1:
        raise AssertionError(f"the answers differ: {found}")


def _fill(session: Session, rows: int) -> None:
    chance = random.Random(1)
    day = datetime(2026, 1, 1, tzinfo=UTC).date()
    words = [f"W{at}" for at in range(20)]
    with session.connection.transaction():
        known: dict[str, list[str]] = {
            name: [insert(session, name, name=str(at)) for at in range(VALUES)] for name in LINKS
        }
        known |= {"use": words, "band": words}

        def some(filled: float) -> dict[str, str]:
            return {
                name: chance.choice(values)
                for name, values in known.items()
                if chance.random() < filled
            }

        taken: set[str] = set()
        while len(taken) < rows:
            inputs = some(0.4)
            if str(inputs) not in taken:
                taken.add(str(inputs))
                insert(session, "tariff", number=str(len(taken)), starts=day, **inputs)
        for _ in range(RECORDS):
            insert(session, "booking", day=day, **some(0.9))
