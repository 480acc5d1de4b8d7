"""The ranks of the cards of one column: of one card, and the last of all or before another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.reading.grouped import rank_of
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.storage import TEXT, UUID

from .boards import Board
from .ranks import RANK, last_id


class ColumnRanks:
    """Cards that somebody has moved have a rank; the others stand at the place of their id.

    The last of either is the first that an index leads to, from its end.
    """

    def __init__(self, session: Session, board: Board, by: Field, column: Any) -> None:
        self._session = session
        self._board = board
        self._by = by
        value = None if column is None else by.kind.parse(by, column)
        parts = [None] * len(by.columns) if value is None else by.kind.pack(by, value)
        self._dialect = session.connection.dialect
        self._binds: dict[str, Any] = {"the_list": board.name}
        self._empty: set[str] = set()  # the suffixes of the columns that are
        for at, (kept, part) in enumerate(zip(by.columns, parts, strict=True)):
            if part is None:
                self._empty.add(kept.suffix)
            elif not kept.hidden:
                self._binds[f"b{at}"] = kept.storage.encode(self._dialect, part)

    def of(self, record: str) -> str | None:
        return self._ask("of", {"the_record": record})

    def last(self, other_than: str, before: str | None) -> str | None:
        """The highest rank of the other cards that stand before a rank, or of all."""
        if before is None:
            return self._ask("last", {"the_record": other_than})
        binds = {"the_rank": before, "the_id": last_id(before)}
        return self._ask("before", {"the_record": other_than, **binds})

    def _ask(self, question: str, binds: Mapping[str, Any]) -> str | None:
        catalog = self._session.catalog
        empty = tuple(sorted(self._empty))
        key = ("rank", self._board.object, self._by.name, question, empty)
        make = self._of if question == "of" else lambda: self._last(question == "before")
        compiled: Compiled = plans_of(catalog).get(key, make)
        rows = ask(self._session, compiled, **self._binds, **binds)
        return rows[0][0] if rows else None

    def _of(self) -> Compiled:
        table = self._table()
        ranks = table.outerjoin(RANK, self._mine(table))
        chosen = sa.select(rank_of(RANK, table.c.id, self._dialect)).select_from(ranks)
        chosen = chosen.where(*self._there(table), table.c.id == self._record)
        return Compiled(chosen, self._dialect)

    def _last(self, bounded: bool) -> Compiled:
        parts = (sa.select(part.subquery()) for part in (self._moved(bounded), self._own(bounded)))
        both = sa.union_all(*parts).subquery()
        return Compiled(sa.select(sa.func.max(both.c.rank)), self._dialect)

    def _moved(self, bounded: bool) -> sa.Select[Any]:
        table = self._table()
        chosen = sa.select(RANK.c.rank).select_from(RANK).join(table, self._mine(table))
        chosen = chosen.where(*self._there(table), table.c.id != self._record)
        if bounded:
            chosen = chosen.where(RANK.c.rank < sa.bindparam("the_rank", type_=Stored(TEXT)))
        return chosen.order_by(RANK.c.rank.desc()).limit(sa.literal_column("1"))

    def _own(self, bounded: bool) -> sa.Select[Any]:
        table = self._table()
        record, rank = table.c.id, rank_of(None, table.c.id, self._dialect)
        moved: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(RANK)
        chosen = sa.select(rank.label("rank")).where(
            *self._there(table), record != self._record, ~moved.where(self._mine(table)).exists()
        )
        if bounded:
            chosen = chosen.where(
                rank < sa.bindparam("the_rank", type_=Stored(TEXT)),
                record <= sa.bindparam("the_id", type_=Stored(UUID)),
            )
        # PostgreSQL has to be told that empty columns are all the same, to walk along the index.
        same = (c.desc().nulls_first() for name, c in self._columns(table) if name in self._empty)
        return chosen.order_by(*same, record.desc()).limit(sa.literal_column("1"))

    def _table(self) -> Any:
        return tables_of(self._session.catalog).objects[self._board.object].alias()

    def _columns(self, table: Any) -> Iterator[tuple[str, sa.ColumnElement[Any]]]:
        for kept in self._by.columns:
            if not kept.hidden:
                yield kept.suffix, table.c[self._by.name + kept.suffix]

    def _there(self, table: Any) -> Iterator[sa.ColumnElement[bool]]:
        """The records in the column."""
        yield table.c.deleted_at.is_(None)
        for at, kept in enumerate(self._by.columns):
            if not kept.hidden:
                held = table.c[self._by.name + kept.suffix]
                bind = sa.bindparam(f"b{at}", type_=Stored(kept.storage))
                yield held.is_(None) if kept.suffix in self._empty else held == bind

    def _mine(self, table: Any) -> sa.ColumnElement[bool]:
        listed = RANK.c.list == sa.bindparam("the_list", type_=Stored(TEXT))
        return sa.and_(listed, RANK.c.record == table.c.id)

    @property
    def _record(self) -> sa.BindParameter[Any]:
        return sa.bindparam("the_record", type_=Stored(UUID))
