"""Large imports, as long jobs: all rows are checked first, then they are written.

Each portion of the check is rolled back, so nothing is kept where a row does not fit. Where a row
no longer fits when it is written, because others have changed something meanwhile, what was
written is taken back, and so it is where somebody cancels the import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

from fluvial.database.connection import Connection
from fluvial.kernel.garbage import uncollected
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import NotFound, Unprocessable
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LongJob, LongJobKind
from fluvial.runtime.session import Session
from fluvial.transfer import files

from .cells import CellFault, Deferred
from .import_batches import Batch
from .import_run import ImportRun
from .import_undo import LAST, mark_undone, rows_of, taken_back
from .importer import make_run
from .options import read_options
from .proposals import open_for
from .results import Result
from .table_files import Row, TableFile

SMALL = 200  # rows that are imported at once
CHECK, WRITE, LINK, BACK = "check", "write", "link", "back"  # one after the other
COUNTS = "created", "updated", "unchanged", "faulty"


def is_large(table: TableFile) -> bool:
    """Whether a table has too many rows to be imported at once; its first ones are looked at."""
    first = list(islice(table.rows, SMALL + 1))
    table.rows = _chained(first, table.rows)
    return len(first) > SMALL


def _chained(first: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from first
    yield from rest


def begin(
    session: Session,
    object_name: str,
    source: IO[bytes],
    options: Mapping[str, Any],
    *,
    file: str = "",
    once: str = "",
    id: str = "",
) -> str:
    """The id of the job that imports a file."""
    type_ = session.object(object_name, "import")
    digest = files.keep_bytes(session.engine, source)
    verb = "Check" if options.get("dry_run") else "Import"
    body = {
        "object": object_name,
        "file": file,
        "digest": digest,
        "options": dict(options),
        "once": once or new_id(),
    }
    title = f"{verb} {file or 'a file'} ({type_.plural.lower()})"
    return long_jobs.begin(session, IMPORT_JOB.name, title, body, id).id


@dataclass
class _Open:
    """A file that is being imported, between two portions."""

    source: IO[bytes]
    run: ImportRun
    rows: Iterator[Row]
    phase: str
    at: int
    version: int

    def fits(self, session: Session, place: Mapping[str, Any]) -> bool:
        same = self.version == session.catalog.version
        return same and (self.phase, self.at) == (place["phase"], place["row"])


_open: dict[str, _Open] = {}  # by the ids of jobs; those of other processes are opened anew


def _portion(session: Session, job: LongJob, size: int) -> bool:
    place = job.place
    if not place:
        skips = job.body["options"].get("skip_faults") and not job.body["options"].get("dry_run")
        place.update(phase=WRITE if skips else CHECK, row=0)
    if place["phase"] == BACK:
        return _take_back(session, job, size)
    if job.ending:
        _close(job.id)
        if place["phase"] == CHECK or not place.get("claimed"):
            return False
        place.update(phase=BACK, last=LAST)
        return True
    opened = _open.pop(job.id, None)
    if opened is None or not opened.fits(session, place):
        opened = _opened(session, job)
    _use(opened.run, session.connection)
    steps = {CHECK: _check, WRITE: _write, LINK: _link}
    try:
        more = steps[place["phase"]](session, job, opened, size)
    except BaseException:
        opened.source.close()
        raise
    if more and place["phase"] == opened.phase:
        opened.at = place["row"]
        _open[job.id] = opened
    else:
        opened.source.close()
    return more


IMPORT_JOB = LongJobKind("import", _portion)


def _close(id: str) -> None:
    opened = _open.pop(id, None)
    if opened is not None:
        opened.source.close()


def _use(run: ImportRun, connection: Connection) -> None:
    """A portion comes to the thread that is free, which has a connection of its own."""
    run.outer.connection = run.session.connection = connection


def _opened(session: Session, job: LongJob) -> _Open:
    """The file from the row on at which the job is, with what is known of the earlier ones."""
    body, place = job.body, job.place
    options = read_options(body["options"])
    path = files.path_of(session.engine, body["digest"])
    if not path.is_file():
        raise NotFound("The file is no longer there. Start again with the file.")
    source = path.open("rb")
    table = open_for(session, body["object"], source, options)
    run, rows = make_run(
        session, body["object"], table, options, file=body["file"], once=body["once"]
    )
    checking = place["phase"] == CHECK
    if checking:
        place["row"] = job.done = 0  # nothing is kept of a check that was cut off
        run.trial = run.cells.trial = True
    else:
        _restore(run, rows, place)
    return _Open(source, run, rows, place["phase"], place["row"], session.catalog.version)


def _restore(run: ImportRun, rows: Iterator[Row], place: Mapping[str, Any]) -> None:
    result, kept = run.result, place.get("result", {})
    for name in COUNTS:
        setattr(result, name, kept.get(name, 0))
    result.faults = [CellFault(**one) for one in kept.get("faults", ())]
    result.warnings = [CellFault(**one) for one in kept.get("warnings", ())]
    result.faulty_rows = set(kept.get("faulty_rows", ()))
    targets = {target.index: target for target in run.cells.targets}
    run.deferred = [
        (row, record, Deferred(targets[index], text, beside))
        for row, record, index, text, beside in place.get("deferred", ())
    ]
    run.batch.resume()
    left = int(place["row"])
    while left > 0 and (part := list(islice(rows, min(left, SMALL)))):
        left -= len(part)
        if run.row_keys.fields:
            for one in run.cells.parse(part):
                key = run.row_keys.of(one, run.key_column, optional=run.by_id)
                run.row_keys.repeated(one, key, run.key_column)


def _kept(run: ImportRun, job: LongJob) -> None:
    """Note in the job's place what the next portion has to know."""
    result = run.result
    job.place["result"] = {
        **{name: getattr(result, name) for name in COUNTS},
        "faults": [one.wire() for one in result.faults],
        "warnings": [one.wire() for one in result.warnings],
        "faulty_rows": sorted(result.faulty_rows),
    }
    job.place["deferred"] = [
        (row, record, one.target.index, one.text, one.beside) for row, record, one in run.deferred
    ]


class _TriedOnly(Exception):
    """Ends the savepoint of a portion that was only tried."""


def _check(session: Session, job: LongJob, opened: _Open, size: int) -> bool:
    run, place = opened.run, job.place
    rows = list(islice(opened.rows, size))
    try:
        with session.connection.savepoint(), uncollected():
            lock_writers(session, job.body["object"])
            run.take(rows)
            raise _TriedOnly
    except _TriedOnly:
        run.deferred.clear()  # of records that are not there any more
    place["row"] += len(rows)
    job.done = place["row"]
    if len(rows) == size:
        return True
    result = run.result
    if job.body["options"].get("dry_run"):
        job.result, job.total = {**result.wire(), "faulty_rows": len(result.faulty_rows)}, job.done
        return False
    if result.faulty:
        _fail(job, result)
        return False
    job.total = 2 * job.done
    place.update(phase=WRITE, row=0)
    return True


def _write(session: Session, job: LongJob, opened: _Open, size: int) -> bool:
    run, place = opened.run, job.place
    lock_writers(session, job.body["object"])
    if not place.get("claimed"):
        if not run.batch.begin():
            job.result = Result.of_earlier(run.batch.id, run.batch.earlier()).answer()
            return False
        place["claimed"] = True
    rows = list(islice(opened.rows, size))
    with uncollected():
        run.take(rows)
    place["row"] += len(rows)
    job.done += len(rows)
    return _went(job, run, over=len(rows) < size, then=LINK)


def _went(job: LongJob, run: ImportRun, *, over: bool, then: str) -> bool:
    """Go on, to the next phase where this one is over; or back, where a row did not fit."""
    _kept(run, job)
    if run.result.faulty and not run.options.skip_faults:
        job.place.update(phase=BACK, last=LAST)
    elif over:
        job.place["phase"] = then
    return True


def _link(session: Session, job: LongJob, opened: _Open, size: int) -> bool:
    """Look up what earlier rows said of later ones; then the import is over."""
    run = opened.run
    lock_writers(session, job.body["object"])
    if run.deferred:
        if not run.finishing:
            run.look_up()
        run.finish_some(size)
        return _went(job, run, over=False, then=LINK)
    result = run.result
    result.batch = run.batch.close(result.wire(), result.skipped)
    job.result = result.answer()
    return False


def _take_back(session: Session, job: LongJob, size: int) -> bool:
    """Take back what was written, whatever else the person may do with these records."""
    freely = session.as_actor(replace(session.actor, unrestricted=True))
    batch, place = Batch(session, job.body["object"], "", job.body["once"]).id, job.place
    rows = rows_of(freely, batch, place["last"], size)
    taken_back(freely, job.body["object"], batch, rows)
    if len(rows) == size:
        place["last"] = rows[-1].record
        return True
    mark_undone(freely, batch)
    if job.ending:
        _begin_anew(job)
    else:
        kept = place["result"]
        faults = [CellFault(**one) for one in kept["faults"]]
        result = Result(faults=faults, faulty=kept["faulty"])
        result.faulty_rows = set(kept["faulty_rows"])
        _fail(job, result)
    return False


def _fail(job: LongJob, result: Result) -> None:
    long_jobs.fail(job, refused_import(result))
    _begin_anew(job)


def _begin_anew(job: LongJob) -> None:
    """Nothing of it is kept: who tries again begins with the first row."""
    job.place.clear()
    job.done, job.total = 0, None
    job.body["once"] = new_id()


def refused_import(result: Result) -> Unprocessable:
    """What is told of an import of which nothing is kept."""
    count, first = result.faulty, result.faults[0]
    wire = result.wire()
    errors = [{"pointer": f"/{e['row']}/{e['column']}", **e} for e in wire.pop("errors")]
    return Unprocessable(
        f"Nothing was imported: {count} {'values do' if count > 1 else 'value does'} not fit. "
        f"The first: row {first.row}, {first.column or 'as a whole'}: {first.message}",
        errors=errors,
        **(wire | {"created": 0, "updated": 0, "unchanged": 0}),
    )
