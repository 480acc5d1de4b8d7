"""Revisions: every change of metadata that was made, and the way back to any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from metamodel.documents import SITE

from .catalogs import Key
from .changes import Change, apply
from .database.statement import Statement, param
from .database.tables import REVISION
from .errors import Conflict, NotFound
from .session import Session

_r = REVISION.c
_REVISIONS = Statement(
    sa.select(_r.number, _r.at, _r.by, _r.note, _r.changes).order_by(_r.number.desc()).limit(500)
)
_AFTER = Statement(
    sa.select(_r.number, _r.changes)
    .where(_r.number > param("the_number", _r.number))
    .order_by(_r.number.desc())
)


def revisions(session: Session) -> list[dict[str, Any]]:
    """The changes of metadata, newest first."""
    return [
        {"number": number, "at": at, "by": {"user": by} if by else None, "note": note, "changes": c}
        for number, at, by, note, c in _REVISIONS.rows(session.connection)
    ]


def rollback(session: Session, number: int) -> Change:
    """Bring back the documents as they were right after a revision; records keep their values."""
    later = _AFTER.rows(session.connection, the_number=number)
    known = any(row["number"] == number for row in revisions(session))
    if not known:
        raise NotFound(f"There is no revision {number}.")
    back: dict[str, dict[Key, Mapping[str, Any] | None]] = {}
    for _, changes in later:
        for entry in changes:
            key = (entry["kind"], entry["name"])
            back.setdefault(entry["layer"], {})[key] = entry["before"]
    if set(back) - {SITE}:
        names = ", ".join(sorted(set(back) - {SITE}))
        raise Conflict(f"Revision {number} lies before an installation of {names}.")
    change = Change(back.get(SITE, {}), note=f"Back to revision {number}")
    return apply(session, change, force=True)
