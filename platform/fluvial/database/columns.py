"""The SQLAlchemy type of stored columns: its DDL on each database, and nothing else.

Values pass in their stored form (see `metamodel.storage`), so SQLAlchemy converts nothing.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

from metamodel.storage import POSTGRESQL, SQLITE, Storage


class Stored(UserDefinedType[Any]):
    """A column or bind of a storage type."""

    cache_ok = True

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def __repr__(self) -> str:
        return f"Stored({self.storage.name})"

    def get_col_spec(self, **_: Any) -> str:
        return self.storage.type(SQLITE)


@compiles(Stored, "postgresql")
def _on_postgresql(type_: Stored, compiler: Any, **_: Any) -> str:
    return type_.storage.type(POSTGRESQL)


class Qualified(sa.ColumnElement[bool]):
    """A condition in RETURNING: its columns keep the names of their tables.

    On SQLite SQLAlchemy leaves them out there, also in subqueries, where they tell columns apart.
    """

    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, clause: sa.ColumnElement[bool]) -> None:
        self.clause = clause


@compiles(Qualified)
def _qualified(element: Qualified, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clause, **{**options, 'include_table': True})})"
