"""What is posted for the keys of records, as the tables of ledgers keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.insertion import insert_rows
from metamodel.storage import POSTGRESQL, SQLITE

from .charge_cells import ChargeCell, from_wire, plain, to_wire
from .ledger_tables import KEY, POSTING

_k = KEY.c
_COLUMNS = (_k.id, _k.source, _k.period, _k.number, _k.posted, _k.cells, _k.settled)


def _of_records(dialect: str) -> Statement:
    query = sa.select(*_COLUMNS).where(
        _k.ledger == param("the_ledger", _k.ledger), among_ids(_k.source, dialect)
    )
    return Statement(query.order_by(_k.source, _k.period))


_OF_RECORDS = {dialect: _of_records(dialect) for dialect in (SQLITE, POSTGRESQL)}
_CHANGE = Statement(
    KEY.update()
    .where(_k.id == param("the_id", _k.id), _k.number == param("the_number", _k.number))
    .values(
        number=param("the_next", _k.number),
        posted=param("the_posted", _k.posted),
        cells=param("the_cells", _k.cells),
        settled=param("the_settled", _k.settled),
    )
)
_p = POSTING.c
_OF_KEY = Statement(
    sa.select(*_p)
    .where(
        _p.ledger == param("the_ledger", _p.ledger),
        _p.source == param("the_source", _p.source),
        _p.period == param("the_period", _p.period),
    )
    .order_by(_p.number)
)


@dataclass
class KeyState:
    """What is posted for one key. Amounts are by currency; `number` counts its postings."""

    source: str
    period: str
    id: str = ""
    number: int = 0
    posted: Mapping[str, Decimal] = field(default_factory=dict)
    cells: Sequence[ChargeCell] = ()
    settled: bool = False  # whether the amounts are the rounded sums of the cells


@dataclass(frozen=True)
class PostingRow:
    """One difference that was posted."""

    id: str
    ledger: str
    source: str
    period: str
    number: int
    run: str
    at: Any
    amounts: Mapping[str, str]
    parts: Sequence[Any]
    cause: Any
    booked: Any

    @property
    def cells(self) -> list[ChargeCell]:
        return from_wire(self.parts)


def states_of(
    connection: Connection, ledger: str, records: Iterable[str]
) -> dict[str, dict[str, KeyState]]:
    """By record and period."""
    dialect = connection.dialect
    rows = _OF_RECORDS[dialect].rows(connection, the_ledger=ledger, ids=id_list(dialect, records))
    found: dict[str, dict[str, KeyState]] = {}
    for id, source, period, number, posted, cells, settled in rows:
        amounts = {one: Decimal(value) for one, value in posted.items()}
        state = KeyState(source, period, id, number, amounts, from_wire(cells), settled)
        found.setdefault(source, {})[period] = state
    return found


def postings_of(connection: Connection, ledger: str, source: str, period: str) -> list[PostingRow]:
    """All that was posted for a key, in order."""
    rows = _OF_KEY.rows(connection, the_ledger=ledger, the_source=source, the_period=period)
    return [PostingRow(*row) for row in rows]


def keep_states(connection: Connection, ledger: str, states: Iterable[KeyState]) -> bool:
    """Write what is posted now; whether nobody else has posted to any of these meanwhile."""
    new = []
    for state in states:
        posted = {one: plain(value) for one, value in state.posted.items()}
        cells = to_wire(state.cells)
        if state.id:
            changed = _CHANGE.run(
                connection,
                the_id=state.id,
                the_number=state.number - 1,
                the_next=state.number,
                the_posted=posted,
                the_cells=cells,
                the_settled=state.settled,
            )
            if not changed:
                return False
            continue
        new.append(
            {
                "id": new_id(), "ledger": ledger, "source": state.source, "period": state.period,
                "number": state.number, "posted": posted, "cells": cells, "settled": state.settled,
            }
        )  # fmt: skip
    insert_rows(connection, KEY, new)
    return True
