"""Runs of ledgers as rows: when, until which day, what they counted, and their faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound
from fluvial.records.drafts.insertion import insert_rows
from fluvial.runtime.long_jobs import RUNNING, found_job
from metamodel.currencies import in_minor_units
from metamodel.storage import timestamp_wire

from .charge_cells import plain
from .ledger_tables import FAULT, RUN

Json = dict[str, Any]
COUNTED = ("records", "keys", "posted", "entries", "parts", "faults")
MOST_FAULTS = 200  # that a run tells one by one

_r, _f = RUN.c, FAULT.c
_ONE = Statement(sa.select(*_r).where(_r.id == param("the_id", _r.id)))
_NEWEST = Statement(
    sa.select(*_r)
    .where(_r.ledger == param("the_ledger", _r.ledger))
    .order_by(_r.at.desc(), _r.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer))
)
_END = Statement(
    RUN.update()
    .where(_r.id == param("the_id", _r.id))
    .values(state=param("the_state", _r.state), counts=param("the_counts", _r.counts))
)
_VOIDED = Statement(
    RUN.update()
    .where(_r.id == param("the_id", _r.id), _r.voided_by.is_(None))
    .values(voided_by=param("the_by", _r.voided_by))
)
_FAULTS = Statement(
    sa.select(_f.source, _f.period, _f.message)
    .where(_f.run == param("the_run", _f.run))
    .order_by(_f.source, _f.period)
    .limit(sa.literal_column(str(MOST_FAULTS)))
)
_CLEAR = Statement(FAULT.delete().where(_f.run == param("the_run", _f.run)))


@dataclass
class RunRow:
    id: str
    ledger: str
    at: datetime
    by: str | None
    until: date
    where: str
    dry_run: bool
    state: str
    counts: Json
    voids: str | None = None
    voided_by: str | None = None
    cause: Any = None

    def wire(self) -> Json:
        return {
            "id": self.id,
            "ledger": self.ledger,
            "at": timestamp_wire(self.at),
            "by": {"user": self.by} if self.by else None,
            "until": self.until.isoformat(),
            "where": self.where or None,
            "dry_run": self.dry_run,
            "state": self.state,
            **{name: self.counts.get(name, 0) for name in COUNTED},
            "amounts": amounts_wire(self.counts.get("amounts", {})),
            "voids": self.voids,
            "voided_by": self.voided_by,
            "cause": self.cause,
        }


@dataclass
class Counts:
    """What a run has counted so far; its place keeps it between portions."""

    numbers: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    @staticmethod
    def read(told: Json) -> Counts:
        amounts = {one: Decimal(value) for one, value in told.get("amounts", {}).items()}
        return Counts({name: told.get(name, 0) for name in COUNTED}, amounts)

    def add(self, **more: int) -> None:
        for name, number in more.items():
            self.numbers[name] = self.numbers.get(name, 0) + number

    def sum(self, amounts: Iterable[tuple[str, Decimal]]) -> None:
        for currency, amount in amounts:
            self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + amount

    def told(self) -> Json:
        amounts = {one: plain(value) for one, value in self.amounts.items() if value}
        return {**self.numbers, "amounts": amounts}


def amounts_wire(amounts: Json) -> list[Any]:
    """As fields of money, or of numbers, are written."""
    return [
        {"amount": in_minor_units(amount, currency), "currency": currency} if currency else amount
        for currency, amount in sorted(amounts.items())
    ]


def add_run(connection: Connection, row: RunRow) -> None:
    insert_rows(connection, RUN, [{column.name: getattr(row, column.name) for column in RUN.c}])


def found_run(connection: Connection, ledger: str, id: str) -> RunRow:
    row = _ONE.row(connection, the_id=id) if is_id(id) else None
    if row is None or row[1] != ledger:
        raise NotFound("There is no such run of this ledger.")
    return _current(connection, RunRow(*row))


def newest_runs(connection: Connection, ledger: str, limit: int) -> list[RunRow]:
    rows = _NEWEST.rows(connection, the_ledger=ledger, the_limit=limit)
    return [_current(connection, RunRow(*row)) for row in rows]


def runs_with(connection: Connection, ids: Iterable[str]) -> list[RunRow]:
    """The runs that have these ids, in their order."""
    found = (_ONE.row(connection, the_id=id) for id in ids)
    return [_current(connection, RunRow(*row)) for row in found if row is not None]


def _current(connection: Connection, run: RunRow) -> RunRow:
    """A run whose job has ended badly says so."""
    if run.state == RUNNING:
        job = found_job(connection, run.id)
        if job is not None and job.state != RUNNING:
            run.state = job.state
    return run


def keep_run(connection: Connection, id: str, state: str, counts: Json) -> None:
    _END.run(connection, the_id=id, the_state=state, the_counts=counts)


def mark_voided(connection: Connection, id: str, by: str) -> bool:
    return bool(_VOIDED.run(connection, the_id=id, the_by=by))


def add_faults(connection: Connection, run: str, faults: Iterable[tuple[str, str, str]]) -> None:
    rows = [
        {"run": run, "source": source, "period": period, "message": message}
        for source, period, message in faults
    ]
    insert_rows(connection, FAULT, rows, keys=("run", "source", "period"), other=("message",))


def faults_of(connection: Connection, run: str) -> list[tuple[str, str, str]]:
    return [(row[0], row[1], row[2]) for row in _FAULTS.rows(connection, the_run=run)]


def clear_faults(connection: Connection, run: str) -> None:
    _CLEAR.run(connection, the_run=run)
