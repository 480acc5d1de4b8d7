"""Lists of ids as one bind, so that a statement has one text for any number of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from metamodel.storage import POSTGRESQL, TEXT

from .columns import Stored


def id_list(dialect: str, ids: Iterable[str]) -> str:
    """The value of the bind."""
    if dialect == POSTGRESQL:
        return "{" + ",".join(ids) + "}"
    return "[" + ",".join(f'"{one}"' for one in ids) + "]"


def listed_ids(dialect: str, bind: str = "ids") -> sa.Select[Any]:
    """The ids of the bind, as rows."""
    ids = sa.bindparam(bind, type_=Stored(TEXT))
    if dialect == POSTGRESQL:
        return sa.select(sa.func.unnest(sa.cast(ids, sa.ARRAY(sa.Uuid))).label("id"))
    return sa.select(sa.func.json_each(ids).table_valued("value").c.value)


def among_ids(column: Any, dialect: str, bind: str = "ids") -> sa.ColumnElement[bool]:
    """Whether a column holds one of the ids of the bind."""
    found: sa.ColumnElement[bool]
    if dialect == POSTGRESQL:
        ids = sa.bindparam(bind, type_=Stored(TEXT))
        found = column == sa.func.any(sa.cast(ids, sa.ARRAY(sa.Uuid)))
    else:
        found = column.in_(listed_ids(dialect, bind))
    return found
