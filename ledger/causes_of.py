"""Causes: the change that moved what a key should have been charged, since its last posting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .ledger_differences import LedgerDifference

Json = dict[str, Any]

_h = HISTORY.c
_CHANGES = {
    dialect: Statement(
        sa.select(
            _h.record,
            _h.object,
            _h.rev,
            _h.event,
            _h.at,
            _h.by,
            _h.rule,
            _h.changes,
            _h.change_set,
        )
        .where(among_ids(_h.record, dialect))
        .order_by(_h.at.desc(), _h.rev.desc())
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def causes_of(session: Session, found: Sequence[LedgerDifference]) -> dict[tuple[str, str], Json]:
    """Of those that correct something: the latest change of what their parts are about."""
    corrections = [one for one in found if one.state.number]
    if not corrections:
        return {}
    connection = session.connection
    dialect = connection.dialect
    records = {one.charge.record for one in corrections}
    about = records | {part.row for one in corrections for part in one.parts if part.row}
    listed = id_list(dialect, sorted(about))
    changes: dict[str, list[Any]] = {}
    for row in _CHANGES[dialect].rows(connection, ids=listed):
        changes.setdefault(row[0], []).append(row)
    told = {}
    for one in corrections:
        rows = dict.fromkeys([part.row for part in one.parts if part.row])
        behind = [row for record in rows for row in changes.get(record, ())[:1]]
        behind = behind or changes.get(one.charge.record, [])[:1]
        if behind:
            told[one.key] = _told(max(behind, key=lambda row: row[4]))
    return told


def _told(row: Sequence[Any]) -> Json:
    record, object_name, rev, event, at, by, rule, changes, change_set = row
    told = {
        "object": object_name,
        "id": record,
        "rev": rev,
        "event": event,
        "at": timestamp_wire(at),
        "by": by,
        "rule": rule,
        "fields": sorted(changes) if event == "updated" else [],
    }
    return told | ({"change_set": change_set} if change_set else {})
