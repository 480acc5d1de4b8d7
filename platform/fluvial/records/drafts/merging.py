"""Optimistic concurrency: edits of different fields merge, edits of the same field conflict."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.statement import Statement, param
from fluvial.kernel.errors import Conflict

from .draft import Draft

_h = HISTORY.c
_SINCE = Statement(
    sa.select(_h.rev, _h.changes)
    .where(_h.record == param("the_record", _h.record), _h.rev > param("the_rev", _h.rev))
    .order_by(_h.rev)
)


def check_rev(draft: Draft, rev: int | None) -> None:
    """Refuse a draft made on an older revision whose fields somebody else has changed since.

    The same change made twice collides too: of two who count 3 up to 4, one has to count again.
    The conflict's `base`, `theirs` and `yours` hold the fields that collide, in wire form.
    """
    assert draft.before is not None
    current = draft.before["rev"]
    if rev is None or rev == current:
        return
    if rev > current or rev < 1:
        raise Conflict(
            f"This record is at revision {current}; there is no revision {rev}. Reload it.",
            rev=current,
        )
    base: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    for _, changes in _SINCE.rows(draft.session.connection, the_record=draft.id, the_rev=rev):
        for name, (old, new) in changes.items():
            base.setdefault(name, old)
            theirs[name] = new
    hidden = draft.session.access.object(draft.type.name).hidden
    collide = [
        name
        for name in draft.type.fields
        if name in (draft.given | draft.changed)
        and name in theirs
        and name not in hidden
        and not theirs[name] == base[name] == draft.wire(name)
    ]
    if collide:
        labels = ", ".join(draft.type.fields[name].label for name in collide)
        raise Conflict(
            f"Another person has changed {labels} since you read it. Choose which values to keep.",
            rev=current,
            base={name: base[name] for name in collide},
            theirs={name: theirs[name] for name in collide},
            yours={name: draft.wire(name) for name in collide},
        )
