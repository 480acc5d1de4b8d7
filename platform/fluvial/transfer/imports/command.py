"""Import of a file from the command line, with a line that says how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from fluvial.kernel.problems import Problem
from fluvial.runtime import long_jobs
from fluvial.runtime.session import Session

from . import import_job
from .importer import import_table
from .options import read_options
from .proposals import open_for

EVERY = 0.2  # seconds between two lines


def import_file(
    session: Session,
    object_name: str,
    path: Path,
    options: dict[str, Any],
    *,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Import a file; the answer is that of the API. Of a large one in portions, as there."""
    told = options | {"dry_run": dry_run}
    read = read_options(told)
    with path.open("rb") as source:
        table = open_for(session, object_name, source, read)
        if not import_job.is_large(table):
            return import_table(session, object_name, table, read, file=path.name).wire()
        source.seek(0)
        return _in_portions(session, object_name, source, told, path.name)


def _in_portions(
    session: Session, object_name: str, source: IO[bytes], options: dict[str, Any], name: str
) -> dict[str, Any]:
    """Do the portions here; who stops them cancels the import, so that nothing of it is kept."""
    engine, connection = session.engine, session.connection
    id = import_job.begin(session, object_name, source, options, file=name)
    tell = _teller(name) if sys.stderr.isatty() else lambda rows: None
    try:
        while long_jobs.advance(engine, connection, id):
            tell(long_jobs.job_of(connection, id).done)
    except KeyboardInterrupt:
        long_jobs.cancel(session, id)
        while long_jobs.advance(engine, connection, id):
            pass
        raise
    job = long_jobs.job_of(connection, id)
    if job.state == long_jobs.CANCELLED:
        raise Problem("The import was cancelled; nothing of it is kept.")
    if "errors" not in (job.result or {}):
        raise Problem(job.error)
    return dict(job.result)


def _teller(name: str) -> Callable[[int], None]:
    started = last = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY:
            last = now
            pace = rows / (now - started)
            print(
                f"\r{name}: {rows} steps, {pace:.0f} a second ", end="", file=sys.stderr, flush=True
            )

    return tell
