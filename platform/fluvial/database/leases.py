"""Leases by the database's clock: who works on a row, until when, and with which fencing token.

Machines may disagree about the time; the database alone says when a lease has run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from metamodel.storage import TIMESTAMP

from .columns import Stored


class Later(sa.ColumnElement[Any]):
    """The database's now and some seconds, which are a bind with a default."""

    inherit_cache = False
    type = Stored(TIMESTAMP)

    def __init__(self, name: str, seconds: float = 0) -> None:
        self.bind: sa.BindParameter[Any] = sa.bindparam(name, seconds, type_=sa.Float())


@compiles(Later, "sqlite")
def _on_sqlite(later: Later, compiler: Any, **options: Any) -> str:
    # Timestamps are kept with six digits behind the second; SQLite's clock has three.
    bind = compiler.process(later.bind, **options)
    return f"(strftime('%Y-%m-%dT%H:%M:%f', 'now', {bind} || ' seconds') || '000Z')"


@compiles(Later, "postgresql")
def _on_postgresql(later: Later, compiler: Any, **options: Any) -> str:
    bind = compiler.process(later.bind, **options)
    return f"(clock_timestamp() + make_interval(secs => CAST({bind} AS DOUBLE PRECISION)))"


def free(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Rows that nobody holds now: `leased_until` is also the moment before which to wait."""
    until = table.c.leased_until
    return sa.or_(until.is_(None), until < Later("seconds_now"))


def claim(
    table: sa.Table,
    ready: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]],
    seconds: float,
) -> Any:
    """An UPDATE that takes up to `the_limit` rows that are ready, for some seconds.

    Workers pass over each other's rows: SKIP LOCKED on PostgreSQL; SQLite has one writer.
    """
    chosen = (
        sa.select(table.c.id)
        .where(ready)
        .order_by(*order)
        .limit(sa.bindparam("the_limit", type_=sa.Integer()))
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    return (
        table.update()
        .where(table.c.id.in_(sa.select(chosen.c.id)))
        .values(
            lease=sa.bindparam("the_lease", type_=table.c.lease.type),
            leased_until=Later("seconds_leased", seconds),
        )
    )
