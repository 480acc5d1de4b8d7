"""Turns: for how long work that takes many transactions holds the one writer of SQLite."""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from bench.engines import BenchEngine, fresh_engine
from fluvial.database.writer_turns import WriterTurns
from fluvial.kernel.garbage import uncollected
from fluvial.metadata_changes import cutover, purge
from fluvial.packages import installing, registry, uninstalling
from fluvial.packages.source import Package, from_folder
from fluvial.records.calculated import recalculation_job
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.transfer.imports import import_job
from fluvial.transfer.imports.import_undo import undo

APP, OBJECT = "psa", "account"


class Turns(WriterTurns):
    """Notes the processor time of each turn, which says more than the clock of a busy machine."""

    def __init__(self) -> None:
        super().__init__()
        self.worst = 0.0
        self._began = 0.0

    def take(self, patience: float) -> None:
        super().take(patience)
        self._began = time.thread_time()

    def leave(self, rows: int = 0) -> None:
        self.worst = max(self.worst, time.thread_time() - self._began)
        super().leave(rows)


def measure(records: int) -> str:
    """A Markdown table of the longest turns."""
    with fresh_engine("sqlite", "turns") as made:
        return made.call(lambda: _Work(made, records).told())


class _Work:
    def __init__(self, made: BenchEngine, records: int) -> None:
        self.engine: Engine = made.engine
        self.records = records
        self.turns = Turns()
        self.engine.database.turns = self.turns
        self.engine.database.connection()._turns = self.turns  # type: ignore[attr-defined]
        self.lines = [
            "| work | processor time | transactions | longest turn |",
            "|---|---|---|---|",
        ]
        self.package = from_folder(registry.folder_of(APP), self.engine.kinds)
        purge.GRACE = timedelta(0)

    def session(self) -> Session:
        return Session.begin(self.engine)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        self.turns.forget()
        self.turns.worst, began = 0.0, time.thread_time()
        yield
        spent, count = time.thread_time() - began, sum(self.turns.counts)
        self.lines.append(
            f"| {what} | {spent:.1f} s | {count:,} | {self.turns.worst * 1000:.0f} ms |"
        )

    def told(self) -> str:
        many = f"{self.records:,}"
        with self.step("installing the app"):
            installing.put(self.session(), self.package)
        with self.step(f"import of {many} rows"):
            batch = self.imported()
        for what, change in (
            ("a field", _field),
            ("a formula", _formula),
            ("another title", _title),
            ("a unique field", _unique),
            ("text that becomes a number", _number),
            ("without these fields", _without),
        ):
            self.upgrade(what, change)
        with self.step(f"purging a field of {many} records"):
            purge.purge(self.session(), OBJECT, "extra")
        with self.step(f"undo of the import of {many} rows"):
            self.finish(str(undo(self.session(), batch)))
        with self.step("uninstalling the app"):
            uninstalling.remove(self.session(), APP)
        return "\n".join(self.lines)

    def imported(self) -> str:
        rows = (f"Account {n},A{n},{10000 + n}" for n in range(self.records))
        text = "\n".join(["name,code,postcode", *rows])
        id = import_job.begin(self.session(), OBJECT, io.BytesIO(text.encode()), {})
        return str(self.finish(id).result["batch"])

    def finish(self, id: str) -> long_jobs.LongJob:
        connection = self.engine.database.connection()
        while long_jobs.advance(self.engine, connection, id):
            pass
        return long_jobs.job_of(connection, id)

    def upgrade(self, what: str, change: Callable[[dict[str, Any]], None]) -> None:
        package = _edited(self.package, change)
        with self.step(f"plan of an upgrade: {what}"), uncollected():
            installing.plan(self.session(), package, force=True)
        with self.step(f"the upgrade, with what workers do: {what}"):
            installing.put(self.session(), package, force=True)
            for run in (
                partial(cutover.run, self.engine),
                partial(recalculation_job.run, self.engine),
            ):
                while run():
                    pass
        self.package = package


def _edited(package: Package, change: Callable[[dict[str, Any]], None]) -> Package:
    documents = []
    for document in package.documents:
        body = copy.deepcopy(dict(document.body))
        if (document.kind, document.name) == ("object", OBJECT):
            change(body)
        documents.append(replace(document, body=body))
    return replace(package, documents=tuple(documents))


def _field(body: dict[str, Any]) -> None:
    body["fields"].append({"name": "extra", "kind": "text", "label": "Extra"})


def _formula(body: dict[str, Any]) -> None:
    field = {"name": "shout", "label": "Shout", "kind": "calculated", "result": "text"}
    body["fields"].append({**field, "formula": "name & '!'"})


def _title(body: dict[str, Any]) -> None:
    body["title"] = "{name} ({code})"


def _unique(body: dict[str, Any]) -> None:
    next(field for field in body["fields"] if field["name"] == "name")["unique"] = True


def _number(body: dict[str, Any]) -> None:
    field = {"name": "postcode", "label": "Postcode", "kind": "number"}
    body["fields"] = [f if f["name"] != "postcode" else field for f in body["fields"]]


def _without(body: dict[str, Any]) -> None:
    gone = {"extra", "shout"}
    body["fields"] = [field for field in body["fields"] if field["name"] not in gone]
