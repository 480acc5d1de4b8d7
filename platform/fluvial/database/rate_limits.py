"""How often something may be tried, counted in the database: all processes count together.

A window begins with the first try and holds so many; when it is over, the next one begins.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fluvial.kernel.problems import TooMany
from metamodel.storage import POSTGRESQL

from .connection import Connection
from .engine_tables import RATE
from .statement import Statement, param

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE_TEXT = re.compile(r"([1-9][0-9]{0,5})/(second|minute|hour|day)")
KEPT = timedelta(days=2)  # no window is longer

_r = RATE.c


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds."""

    most: int
    seconds: int

    @staticmethod
    def read(text: str) -> Rate:
        found = RATE_TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a rate, such as 20/minute")
        return Rate(int(found[1]), SECONDS[found[2]])

    def times(self, factor: int) -> Rate:
        return Rate(self.most * factor, self.seconds)


def _counting(insert: Callable[[sa.Table], Any]) -> Statement:
    """Count one; a window that is over begins anew."""
    made = insert(RATE).values({c.name: param(c.name, c) for c in RATE.c})
    # A window from far ahead is one of a clock that was wrong.
    ahead = _r.since > param("the_end", _r.since)
    over = sa.or_(_r.since <= param("the_edge", _r.since), ahead)
    one: Any = sa.literal_column("1")
    return Statement(
        made.on_conflict_do_update(
            index_elements=[_r.key],
            set_={
                "since": sa.case((over, made.excluded.since), else_=_r.since),
                "count": sa.case((over, one), else_=_r.count + one),
            },
        ).returning(_r.since, _r.count)
    )


_COUNT = {False: _counting(sqlite.insert), True: _counting(postgresql.insert)}
_FORGET = Statement(RATE.delete().where(_r.since < param("the_day", _r.since)))


def hit(connection: Connection, now: datetime, rate: Rate, *key: str) -> int:
    """Count one try; 0 where it is allowed, else the seconds until the next one is."""
    length = timedelta(seconds=rate.seconds)
    row = _COUNT[connection.dialect == POSTGRESQL].row(
        connection,
        key=hashlib.sha256("\n".join(key).encode()).hexdigest(),
        since=now,
        count=1,
        the_edge=now - length,
        the_end=now + length,
    )
    assert row is not None
    since, count = row
    return 0 if count <= rate.most else max(1, ceil((since + length - now).total_seconds()))


def limited(connection: Connection, now: datetime, rate: Rate, message: str, *key: str) -> None:
    """Count one try; TooMany with `Retry-After` when there were enough of them."""
    wait = hit(connection, now, rate, *key)
    if wait:
        raise TooMany(f"{message} Try again in {wait} seconds.", headers={"Retry-After": str(wait)})


def forget(connection: Connection, now: datetime) -> None:
    _FORGET.run(connection, the_day=now - KEPT)
