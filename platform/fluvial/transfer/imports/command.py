"""Import of a file from the command line, with a line that says how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fluvial.runtime.session import Session

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
    """Import a file; the answer is that of the API."""
    read = read_options(options | {"dry_run": dry_run})
    with path.open("rb") as source:
        table = open_for(session, object_name, source, read)
        show = sys.stderr.isatty()
        result = import_table(
            session,
            object_name,
            table,
            read,
            file=path.name,
            progress=_teller(path.name) if show else None,
        )
    if show:
        print(file=sys.stderr)
    return result.wire()


def _teller(name: str) -> Callable[[int], None]:
    started = last = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY:
            last = now
            pace = rows / (now - started)
            print(
                f"\r{name}: {rows} rows, {pace:.0f} a second ", end="", file=sys.stderr, flush=True
            )

    return tell
