"""Ranks: the order that people give to cards by hand, as keys with room between any two.

A card that nobody has moved has its id as its rank: ids sort by the time they were made.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import column, table
from fluvial.database.statement import Statement
from metamodel.storage import POSTGRESQL, TEXT, UUID

TABLES = sa.MetaData()

RANK = table(
    "rank",
    column("list", TEXT, primary_key=True),  # the board
    column("record", UUID, primary_key=True),
    column("rank", TEXT),
    metadata=TABLES,
)

sa.Index("ix_fluvial_rank__list__rank", RANK.c.list, RANK.c.rank)

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 32  # of an id without its hyphens


def between(low: str, high: str) -> str:
    """A rank after `low` and before `high`; "" is before or after all."""
    rank, bounded, at = "", bool(high), 0
    while True:
        first = DIGITS.index(low[at]) if at < len(low) else 0
        last = DIGITS.index(high[at]) if bounded and at < len(high) else len(DIGITS)
        if last - first > 1:
            return rank + DIGITS[(first + last) // 2]
        rank += DIGITS[first]
        bounded = bounded and last == first
        at += 1


def behind(last: str) -> str:
    """A rank right after the last one, and before those of records that are still to be made."""
    return last[:ID_LENGTH] + between(last[ID_LENGTH:], "")


def last_id(rank: str) -> str:
    """The highest id that may stand before a rank without having one of its own."""
    own = rank[:ID_LENGTH]
    digits = own[: len(own) - len(own.lstrip(DIGITS[:16]))]
    whole = digits.ljust(ID_LENGTH, "0" if digits == own else "f")
    return "-".join((whole[:8], whole[8:12], whole[12:16], whole[16:20], whole[20:]))


def _upsert(insert: Any) -> Statement:
    made = insert(RANK).values({c.name: sa.bindparam(c.name, type_=c.type) for c in RANK.c})
    return Statement(
        made.on_conflict_do_update(
            index_elements=[RANK.c.list, RANK.c.record], set_={"rank": made.excluded.rank}
        )
    )


_KEEP = {False: _upsert(sqlite.insert), True: _upsert(postgresql.insert)}


def keep(connection: Connection, board: str, record: str, rank: str) -> None:
    statement = _KEEP[connection.dialect == POSTGRESQL]
    statement.run(connection, list=board, record=record, rank=rank)
