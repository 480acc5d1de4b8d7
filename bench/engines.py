"""An engine on an empty database of its own, set up as a first start leaves it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.databases import databases
from fluvial import packages
from fluvial.kernel.settings import load
from fluvial.metadata_changes import apply
from fluvial.packages.installation import first_administrator
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

T = TypeVar("T")


@dataclass(frozen=True)
class BenchEngine:
    """The engine, what it was opened with, and a folder for files; all gone afterwards."""

    engine: Engine
    settings: Mapping[str, str]
    folder: Path
    database: str  # in words

    def call(self, run: Callable[[], T]) -> T:
        """What it answers, run where the connections of the database are."""
        return self.engine.database.call(run)


@contextlib.contextmanager
def fresh_engine(kind: str, name: str, *documents: Mapping[str, Any]) -> Iterator[BenchEngine]:
    """An engine on a new database, `sqlite` or `postgresql`, with these documents in force."""
    with databases(kind) as (place, folder), tempfile.TemporaryDirectory() as data:
        settings = {
            "FLUVIAL_DATABASE_URL": place.create(f"bench_{name}"),
            "FLUVIAL_DATA_DIR": data,
            "FLUVIAL_ADMIN_PASSWORD": "correct horse battery",
        }
        engine = Engine(load(settings))
        with contextlib.closing(engine):
            engine.database.call(lambda: _set_up(engine, documents))
            yield BenchEngine(engine, settings, folder, place.description)


def _set_up(engine: Engine, documents: tuple[Mapping[str, Any], ...]) -> None:
    engine.open()
    packages.install_core(Session.begin(engine))
    first_administrator(engine)
    if documents:
        parts = {(body["kind"], body["name"]): dict(body) for body in documents}
        apply.apply(Session.begin(engine), apply.MetadataChange(parts))
