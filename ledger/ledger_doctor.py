"""doctor --ledger: what is posted against its postings, its records, and what should be posted."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.commands.doctor import Checkup
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.records.calculated.dependency_routes import every
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE

from .charge_cells import ChargeCell, net
from .key_states import KeyState, PostingRow, states_of
from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_runs import compared
from .ledger_tables import MARK, POSTING
from .marks import mark_whole, tells_all

PAGE = 200
NOBODY = "00000000-0000-0000-0000-000000000000"

_p, _m = POSTING.c, MARK.c
_POSTINGS = {
    dialect: Statement(
        sa.select(*_p)
        .where(_p.ledger == param("the_ledger", _p.ledger), among_ids(_p.source, dialect))
        .order_by(_p.source, _p.period, _p.number)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_MARKED = {
    dialect: Statement(
        sa.select(_m.source).where(
            _m.ledger == param("the_ledger", _m.ledger), _m.marked, among_ids(_m.source, dialect)
        )
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def add_option(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument(
        "--ledger",
        action="store_true",
        help="compare all that ledgers have posted with what should have been; with --repair, the "
        "next run of a ledger with a difference compares everything",
    )


def findings(engine: Engine, options: argparse.Namespace) -> Iterator[str]:
    if not options.ledger:
        return
    session = Session.begin(engine, SYSTEM)
    for name, ledger in session.catalog.derive(ledgers_of).items():
        unsound, missed = _examined(session, ledger)
        if unsound:
            yield (
                f"{len(unsound)} keys of the ledger `{name}` do not sum to their postings, the "
                f"first for {unsound[0]}. Restore a backup, or void the runs of this record."
            )
        if missed:
            remedy = f"Run the ledger `{name}`, after `fluvial doctor --ledger --repair`."
            if options.repair:
                mark_whole(session.connection, name)
                remedy = "The next run compares everything."
            yield (
                f"{len(missed)} records of the ledger `{name}` should have been charged otherwise "
                f"and are not marked, the first is {missed[0]}. {remedy}"
            )


def _examined(session: Session, ledger: Ledger) -> tuple[list[str], list[str]]:
    """Records whose keys are not what was posted, and records with a difference but no mark."""
    unsound: list[str] = []
    missed: list[str] = []
    marks = tells_all(session, ledger.name)
    after = NOBODY
    while ids := every(session, ledger.object, PAGE, after=after):
        after = ids[-1]
        unsound += _unsound(session, ledger, ids)
        if marks:
            missed += _missed(session, ledger, ids)
    return unsound, missed


def _unsound(session: Session, ledger: Ledger, ids: Sequence[str]) -> Iterator[str]:
    connection = session.connection
    listed = id_list(connection.dialect, ids)
    statement = _POSTINGS[connection.dialect]
    rows = statement.rows(connection, the_ledger=ledger.name, ids=listed)
    sums: dict[tuple[str, str], tuple[dict[str, Decimal], list[ChargeCell]]] = {}
    for row in (PostingRow(*one) for one in rows):
        amounts, cells = sums.setdefault((row.source, row.period), ({}, []))
        cells += row.cells
        for currency, amount in row.amounts.items():
            amounts[currency] = amounts.get(currency, Decimal(0)) + Decimal(amount)
    for source, states in states_of(connection, ledger.name, ids).items():
        for period, state in states.items():
            if not _sound(state, *sums.get((source, period), ({}, []))):
                yield source


def _sound(state: KeyState, amounts: dict[str, Decimal], cells: list[ChargeCell]) -> bool:
    held = {one: value for one, value in state.posted.items() if value}
    found = {one: value for one, value in amounts.items() if value}
    return held == found and not net(cells, state.cells)


def _missed(session: Session, ledger: Ledger, ids: Sequence[str]) -> Iterator[str]:
    connection = session.connection
    statement = _MARKED[connection.dialect]
    listed = id_list(connection.dialect, ids)
    marked = {row[0] for row in statement.rows(connection, the_ledger=ledger.name, ids=listed)}
    _, found = compared(session, ledger, ids, date.min)
    yield from dict.fromkeys(one.charge.record for one in found if one.charge.record not in marked)


CHECKUP_OF_LEDGERS = Checkup(add_option, findings)
