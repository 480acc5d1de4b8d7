"""A change of metadata as a process of its own, which a test may let die on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fluvial.kernel.settings import load
from fluvial.metadata_changes import apply, backfill, cutover
from fluvial.packages import installing, source
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import environment
from tests.forks import Forked

Documents = Sequence[Mapping[str, Any]]


def changing(
    database_url: str, folder: Path, documents: Documents, *, point: str = "", small: int = 1000
) -> Forked:
    """Puts documents in force, or the package that they are; dies at the point.

    A table with more records than `small` is a large one.
    """
    environ = environment(database_url, folder) | {"FLUVIAL_FAULT_AT": point}
    arguments = [str(small), json.dumps(documents)]
    return Forked("tests.fluvial.dying", arguments, environ, folder / "changing.log")


def main(arguments: Sequence[str]) -> None:
    apply.SMALL_ROWS, backfill.BATCH = int(arguments[0]), 10
    documents: list[dict[str, Any]] = json.loads(arguments[1])
    engine = Engine(load())
    session = Session.begin(engine)
    if any(document["kind"] == "app" for document in documents):
        installing.put(session, source.from_json({"documents": documents}))
    else:
        apply.apply(
            session,
            apply.MetadataChange({(body["kind"], body["name"]): body for body in documents}),
        )
    while cutover.run(engine):
        pass
    engine.close()
