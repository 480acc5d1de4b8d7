"""The loans of the engine's library that are copied, straight into its tables."""

from __future__ import annotations

import psycopg

from bench.baseline_data import analyze_postgresql
from bench.data import Library
from fluvial.kernel.search_words import indexed

from . import copies

LAYOUT = copies.Layout(history="fluvial_history", search="fluvial_search", words=indexed)


def complete(url: str, filled: Library) -> None:
    """Copy what the API has written until the library is full; numbers go on behind it."""
    if url.startswith("sqlite"):
        _complete_sqlite(url.removeprefix("sqlite:///"), filled)
    else:
        _complete_postgresql(url, filled)


def _complete_sqlite(path: str, filled: Library) -> None:
    with copies.filling(path) as connection:
        copies.multiply(connection, copies.SQLITE, LAYOUT, filled)
        connection.execute(
            "update fluvial_sequence set value = ? where object = 'loan'", (filled.records,)
        )


def _complete_postgresql(url: str, filled: Library) -> None:
    with psycopg.connect(url) as connection:
        copies.multiply(connection, copies.POSTGRESQL, LAYOUT, filled)
        connection.execute(
            "select setval(sequencename::regclass, %s) from pg_sequences "
            "where sequencename like 'fluvial_number_%%'",
            (filled.records,),
        )
    analyze_postgresql(url)
