"""Importing a table: every row goes the way of any other write, many at a time.

All rows are one transaction: with a fault in any of them nothing is kept, unless faulty rows are
to be left out. Rows are read as they are needed, so memory does not grow with the table, but for
two numbers for each key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from fluvial.kernel.garbage import uncollected
from fluvial.records.change_sets.writes import KeptWrites
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.runtime.session import Session

from .cells import Cells
from .import_batches import Batch
from .import_run import BATCH, ImportRun
from .options import Options
from .pasts import Pasts
from .results import Result
from .table_files import SLOT, Row, TableFile, with_made
from .targets import Resolver

Progress = Callable[[int], None]
T = TypeVar("T")


class _NotKept(Exception):
    """Ends the transaction of an import that was only tried, or has faults."""


def import_table(
    session: Session,
    object_name: str,
    table: TableFile,
    options: Options,
    *,
    file: str = "",
    once: str = "",
    progress: Progress | None = None,
    kept: KeptWrites | None = None,
) -> Result:
    """Import a table into an object type. With faults and without `skip_faults` nothing is kept.

    What has the same `once` as an earlier import answers what that one did. Where writes are
    `kept` in a change set, it is told of each of them, and the caller rolls them back.
    """
    run, rows = make_run(session, object_name, table, options, file=file, once=once)
    run.keeps = kept is not None
    result, batch = run.result, run.batch
    try:
        with _all_or_nothing(session):
            lock_writers(session, object_name)
            if not batch.begin():
                return Result.of_earlier(batch.id, batch.earlier())
            _take_all(run, rows, progress)
            if options.dry_run or (result.faulty and not options.skip_faults):
                raise _NotKept
            result.batch = batch.close(result.wire(), result.skipped)
            for draft, names in run.noted if kept is not None else ():
                kept.note(draft, names)  # type: ignore[union-attr]
    except _NotKept:
        result.batch = None
    return result


def make_run(
    session: Session,
    object_name: str,
    table: TableFile,
    options: Options,
    *,
    file: str = "",
    once: str = "",
) -> tuple[ImportRun, Iterator[Row]]:
    """What takes the rows of a table, and the rows; nothing is read or written yet."""
    type_ = session.object(object_name, "import")
    session.object(object_name, "create")
    session = replace(session, quiet=session.quiet or not options.rules)
    pasts = Pasts(session, type_, table.header, options) if options.past else None
    table, options = _with_made(table, options)
    resolver = Resolver(session.catalog, session.access, type_)
    targets = resolver.targets(table.header, options, table.repeated, table.hint)
    result = Result(left_out=resolver.left_out)
    batch = Batch(session, type_.name, file, once)
    quoted = not table.sheets  # texts of a workbook are never run
    cells = Cells(session, type_.name, targets, options, quoted=quoted)
    run = ImportRun(session, type_, cells, options, result, batch)
    run.pasts = pasts
    return run, table.rows


def _take_all(run: ImportRun, rows: Iterator[Row], progress: Progress | None) -> None:
    done = 0
    for batch in _batched(rows, BATCH):
        with uncollected():
            run.take(batch)
        done += len(batch)
        if progress is not None:
            progress(done)
    run.finish()


def _with_made(table: TableFile, options: Options) -> tuple[TableFile, Options]:
    """Texts that are made of cells become columns of the table."""
    texts = {name: text for name, text in options.fixed.items() if SLOT.search(text)}
    if not texts:
        return table, options
    columns = {f"{name}: {text}": name for name, text in texts.items()}
    made = {column: texts[name] for column, name in columns.items()}
    fixed = {name: text for name, text in options.fixed.items() if name not in texts}
    mapped = {**options.map, **columns}
    return with_made(table, made), replace(options, fixed=fixed, map=mapped)


def _all_or_nothing(session: Session) -> AbstractContextManager[None]:
    connection = session.connection
    return connection.savepoint() if connection.in_transaction else connection.transaction()


def _batched(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(rows, size)):
        yield batch
