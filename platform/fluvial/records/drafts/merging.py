"""Optimistic concurrency: edits of different fields merge, edits of the same field conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import Conflict
from metamodel.storage import POSTGRESQL, SQLITE

from .draft import Draft

_h = HISTORY.c
_SINCE = {
    dialect: Statement(
        sa.select(_h.record, _h.rev, _h.changes)
        .where(among_ids(_h.record, dialect), _h.rev > param("the_rev", _h.rev))
        .order_by(_h.record, _h.rev)
    )
    for dialect in (SQLITE, POSTGRESQL)
}

Changes = dict[str, list[Any]]


def check_revs(made_on: Iterable[tuple[Draft, int | None]]) -> None:
    """Refuse drafts made on an older revision whose fields somebody else has changed since.

    The same change made twice collides too: of two who count 3 up to 4, one has to count again.
    The conflict's `base`, `theirs` and `yours` hold the fields that collide, in wire form.
    """
    stale = []
    for draft, rev in made_on:
        assert draft.before is not None
        current = draft.before["rev"]
        if rev is None or rev == current:
            continue
        if rev > current or rev < 1:
            raise Conflict(
                f"This record is at revision {current}; there is no revision {rev}. Reload it.",
                rev=current,
            )
        stale.append((draft, rev))
    if stale:
        since = _since(stale)
        for draft, rev in stale:
            _check(draft, [changes for at, changes in since.get(draft.id, ()) if at > rev])


def _since(stale: Sequence[tuple[Draft, int]]) -> dict[str, list[tuple[int, Changes]]]:
    """What was changed in the records behind the oldest of the revisions, in its order."""
    connection = stale[0][0].session.connection
    listed = id_list(connection.dialect, (draft.id for draft, _ in stale))
    oldest = min(rev for _, rev in stale)
    found: dict[str, list[tuple[int, Changes]]] = {}
    for record, rev, changes in _SINCE[connection.dialect].rows(
        connection, ids=listed, the_rev=oldest
    ):
        found.setdefault(record, []).append((rev, changes))
    return found


def _check(draft: Draft, since: Sequence[Changes]) -> None:
    base: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    for changes in since:
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
        assert draft.before is not None
        labels = ", ".join(draft.type.fields[name].label for name in collide)
        raise Conflict(
            f"Another person has changed {labels} since you read it. Choose which values to keep.",
            rev=draft.before["rev"],
            base={name: base[name] for name in collide},
            theirs={name: theirs[name] for name in collide},
            yours={name: draft.wire(name) for name in collide},
        )
