"""Clocks: what three timers and a lock add to a save, and how long other hours take."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bench.asgi import AsgiSession
from bench.engines import fresh_engine
from fluvial.metadata_changes import apply
from fluvial.records.calculated import recalculation_job
from fluvial.records.writing import batch_writes, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import timestamp_wire

SAVES, ROUNDS = 60, 7
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
LOCK = {"when": "status == 'ready'", "except": ["status"], "message": "It is done."}
LOCKED = {**PLAIN, "name": "locked", "locked": LOCK}
CLOCKED = {**LOCKED, "name": "clocked", "timers": TIMERS}
COMPARED = ("plain", "locked", "clocked")
Save = Callable[[str, str], object]  # of a record of an object type


def measure(kind: str, records: int) -> str:
    """Markdown tables of what was measured on one kind of database."""
    with fresh_engine(kind, "clocks", OFFICE, PROMISE, PLAIN, LOCKED, CLOCKED) as made:
        api = AsgiSession(made.engine, made.settings["FLUVIAL_ADMIN_PASSWORD"])
        requests = _Requests(made.engine, api)
        lines = [made.database, "", *_HEAD, *requests.told("the API")]
        api.close()

        def rest() -> list[str]:
            clocks = _Clocks(made.engine)
            return [*clocks.told("the engine alone"), "", clocks.calendar(records)]

        return "\n".join([*lines, *made.call(rest)])


_HEAD = (
    "| save | without | a lock | three timers and a lock | ratio |",
    "|---|---|---|---|---|",
)


class _Saves(ABC):
    """Saves of records of the object types that are compared."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.states: dict[str, str] = {}  # of records
        values = {"name": "Silver", "within": 8 * 3600, "hours": "office"}
        self.promise = self.make("promise", values)

    @abstractmethod
    def make(self, name: str, values: dict[str, Any]) -> str:
        """A new record of an object type; its id."""

    @abstractmethod
    def change(self, name: str, id: str, values: dict[str, Any]) -> None:
        """Change a record."""

    def told(self, way: str) -> Iterator[str]:
        saves: dict[str, Save] = {
            "create": lambda name, id: self.created(name),
            "change a text": self.renamed,
            "change the state": self.moved,
        }
        for what, save in saves.items():
            taken = self.rounds(save)
            times = " | ".join(f"{taken[name] * 1e3:.2f} ms" for name in COMPARED)
            ratio = taken["clocked"] / taken["plain"]
            yield f"| {what}, {way} | {times} | {ratio:.2f} |"

    def created(self, name: str) -> str:
        asked = timestamp_wire(self.engine.clock.now())
        return self.make(name, {"name": "Watch", "asked_at": asked, "promise": self.promise})

    def renamed(self, name: str, id: str) -> None:
        self.change(name, id, {"name": f"Watch {time.perf_counter_ns()}"})

    def moved(self, name: str, id: str) -> None:
        state = self.states[id] = "open" if self.states.get(id) == "waiting" else "waiting"
        self.change(name, id, {"status": state})

    def rounds(self, save: Save) -> dict[str, float]:
        """Processor seconds of one save, in the quickest of several turns."""
        taken: dict[str, list[float]] = {name: [] for name in COMPARED}
        for _ in range(ROUNDS):
            for name, found in taken.items():
                ids = [self.created(name) for _ in range(SAVES)]  # new ones, with short logs
                began = time.process_time()
                for id in ids:
                    save(name, id)
                found.append((time.process_time() - began) / SAVES)
        return {name: min(found) for name, found in taken.items()}


class _Requests(_Saves):
    """By requests of the API, in this process."""

    def __init__(self, engine: Engine, api: AsgiSession) -> None:
        self.api = api
        super().__init__(engine)

    def make(self, name: str, values: dict[str, Any]) -> str:
        return str(self.api.call("POST", f"/api/records/{name}", values)["id"])

    def change(self, name: str, id: str, values: dict[str, Any]) -> None:
        self.api.call("PATCH", f"/api/records/{name}/{id}", values)


class _Clocks(_Saves):
    """By the functions of the engine, and what a calendar with other hours costs."""

    def define(self, *bodies: dict[str, Any]) -> None:
        parts = {(body["kind"], body["name"]): body for body in bodies}
        apply.apply(Session.begin(self.engine), apply.MetadataChange(parts))

    def write(self, make: Callable[[Session], Any]) -> Any:
        session = Session.begin(self.engine)
        with session.connection.transaction():
            return make(session)

    def make(self, name: str, values: dict[str, Any]) -> str:
        return str(self.write(lambda one: writer.create(one, name, values))["id"])

    def change(self, name: str, id: str, values: dict[str, Any]) -> None:
        self.write(lambda one: writer.update(one, name, id, values))

    def calendar(self, records: int) -> str:
        print(f"filling {records:,} open clocks", file=sys.stderr)
        now = self.engine.clock.now() - timedelta(hours=1)
        values = {"name": "Watch", "asked_at": timestamp_wire(now), "promise": self.promise}
        for at in range(0, records, 500):
            made = [values] * min(500, records - at)
            self.write(lambda one: batch_writes.create_many(one, "clocked", made))  # noqa: B023
        longer = {**OFFICE, "hours": {"mon-fri": ["08:00-18:30"]}}
        began, spent = time.perf_counter(), time.process_time()
        self.define(longer)
        waited = time.perf_counter() - began
        while recalculation_job.run(self.engine):
            pass
        taken, spent = time.perf_counter() - began, time.process_time() - spent
        return (
            f"A calendar with other hours: {waited:.1f} s until the change is in effect, "
            f"{taken:.0f} s until the three timers of {records:,} records are planned anew, "
            f"{spent:.0f} s of this process's processor time."
        )
