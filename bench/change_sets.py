"""A change set of 500 edits: how long they are kept, previewed and applied, and who waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.conditions import insert
from bench.engines import fresh_engine
from bench.timing import timed
from fluvial.auth.actors import SYSTEM
from fluvial.records.change_sets.keeping import keep
from fluvial.records.change_sets.previewing import preview
from fluvial.records.change_sets.writes import KeptWrites
from fluvial.records.drafts.rows import load_rows
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

EDITS = 500
PLANS = 250
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "plan", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "price", "kind": "number", "scale": 2, "dated": True},
        {"name": "total", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "count(hires, until == null) * price"}]},
    {"kind": "object", "name": "hire", "title": "{name}", "fields": [
        {"name": "plan", "kind": "lookup", "to": "plan", "inverse": "hires", "owned": True},
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "until", "kind": "date"}]},
    {"kind": "view", "name": "hires", "object": "hire", "columns": ["name", "until"]},
    {"kind": "object", "name": "order", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"}, {"name": "plan", "kind": "lookup", "to": "plan"},
        {"name": "from_day", "kind": "date"}, {"name": "done", "kind": "boolean"},
        {"name": "back", "kind": "boolean"}],
     "change_set": {"of": ["plan", "hire"], "effective": "from_day", "applies": "done",
                    "reverses": "back", "preview": [{"field": "plan.total"}, {"view": "hires"}]}},
]  # fmt: skip


def measure(kind: str, rows: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "change_sets", *DOCUMENTS) as made:
        lines = made.call(lambda: list(_lines(made.engine, kind, rows)))
    return "\n".join(
        [
            f"{made.database}; a change set of {EDITS} edits at {rows:,} records.",
            "",
            "| step | seconds | longest step |",
            "|---|---|---|",
            *lines,
        ]
    )


def _lines(engine: Engine, kind: str, rows: int) -> Iterator[str]:
    session = Session.begin(engine, SYSTEM)
    print(f"{kind}: filling {rows:,} rows", file=sys.stderr)
    plans = _fill(session, rows)
    hires = [row["id"] for row in load_rows(session, "hire", None, None, limit=EDITS)]
    day = session.today + timedelta(days=30)
    order = writer.create(
        session, "order", {"name": "One", "plan": plans[0], "from_day": day.isoformat()}
    )["id"]
    # One after the other, so that they are carried out one by one: the dearest way.
    edits: list[tuple[str, str, dict[str, Any]]] = []
    for at in range(EDITS // 2):
        edits.append(("plan", plans[at % PLANS], {"price": f"{at % 90 + 1}.50"}))
        edits.append(("hire", hires[at], {"until": day.isoformat()}))

    def kept() -> None:
        for name, record, body in edits:
            _keep(Session.begin(engine, SYSTEM), order, name, record, body)

    seconds, _ = timed(kept)
    yield f"| kept one by one | {seconds:.2f} | {seconds / EDITS:.3f} |"
    engine.database.turns.forget()
    seconds, longest = timed(lambda: _previewed(Session.begin(engine, SYSTEM), order))
    held = f" (writer held for {engine.database.turns.longest:.3f})" if kind == "sqlite" else ""
    yield f"| previewed | {seconds:.2f} | {longest:.3f}{held} |"
    for name, member in (("applied", "done"), ("taken back", "back")):
        session = Session.begin(engine, SYSTEM)
        seconds, _ = timed(lambda: writer.update(session, "order", order, {member: True}))  # noqa: B023
        yield f"| {name} | {seconds:.2f} | {seconds:.3f} |"


def _keep(session: Session, order: str, name: str, record: str, body: dict[str, Any]) -> None:
    def work(writes: KeptWrites) -> Any:
        return writes.update(name, record, body)

    keep(session, order, {record}, work, lambda _: True)


def _previewed(session: Session, order: str) -> float:
    """The longest of its steps, between which others come in."""
    steps, longest = preview(session, order), 0.0
    while True:
        began = time.perf_counter()
        try:
            next(steps)
        except StopIteration as ended:
            assert ended.value["edits"] == EDITS
            return max(longest, time.perf_counter() - began)
        longest = max(longest, time.perf_counter() - began)


def _fill(session: Session, rows: int) -> list[str]:
    with session.connection.transaction():
        plans = [insert(session, "plan", name=f"Plan {at}") for at in range(PLANS)]
        for at in range(rows - PLANS):
            insert(session, "hire", plan=plans[at % PLANS], name=f"Hire {at}")
    return plans
