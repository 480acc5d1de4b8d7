"""Values of fields and object types that went: who has put them away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import REVISION
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session

_r = REVISION.c
_NEWEST = Statement(sa.select(_r.by, _r.changes).order_by(_r.number.desc()).limit(500))


def put_away_by_others(session: Session, targets: Iterable[str]) -> frozenset[str]:
    """Of fields that come back, those that somebody else took out, and their whole objects.

    Grants that named them went with them, so nobody can say any more who might read them.
    """
    wanted = set(targets)
    if not wanted:
        return frozenset()
    by_others = set(wanted)
    for by, changes in _NEWEST.rows(session.connection):
        for target in sorted(wanted):
            if any(_takes_out(entry, target) for entry in changes):
                wanted.discard(target)
                if by is not None and by == session.actor.id:
                    by_others.discard(target)
        if not wanted:
            break
    gone = {target.partition(".")[0] for target in by_others}
    return frozenset(by_others | {one for one in gone if one not in session.catalog.objects})


def _takes_out(entry: Mapping[str, Any], target: str) -> bool:
    object, _, field = target.partition(".")
    if (entry["kind"], entry["name"]) != ("object", object):
        return False
    return field in _fields(entry["before"]) and field not in _fields(entry["after"])


def _fields(body: Mapping[str, Any] | None) -> set[str]:
    listed = body.get("fields") if body is not None else None
    named = [one for one in listed or () if isinstance(one, Mapping)]
    return {str(one.get("name")) for one in named if not (one.get("$delete") or one.get("retired"))}
