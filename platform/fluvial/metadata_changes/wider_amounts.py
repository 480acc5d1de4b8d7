"""Amounts in any currency had two decimals in an earlier release; some currencies have four."""

from __future__ import annotations

from fluvial.database.engine_tables import CATALOG
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session
from metamodel.currencies import MOST_DECIMALS
from metamodel.storage import POSTGRESQL, amounts

EARLIER = 2  # decimals of a release that noted none

_HELD = Statement(CATALOG.select().with_only_columns(CATALOG.c.decimals))
_NOTE = Statement(CATALOG.update().values(decimals=MOST_DECIMALS))


def widen_amounts(session: Session) -> None:
    """Give the columns of such amounts the decimals that they have now, once for a database."""
    row = _HELD.row(session.connection)
    if row is None or row[0] == MOST_DECIMALS:
        return
    wanted = amounts(MOST_DECIMALS)
    for table in tables_of(session.catalog).objects.values():
        columns = [c.name for c in table.columns if getattr(c.type, "storage", None) is wanted]
        for name in columns:
            session.connection.script(_statement(session.connection.dialect, table.name, name))
    _NOTE.run(session.connection)


def _statement(dialect: str, table: str, column: str) -> str:
    if dialect == POSTGRESQL:
        return (
            f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {amounts(MOST_DECIMALS).types[1]}'
        )
    return f'UPDATE "{table}" SET "{column}" = "{column}" * {10 ** (MOST_DECIMALS - EARLIER)}'
