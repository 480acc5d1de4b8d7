"""What a package of 200 object types with 60 fields costs: installed, built, used, changed."""

from __future__ import annotations

import gc
import os
import statistics
from pathlib import Path
from typing import Any

import orjson

from bench.engines import BenchEngine, fresh_engine
from bench.timing import timed
from fluvial import packages
from fluvial.kernel.settings import load
from fluvial.metadata_changes import apply
from fluvial.records.reading import reader
from fluvial.records.reading.query import Query
from fluvial.records.writing import writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.build import build_catalog

OBJECTS = 200
FIELDS = 60
LOOKUPS = 5
FORMULAS = 5
PLAIN = (
    "text",
    "long_text",
    "number",
    "boolean",
    "date",
    "datetime",
    "duration",
    "money",
    "choice",
)
ROUNDS = 5


def documents() -> list[dict[str, Any]]:
    """Object types that look each other up and calculate with each other's fields."""
    return [_object(number) for number in range(OBJECTS)]


def _object(number: int) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": "name", "kind": "text", "required": True, "searchable": True}
    ]
    while len(fields) < FIELDS - LOOKUPS - FORMULAS:
        fields.append(_plain(len(fields)))
    for at in range(LOOKUPS):
        target = f"thing_{(number * 7 + at * 31 + 1) % OBJECTS}"
        inverse = f"things_{number}_{at}"
        fields.append({"name": f"link_{at}", "kind": "lookup", "to": target, "inverse": inverse})
    for at in range(FORMULAS):
        formula = f"f{3 + at * 9} + link_{at}.f3"
        field = {"name": f"sum_{at}", "kind": "calculated", "result": "number", "formula": formula}
        fields.append(field)
    label = f"Thing {number}"
    return {"kind": "object", "name": f"thing_{number}", "label": label, "fields": fields}


def _plain(at: int) -> dict[str, Any]:
    kind = PLAIN[(at - 1) % len(PLAIN)]
    field: dict[str, Any] = {"name": f"f{at}", "kind": kind, "label": f"Field {at}"}
    if kind == "choice":
        field["options"] = [{"name": f"option_{n}", "label": f"Option {n}"} for n in range(5)]
    if kind == "money":
        field["currency"] = "EUR"
    return field


def package(folder: Path) -> Path:
    """The package as a folder of files; JSON is YAML too."""
    head = {"app": "things", "label": "Things", "version": "1.0.0", "needs": {"fluvial": ">=0.1"}}
    (folder / "objects").mkdir(parents=True)
    (folder / "app.yaml").write_bytes(orjson.dumps(head))
    for body in documents():
        (folder / "objects" / f"{body['name']}.yaml").write_bytes(orjson.dumps(body))
    return folder


def measure(kind: str) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "catalogs") as made:
        rows = made.call(lambda: _steps(made, package(made.folder / "app")))
    head = f"{made.database}; {OBJECTS} object types of {FIELDS} fields."
    lines = [f"| {what} | {said} |" for what, said in rows]
    return "\n".join([head, "", "| step | cost |", "|---|---|", *lines])


def _steps(made: BenchEngine, folder: Path) -> list[tuple[str, str]]:
    engine = made.engine
    installed, _ = timed(lambda: packages.install(Session.begin(engine), folder))
    rows = [("install: files read, checked, 200 tables made", f"{installed:.1f} s")]

    before = _resident()
    other = Engine(load(made.settings))  # a second process, as far as the engine knows
    built, session = timed(lambda: Session.begin(other))
    rows.append(("a process reads and builds the catalog", f"{built:.2f} s"))
    rows.append(("memory of the catalog in each process", f"{_resident() - before:.0f} MB"))

    body = {"name": "One"}
    for what, run in (
        ("write", lambda: writer.create(session, "thing_1", body)),
        ("list", lambda: reader.read_page(session, Query(object="thing_1"))),
    ):
        first, _ = timed(run)
        again = statistics.median(timed(run)[0] for _ in range(20))
        said = f"{first * 1000:.1f} ms, {first / again:.0f} times the next"
        rows.append((f"the first {what} of an object type", said))
    rows += _one_field(engine, other)
    other.close()
    return rows


def _one_field(engine: Engine, other: Engine) -> list[tuple[str, str]]:
    rounds = [_add_field(engine, other, number) for number in range(ROUNDS)]
    applied, followed, rebuilt = (statistics.median(times) for times in zip(*rounds, strict=True))
    return [
        ("one more field: planned, table altered, in force", f"{applied * 1000:.0f} ms"),
        (
            "another process follows",
            f"{followed * 1000:.0f} ms, {followed / rebuilt:.2f} of building the catalog anew",
        ),
    ]


def _add_field(engine: Engine, other: Engine, number: int) -> tuple[float, float, float]:
    """Seconds to apply the change, for another process to follow, and to build it all anew."""
    fields = [{"name": f"more_{n}", "kind": "number"} for n in range(number + 1)]
    change = apply.MetadataChange({("object", "thing_3"): {"extends": "things", "fields": fields}})
    applied, _ = timed(lambda: apply.apply(Session.begin(engine), change))
    followed, session = timed(lambda: Session.begin(other))
    named = session.catalog.documents.values()
    parts = [part for documents in named for one in documents.values() for part in one.parts]
    rebuilt, _ = timed(lambda: build_catalog(parts, engine.kinds))
    return applied, followed, rebuilt


def _resident() -> float:
    """Megabytes of memory that the process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
