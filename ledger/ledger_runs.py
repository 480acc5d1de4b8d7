"""Runs: what a ledger should have charged is worked out and posted, record by record in portions.

Each portion is one transaction that nobody else runs the ledger in. What is killed goes on behind
the last portion, and what was posted is found posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from fluvial.database import locks
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.records.reading.caller_paths import condition
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.query import MAX_LIMIT, Query
from fluvial.records.reading.reader import count, read_page
from fluvial.records.reading.sql_context import ask
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import CANCELLED, DONE, RUNNING, LongJob
from fluvial.runtime.session import Session

from .allocation_cells import fill_draws
from .charged_records import ChargedRecord, charged_records
from .far_causes import causes_noted, forget_causes
from .key_states import states_of
from .ledger_differences import LedgerDifference, Scales, differences
from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_run_rows import Counts, RunRow, add_faults, add_run, found_run, keep_run
from .ledger_tables import KEY
from .marks import (
    WHOLE,
    begin_whole,
    clear,
    count_marked,
    end_whole,
    keep_due,
    mark,
    next_marked,
    tells_all,
)
from .posting import Posted, post
from .target_cells import fill_cells
from .voiding import begin_voiding

WORK = "ledger run"
RECORDS, GONE = "records", "gone"
MARKS, SOME = "marks", "some"
LEAST = 10  # records of a portion: fewer would cost more in statements than in work
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class RunWish:
    """What somebody asks of a run."""

    until: date
    where: str = ""
    dry_run: bool = False


class _Undone(Exception):
    """Ends what is only tried."""


def ledger_named(session: Session, name: str) -> Ledger:
    """A ledger whose records the actor may read."""
    ledger = session.catalog.derive(ledgers_of).get(name)
    if ledger is None or not session.access.object(ledger.object).can("read"):
        raise NotFound(f"There is no ledger `{name}`.")
    return ledger


def allow_running(session: Session, ledger: Ledger) -> None:
    """Whoever runs a ledger posts in their own name, so they may create what it posts."""
    for name in ledger.objects:
        if not session.access.object(name).can("create"):
            plural = session.catalog.objects[name].plural.lower()
            raise Forbidden(f"Your roles do not allow you to create {plural}.")


def sees_runs(session: Session, ledger: Ledger) -> bool:
    """Whether the actor may know what runs come to: that of all records together."""
    rights = [session.access.object(name) for name in ledger.objects]
    all_read = all(one.where.get("read", ()) is None for one in rights)
    return all_read or all(one.can("create") for one in rights)


def with_runs(session: Session, name: str) -> Ledger:
    """A ledger whose runs the actor may see."""
    ledger = ledger_named(session, name)
    if not sees_runs(session, ledger):
        raise Forbidden(
            f"Your roles do not allow you to see the runs of {ledger.label}: they need to read all "
            "that it posts."
        )
    return ledger


def begin_run(session: Session, ledger: Ledger, wish: RunWish, id: str = "") -> str:
    """The id of the run, which is that of its job."""
    allow_running(session, ledger)
    if wish.where:
        condition(session.access, session.object(ledger.object), wish.where)
    body: dict[str, Any] = {"ledger": ledger.name, "until": wish.until.isoformat()}
    body |= {"where": wish.where, "dry_run": wish.dry_run}
    with session.connection.transaction():
        job = long_jobs.begin(session, WORK, title_of(ledger, wish), body, id)
        if job.kind != WORK or job.body != body or job.by != session.actor.id:
            message = "This key belongs to other work. Send a new one."
            raise Unprocessable(message, errors=[fault("/key", "used", message)])
        if not job.place:
            _enter(session, ledger, wish, job)
    return job.id


def title_of(ledger: Ledger, wish: RunWish) -> str:
    """What the job is called."""
    return f"{ledger.label} until {wish.until.isoformat()}"


def _enter(session: Session, ledger: Ledger, wish: RunWish, job: LongJob) -> None:
    try:
        found_run(session.connection, ledger.name, job.id)
    except NotFound:
        by = session.actor.id
        row = RunRow(
            job.id, ledger.name, session.now, by, wish.until, wish.where, wish.dry_run, RUNNING, {}
        )
        add_run(session.connection, row)


def begin_void(session: Session, ledger: Ledger, id: str) -> str:
    """The id of the run that takes back what another one has posted."""
    allow_running(session, ledger)
    run = found_run(session.connection, ledger.name, id)
    if run.state == RUNNING:
        raise Conflict("This run is not over. Wait for it, or cancel it first.")
    if run.dry_run or run.voids:
        what = "was a trial" if run.dry_run else "takes back another run"
        raise Conflict(f"This run {what}, so there is nothing to take back.")
    if run.voided_by:
        raise Conflict("This run was taken back already. Run the ledger to post it again.")
    return begin_voiding(session, ledger, run)


def run_portion(session: Session, job: LongJob, size: int) -> bool:
    """Some records of a run; whether there are more."""
    ledger = session.catalog.derive(ledgers_of).get(job.body["ledger"])
    if ledger is None:
        raise Problem("The ledger has been removed. Start a new run once it is back.")
    allow_running(session, ledger)
    counts = Counts.read(job.place.get("counts", {}))
    more = not job.ending and _work(session, ledger, job, size, counts)
    job.place["counts"] = job.result = counts.told()
    state = RUNNING if more else CANCELLED if job.ending else DONE
    keep_run(session.connection, job.id, state, counts.told())
    return more


def _work(session: Session, ledger: Ledger, job: LongJob, size: int, counts: Counts) -> bool:
    locks.hold_named(session.connection, "ledger", ledger.name)
    place, until = job.place, date.fromisoformat(job.body["until"])
    if "mode" not in place:
        place["mode"] = _mode(session, ledger, job)
        place["phase"] = RECORDS
        job.total = _total(session, ledger, job, until)
    size = max(size, LEAST)
    if place["mode"] == MARKS:
        ids = next_marked(session.connection, ledger.name, until, place.get("after", NOBODY), size)
        place["after"] = ids[-1] if ids else NOBODY
        more = len(ids) == size
    elif place["phase"] == RECORDS:
        ids, more = _page(session, ledger, job, size)
    else:
        ids = gone_records(session, ledger, place.get("after", NOBODY), size)
        place["after"] = ids[-1] if ids else NOBODY
        more = bool(ids)
    job.done += len(ids)
    run_records(session, ledger, ids, until, job.id, counts, dry_run=job.body["dry_run"])
    if not more and place["mode"] == WHOLE:
        end_whole(session.connection, ledger.name, job.id)
    return more


def _mode(session: Session, ledger: Ledger, job: LongJob) -> str:
    """Which records are looked at: those that are marked, all, or some that marks do not tell."""
    seen = session.access.object(ledger.object).where.get("read", ())
    if job.body["where"] or seen is not None:
        return SOME
    if tells_all(session, ledger.name):
        return MARKS
    if job.body["dry_run"]:
        return SOME
    begin_whole(session, ledger.name, job.id)
    return WHOLE


def _total(session: Session, ledger: Ledger, job: LongJob, until: date) -> int:
    if job.place["mode"] == MARKS:
        return count_marked(session.connection, ledger.name, until)
    return count(session, Query(ledger.object, (("id",),), job.body["where"]))


def _page(session: Session, ledger: Ledger, job: LongJob, size: int) -> tuple[list[str], bool]:
    """The next records that the person may read, by their ids; and whether there are more."""
    where, cursor = job.body["where"], job.place.get("cursor", "")
    query = Query(ledger.object, (("id",),), where, limit=min(size, MAX_LIMIT), cursor=cursor)
    page = read_page(session, query)
    job.place["cursor"] = page["next"] or ""
    if not page["next"]:
        job.place["phase"] = GONE
    return [row["id"] for row in page["data"]], not where or bool(page["next"])


def run_records(
    session: Session,
    ledger: Ledger,
    ids: Sequence[str],
    until: date,
    run: str,
    counts: Counts,
    *,
    dry_run: bool = False,
) -> None:
    """Work out and post the keys of some records, inside the caller's transaction."""
    if not ids:
        return
    connection = session.connection
    if not dry_run:
        clear(connection, ledger.name, ids)
    causes = causes_noted(connection, ledger.name, ids)
    records, found = compared(session, ledger, ids, until)
    for record in records:
        record.causes = causes.get(record.id, ())
    posted = _tried(session, ledger, run, found) if dry_run else post(session, ledger, run, found)
    faults = [*_faults(records), *posted.faults]
    add_faults(connection, run, faults)
    if not dry_run:
        keep_due(connection, ledger.name, {one.id: one.due for one in records})
        failed = {one[0] for one in faults}
        mark(connection, ledger.name, failed)
        forget_causes(connection, ledger.name, [one for one in ids if one not in failed])
    counts.add(
        records=len(records),
        keys=sum(len(one.charges) for one in records),
        posted=len(posted.done),
        entries=posted.entries,
        parts=posted.parts,
        faults=len(faults),
    )
    counts.sum(pair for one in posted.done for pair in one.amounts.items())


def compared(
    session: Session, ledger: Ledger, ids: Sequence[str], until: date
) -> tuple[list[ChargedRecord], list[LedgerDifference]]:
    """What some records should have been charged, and what of it is not posted."""
    states = states_of(session.connection, ledger.name, ids)
    records = charged_records(session, ledger, ids, until, states)
    if ledger.allocation is None:
        fill_cells(session, ledger, records)
    else:
        fill_draws(session, ledger, records, until)
    scales = Scales(session.catalog, ledger)
    return records, list(differences(records, states, scales))


def _faults(records: Sequence[ChargedRecord]) -> list[tuple[str, str, str]]:
    own = [(one.id, "", one.fault) for one in records if one.fault]
    keys = [charge for one in records for charge in one.charges.values() if charge.fault]
    return own + [(one.record, one.name, one.fault) for one in keys]


def _tried(session: Session, ledger: Ledger, run: str, found: Sequence[LedgerDifference]) -> Posted:
    """What would be posted: all of it is done, and taken back."""
    posted = Posted()
    try:
        with session.connection.savepoint():
            posted = post(session, ledger, run, found)
            raise _Undone
    except _Undone:
        return posted


def gone_records(session: Session, ledger: Ledger, after: str, limit: int) -> list[str]:
    """Records in the bin for which something is posted, in order of their ids."""
    dialect = session.connection.dialect

    def make() -> Compiled:
        table = tables_of(session.catalog).objects[ledger.object]
        query = (
            sa.select(KEY.c.source)
            .distinct()
            .select_from(KEY.join(table, table.c.id == KEY.c.source))
            .where(
                KEY.c.ledger == sa.bindparam("ledger", type_=KEY.c.ledger.type),
                KEY.c.source > sa.bindparam("after", type_=KEY.c.source.type),
                table.c.deleted_at.is_not(None),
            )
            .order_by(KEY.c.source)
            .limit(sa.bindparam("limit", type_=sa.Integer))
        )
        return Compiled(query, dialect)

    plan: Compiled = plans_of(session.catalog).get(("ledger gone", ledger.object), make)
    rows = ask(session, plan, ledger=ledger.name, after=after, limit=limit)
    return [str(row[0]) for row in rows]
