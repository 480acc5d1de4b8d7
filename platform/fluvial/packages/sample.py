"""Sample data of an app: CSV files, imported once, with dates that end today.

`sample/sample.yaml` names the files in their order; all dates are shifted by the whole weeks
between its `anchor` and today. What is imported sets off no rules.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.engine_tables import PREFERENCE
from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import NotFound, Problem
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.transfer.imports.file_formats import open_table
from fluvial.transfer.imports.importer import import_table
from fluvial.transfer.imports.options import Options
from metamodel.storage import POSTGRESQL

from . import folder_of

NOBODY = "00000000-0000-0000-0000-000000000000"  # whose preference remembers what was loaded

_p = PREFERENCE.c
_LOADED = Statement(
    sa.select(_p.value).where(
        _p.user == param("the_user", _p.user), _p.key == param("the_key", _p.key)
    )
)
_ADD = {
    dialect: Statement(
        make(PREFERENCE).values({c.name: param(c.name, c) for c in _p}).on_conflict_do_nothing()
    )
    for dialect, make in ((False, sqlite.insert), (True, postgresql.insert))
}


_KEEP = Statement(
    PREFERENCE.update()
    .where(_p.user == param("the_user", _p.user), _p.key == param("the_key", _p.key))
    .values(value=param("the_value", _p.value))
)


def place_of(session: Session, what: str, app: str) -> dict[str, Any] | None:
    """How far something is that goes on with a sample; None where there is nothing."""
    row = _LOADED.row(session.connection, the_user=NOBODY, the_key=f"{what}:{app}")
    return dict(row[0]) if row else None


def keep_place(session: Session, what: str, app: str, place: dict[str, Any]) -> None:
    key = f"{what}:{app}"
    _KEEP.run(session.connection, the_user=NOBODY, the_key=key, the_value=place)


def is_loaded(session: Session, app: str) -> bool:
    """Whether all of it is there."""
    return "at" in (place_of(session, "sample", app) or {})


def read_plan(folder: Path) -> dict[str, Any]:
    plan: dict[str, Any] = yaml.safe_load((folder / "sample.yaml").read_text(encoding="utf-8"))
    return plan


def sample_of(app: str) -> Path | None:
    """The folder of an app's sample, if it has one here.

    Of a package that came as a file, or was brought by a feature, there is no folder.
    """
    try:
        folder = folder_of(app) / "sample"
    except NotFound:
        return None
    return folder if (folder / "sample.yaml").is_file() else None


def load_once(engine: Engine, app: str) -> bool:
    """Load an app's sample data where it was not loaded before; whether it was loaded now."""
    folder = sample_of(app)
    if folder is None:
        return False
    session = replace(Session.begin(engine), quiet=True)
    session = session.posting(*session.catalog.objects)  # parts come after their locked owners
    if is_loaded(session, app):
        return False
    plan = read_plan(folder)
    place = _begun(session, app, plan)
    shift = timedelta(weeks=place["weeks"])
    for number, entry in enumerate(plan["order"][place["files"] :], place["files"] + 1):
        with session.connection.transaction():  # others write between two files
            _load(session, folder, entry, shift)
            keep_place(session, "sample", app, {**place, "files": number})
    with session.connection.transaction():
        keep_place(session, "sample", app, {**place, "at": session.now.isoformat()})
        if (folder / "story.yaml").is_file():
            _begin(session, "story", app, {"step": 0})
    return True


def _begun(session: Session, app: str, plan: dict[str, Any]) -> dict[str, Any]:
    """How many files are loaded, and by how many weeks their dates are moved; a start that was
    cut off goes on with both."""
    anchor = plan["anchor"]
    first = anchor if isinstance(anchor, date) else date.fromisoformat(anchor)
    place = {"files": 0, "weeks": (session.today - first).days // 7}
    _begin(session, "sample", app, place)
    return place_of(session, "sample", app) or place


def _begin(session: Session, what: str, app: str, place: dict[str, Any]) -> None:
    connection = session.connection
    values = {"user": NOBODY, "key": f"{what}:{app}", "value": place}
    _ADD[connection.dialect == POSTGRESQL].run(connection, **values)


def _load(session: Session, folder: Path, entry: dict[str, Any], shift: timedelta) -> None:
    """Import one file of the plan; it has no faults."""
    key = tuple(entry["key"]) if entry.get("update") else ()
    past = entry.get("past", "")
    options = Options(key=key, rules=False, shift=shift, durations="seconds", past=past)
    plural = session.catalog.objects[entry["object"]].plural.lower()
    with (folder / entry["file"]).open("rb") as source:
        table = open_table(source)
        result = import_table(
            session, entry["object"], table, options, file=entry["file"], progress=_teller(plural)
        )
    if result.faults:
        error = result.faults[0]
        raise Problem(f"{entry['file']}, row {error.row}, {error.column}: {error.message}")
    print(f"\r  {result.created + result.updated:>6} {plural}", flush=True)


def _teller(plural: str) -> Callable[[int], None] | None:
    if not sys.stdout.isatty():
        return None
    return lambda rows: print(f"\r  {rows:>6} {plural}", end="", flush=True)
