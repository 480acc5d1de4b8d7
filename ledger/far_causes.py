"""Changes from further away that have marked records: what a correction names as its cause.

What a record and its rows went through is in their own history. A price or a product behind them
is noted here when it marks the record, in the transaction of the change, until a run has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.records.drafts.insertion import insert_rows
from metamodel.storage import POSTGRESQL, SQLITE

from .ledger_tables import CAUSE

MOST_CAUSES = 20  # records of one change that are noted one by one
ALL = "00000000-0000-0000-0000-000000000000"  # stands for all records of a ledger

Causes = Mapping[str, Sequence[str]]

_c = CAUSE.c
_of_ledger = _c.ledger == param("the_ledger", _c.ledger)
_READ = {
    dialect: Statement(
        sa.select(_c.source, _c.record)
        .where(_of_ledger, among_ids(_c.source, dialect))
        .order_by(_c.source, _c.at.desc(), _c.record)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_FORGET = {
    dialect: Statement(CAUSE.delete().where(_of_ledger, among_ids(_c.source, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}


def note_causes(connection: Connection, ledger: str, causes: Causes, at: datetime) -> None:
    """By the records that are marked. These are before, so that runs and changes wait alike."""
    rows = [
        {"ledger": ledger, "source": source, "record": record, "at": at}
        for source, records in sorted(causes.items())
        for record in sorted(records)
    ]
    insert_rows(connection, CAUSE, rows, keys=("ledger", "source", "record"), other=("at",))


def causes_noted(connection: Connection, ledger: str, records: Iterable[str]) -> Causes:
    """What has marked some records from further away, the newest first."""
    listed = list(records)
    dialect = connection.dialect
    ids = id_list(dialect, sorted({*listed, ALL}))
    found: dict[str, list[str]] = {}
    for source, record in _READ[dialect].rows(connection, the_ledger=ledger, ids=ids):
        found.setdefault(str(source), []).append(str(record))
    common = found.pop(ALL, [])
    if not common:
        return found
    return {one: [*found.get(one, ()), *common] for one in listed}


def forget_causes(connection: Connection, ledger: str, records: Iterable[str]) -> None:
    dialect = connection.dialect
    _FORGET[dialect].run(connection, the_ledger=ledger, ids=id_list(dialect, sorted({*records})))
