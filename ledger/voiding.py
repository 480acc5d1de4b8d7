"""Voiding: what a run has posted is taken back by opposite entries. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from fluvial.database import locks
from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import Conflict, Problem
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import CANCELLED, DONE, RUNNING, LongJob
from fluvial.runtime.session import Session

from .charge_periods import period_named
from .charged_records import Charge, ChargedRecord, charged_records
from .key_states import KeyState, PostingRow, states_of
from .ledger_differences import LedgerDifference, open_period
from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_run_rows import Counts, RunRow, add_faults, add_run, keep_run, mark_voided
from .ledger_tables import POSTING
from .marks import mark
from .posting import post

VOIDING = "ledger void"
NOBODY = "00000000-0000-0000-0000-000000000000"

_p = POSTING.c
_OF_RUN = Statement(
    sa.select(*_p)
    .where(_p.run == param("the_run", _p.run), _p.id > param("the_after", _p.id))
    .order_by(_p.id)
    .limit(sa.bindparam("the_limit", type_=sa.Integer))
)


def begin_voiding(session: Session, ledger: Ledger, run: RunRow) -> str:
    body = {"ledger": ledger.name, "run": run.id}
    with session.connection.transaction():
        job = long_jobs.begin(session, VOIDING, f"Take back a run of {ledger.label}", body)
        if not mark_voided(session.connection, run.id, job.id):
            raise Conflict("This run was taken back already. Run the ledger to post it again.")
        by = session.actor.id
        row = RunRow(job.id, ledger.name, session.now, by, run.until, "", False, RUNNING, {})
        add_run(session.connection, replace(row, voids=run.id))
    return job.id


def void_portion(session: Session, job: LongJob, size: int) -> bool:
    """Some postings of a run; whether there are more."""
    ledger = session.catalog.derive(ledgers_of).get(job.body["ledger"])
    if ledger is None:
        raise Problem("The ledger has been removed. Start again once it is back.")
    counts = Counts.read(job.place.get("counts", {}))
    more = False
    if not job.ending:
        locks.hold_named(session.connection, "ledger", ledger.name)
        rows = _OF_RUN.rows(
            session.connection,
            the_run=job.body["run"],
            the_after=job.place.get("after", NOBODY),
            the_limit=size,
        )
        postings = [PostingRow(*row) for row in rows]
        if postings:
            job.place["after"] = postings[-1].id
            _take_back(session, ledger, job.id, postings, counts)
            job.done += len(postings)
        more = len(postings) == size
    job.place["counts"] = job.result = counts.told()
    state = RUNNING if more else CANCELLED if job.ending else DONE
    keep_run(session.connection, job.id, state, counts.told())
    return more


def _take_back(
    session: Session, ledger: Ledger, run: str, postings: Sequence[PostingRow], counts: Counts
) -> None:
    ids = sorted({one.source for one in postings})
    states = states_of(session.connection, ledger.name, ids)
    known = {one.id: one for one in charged_records(session, ledger, ids, date.min, states)}
    found = []
    for one in postings:
        record = known.get(one.source) or ChargedRecord(one.source, {}, live=False)
        charge = record.charges.get(one.period)
        charge = charge or Charge(one.source, one.period, period_named(one.period))
        state = states.get(one.source, {}).get(one.period, KeyState(one.source, one.period))
        amounts = {name: -Decimal(value) for name, value in one.amounts.items()}
        parts = [cell._replace(times=-cell.times) for cell in one.cells]
        booked = open_period(record, charge)
        found.append(LedgerDifference(record, charge, state, amounts, parts, booked))
    posted = post(session, ledger, run, found)
    mark(session.connection, ledger.name, ids)
    add_faults(session.connection, run, posted.faults)
    counts.add(
        records=len(ids),
        keys=len(found),
        posted=len(posted.done),
        entries=posted.entries,
        parts=posted.parts,
        faults=len(posted.faults),
    )
    counts.sum(pair for one in posted.done for pair in one.amounts.items())
