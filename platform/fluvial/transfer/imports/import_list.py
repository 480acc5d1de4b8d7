"""The imports of somebody, or of all, as a list: what came in, and whether it is still there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import IMPORT
from fluvial.database.statement import Statement, param
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import RUNNING
from fluvial.runtime.session import Session

from .import_undo import UNDO

SHOWN = 100

_i = IMPORT.c
_all = sa.select(_i.id, _i.object, _i.at, _i.by, _i.file, _i.counts, _i.undone).order_by(
    _i.at.desc(), _i.id.desc()
)
_ALL = Statement(_all.limit(SHOWN))
_MINE = Statement(_all.where(_i.by == param("the_user", _i.by)).limit(SHOWN))


@dataclass(frozen=True)
class Imported:
    id: str
    object: str
    at: datetime
    by: str | None
    file: str
    counts: dict[str, Any]
    undone: bool
    undoing: bool  # a job takes it back


def imports(session: Session) -> Iterator[Imported]:
    """The newest first: an administrator's are all, and of object types that one may import."""
    connection = session.connection
    if session.access.admin:
        rows = _ALL.rows(connection)
    else:
        rows = _MINE.rows(connection, the_user=session.actor.id)
    running = {
        job.body["batch"]
        for job in long_jobs.visible_jobs(session)
        if job.kind == UNDO.name and job.state == RUNNING
    }
    for id, name, at, by, file, counts, undone in rows:
        there = name in session.catalog.objects and session.access.object(name).can("import")
        if there and session.access.object(name).can("read"):
            yield Imported(id, name, at, by, file, counts, bool(undone), id in running)
