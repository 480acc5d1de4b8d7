"""Causes: the change that moved what a key should have been charged, since its last posting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import HISTORY
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .ledger_differences import LedgerDifference
from .ledger_model import Ledger
from .ledger_tables import POSTING
from .mark_routes import mark_scopes

Json = dict[str, Any]
Row = Sequence[Any]
AT = 4  # the place of the moment in a row of the history

_h, _p = HISTORY.c, POSTING.c
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
_POSTED = {
    dialect: Statement(
        sa.select(_p.source, _p.period, sa.func.max(_p.at).label("at"))
        .where(_p.ledger == param("the_ledger", _p.ledger), among_ids(_p.source, dialect))
        .group_by(_p.source, _p.period)
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def causes_of(
    session: Session, ledger: Ledger, found: Sequence[LedgerDifference]
) -> dict[tuple[str, str], Json]:
    """Of those that correct something: the change behind it, and that behind each of its parts."""
    corrections = [one for one in found if one.state.number]
    if not corrections:
        return {}
    changes = _Changes(session, ledger, corrections)
    told = {}
    for one in corrections:
        cause = changes.cause(one)
        if cause is not None:
            parts = [changes.of_part(one, part.row) for part in one.parts]
            told[one.key] = _told(cause) | {"parts": [_named(row) for row in parts]}
    return told


class _Changes:
    """What the records behind some corrections went through."""

    def __init__(self, session: Session, ledger: Ledger, found: Sequence[LedgerDifference]) -> None:
        scope = session.catalog.derive(mark_scopes)[ledger.name]
        self._names = {
            object_name: frozenset().union(*(one.names for one in routes))
            for object_name, routes in scope.routes.items()
        }
        records = {one.charge.record for one in found}
        about = records | {part.row for one in found for part in one.parts if part.row}
        about |= {cause for one in found for cause in one.record.causes}
        self._newest = self._read(session, sorted(about))
        self._since = _since(session, ledger, sorted(records))

    def _read(self, session: Session, ids: Iterable[str]) -> dict[str, Row]:
        """Of each record the newest change that decides what is charged, or else the newest one."""
        connection = session.connection
        rows = _CHANGES[connection.dialect].rows(connection, ids=id_list(connection.dialect, ids))
        newest: dict[str, Row] = {}
        deciding: dict[str, Row] = {}
        for row in rows:
            newest.setdefault(row[0], row)
            if row[0] not in deciding and self._decides(row):
                deciding[row[0]] = row
        return newest | deciding

    def _decides(self, row: Row) -> bool:
        names = self._names.get(row[1], frozenset())
        return row[3] != "updated" or not names.isdisjoint(row[7])

    def of_part(self, one: LedgerDifference, row: str) -> Row | None:
        """The change of the row that a part is about, since the last posting; or one behind it."""
        found = self._newest.get(row)
        if found is not None and self._fresh(one, found):
            return found
        behind, own = self._far(one), self._newest.get(one.charge.record)
        if own is not None and self._fresh(one, own):
            behind.append(own)
        return max(behind, key=_at) if behind else found

    def cause(self, one: LedgerDifference) -> Row | None:
        rows = [self._newest.get(row) for row in {part.row for part in one.parts if part.row}]
        near = [row for row in rows if row is not None]
        fresh = [row for row in near if self._fresh(one, row)]
        far = self._far(one)
        if far or fresh:
            return max([*far, *fresh], key=_at)  # of one moment, what is further away
        own = self._newest.get(one.charge.record)
        if not near or (own is not None and self._fresh(one, own)):
            return own  # nothing where the history does not reach back
        return max(near, key=_at)

    def _far(self, one: LedgerDifference) -> list[Row]:
        rows = [self._newest.get(cause) for cause in one.record.causes]
        return [row for row in rows if row is not None]

    def _fresh(self, one: LedgerDifference, row: Row) -> bool:
        since = self._since.get(one.key)
        return since is None or bool(row[AT] >= since)


def _since(
    session: Session, ledger: Ledger, records: Iterable[str]
) -> Mapping[tuple[str, str], datetime]:
    """When something was posted last, by key."""
    connection = session.connection
    ids = id_list(connection.dialect, records)
    rows = _POSTED[connection.dialect].rows(connection, the_ledger=ledger.name, ids=ids)
    return {(str(source), period): at for source, period, at in rows}


def _at(row: Row) -> Any:
    return row[AT]


def _named(row: Row | None) -> Json | None:
    return None if row is None else {"object": row[1], "id": row[0], "rev": row[2]}


def _told(row: Row) -> Json:
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
