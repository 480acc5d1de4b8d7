"""Clocks: what three timers and a lock add to a save, and how long other hours take."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.engines import fresh_engine
from fluvial.metadata_changes import apply
from fluvial.records.calculated import recalculation_job
from fluvial.records.writing import batch_writes, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

SAVES, ROUNDS = 60, 5
OFFICE: dict[str, Any] = {
    "kind": "calendar", "name": "office", "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-17:30"]},
}  # fmt: skip
PROMISE: dict[str, Any] = {"kind": "object", "name": "promise", "fields": [
    {"name": "name", "kind": "text"}, {"name": "within", "kind": "duration"},
    {"name": "hours", "kind": "choice", "options_from": "calendar"}]}  # fmt: skip
PLAIN: dict[str, Any] = {
    "kind": "object", "name": "plain",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "asked_at", "kind": "datetime"},
        {"name": "answered", "kind": "boolean"},
        {"name": "promise", "kind": "lookup", "to": "promise"},
        {"name": "status", "kind": "choice", "default": "open", "options": [
            {"name": "open"}, {"name": "waiting"}, {"name": "ready"}]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "wait", "from": ["open"], "to": "waiting"},
        {"name": "go_on", "from": ["waiting"], "to": "open"}]},
}  # fmt: skip
TIMERS = [
    {"name": name, "starts": "asked_at", "target": "promise.within", "calendar": "promise.hours",
     "stops": stops, "pauses": {"states": ["waiting"]}, "thresholds": [75, 100]}
    for name, stops in (("answer", {"when": "answered"}), ("next", {"when": "answered"}),
                        ("finish", {"states": ["ready"]}))
]  # fmt: skip
CLOCKED = {
    **PLAIN, "name": "clocked", "timers": TIMERS,
    "locked": {"when": "status == 'ready'", "except": ["status"], "message": "It is done."},
}  # fmt: skip


def measure(kind: str, records: int) -> str:
    """Markdown tables of what was measured on one kind of database."""
    with fresh_engine(kind, "clocks", OFFICE, PROMISE, PLAIN, CLOCKED) as made:
        text = made.call(lambda: _Clocks(made.engine).told(records))
    return f"{made.database}\n\n{text}"


class _Clocks:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.states: dict[str, str] = {}  # of records
        values = {"name": "Silver", "within": 8 * 3600, "hours": "office"}
        self.promise = self.write(lambda one: writer.create(one, "promise", values))["id"]

    def define(self, *bodies: dict[str, Any]) -> None:
        parts = {(body["kind"], body["name"]): body for body in bodies}
        apply.apply(Session.begin(self.engine), apply.MetadataChange(parts))

    def write(self, make: Callable[[Session], Any]) -> Any:
        session = Session.begin(self.engine)
        with session.connection.transaction():
            return make(session)

    def told(self, records: int) -> str:
        saves: dict[str, Callable[[str, str], object]] = {
            "create": lambda name, id: self.created(name),
            "change a text": self.renamed,
            "change the state": self.moved,
        }
        lines = ["| save | without | three timers and a lock | ratio |", "|---|---|---|---|"]
        for what, save in saves.items():
            plain, clocked = self.rounds(save)
            told = f"{plain * 1e3:.2f} ms | {clocked * 1e3:.2f} ms | {clocked / plain:.2f}"
            lines.append(f"| {what} | {told} |")
        return "\n".join([*lines, "", self.calendar(records)])

    def created(self, name: str) -> str:
        asked = timestamp_wire(self.engine.clock.now())
        values = {"name": "Watch", "asked_at": asked, "promise": self.promise}
        return str(self.write(lambda one: writer.create(one, name, values))["id"])

    def renamed(self, name: str, id: str) -> None:
        values = {"name": f"Watch {time.perf_counter_ns()}"}
        self.write(lambda one: writer.update(one, name, id, values))

    def moved(self, name: str, id: str) -> None:
        state = self.states[id] = "open" if self.states.get(id) == "waiting" else "waiting"
        self.write(lambda one: writer.update(one, name, id, {"status": state}))

    def rounds(self, save: Callable[[str, str], object]) -> tuple[float, float]:
        """Processor seconds of one save, measured in turns."""
        taken: dict[str, list[float]] = {"plain": [], "clocked": []}
        ids = {name: [self.created(name) for _ in range(SAVES)] for name in taken}
        for _ in range(ROUNDS):
            for name, found in taken.items():
                began = time.process_time()
                for id in ids[name]:
                    save(name, id)
                found.append((time.process_time() - began) / SAVES)
        return statistics.median(taken["plain"]), statistics.median(taken["clocked"])

    def calendar(self, records: int) -> str:
        print(f"filling {records:,} open clocks", file=sys.stderr)
        now = self.engine.clock.now() - timedelta(hours=1)
        values = {"name": "Watch", "asked_at": timestamp_wire(now), "promise": self.promise}
        for at in range(0, records, 500):
            made = [values] * min(500, records - at)
            self.write(lambda one: batch_writes.create_many(one, "clocked", made))  # noqa: B023
        longer = {**OFFICE, "hours": {"mon-fri": ["08:00-18:30"]}}
        began = time.perf_counter()
        self.define(longer)
        waited = time.perf_counter() - began
        while recalculation_job.run(self.engine):
            pass
        taken = time.perf_counter() - began
        return (
            f"A calendar with other hours: {waited:.1f} s until the change is in effect, "
            f"{taken:.0f} s until the three timers of {records:,} records are planned anew."
        )
