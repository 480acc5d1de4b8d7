"""Moving a card: the same write as everywhere, with the limits and the order of the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from fluvial.auth.actors import SYSTEM
from fluvial.database.columns import Stored
from fluvial.database.locks import hold_named
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.reading import reader
from fluvial.records.reading.grouped import rank_of
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import ask
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.storage import TEXT, UUID

from .board_columns import text_of
from .board_reader import Wish, board_query, read_heads, wire_from
from .boards import Board
from .ranks import RANK, behind, between, keep


@dataclass(frozen=True)
class Move:
    """Where a card goes. `places` says whether `before` was given; None is the end."""

    record: str
    column: Any
    lane: Any = None
    lanes: bool = False  # whether a lane was given
    before: str | None = None
    places: bool = False
    values: Mapping[str, Any] | None = None  # what the move needs beside
    rev: int | None = None


def move(session: Session, board: Board, wanted: Move) -> dict[str, Any]:
    """Put a card into a column and lane. What forbids it says why; nothing is kept then."""
    type_ = session.object(board.object, "update")
    by = type_.fields[board.by]
    before = reader.read_one(session, board.object, wanted.record, ((board.by,), ("id",)))
    column = wire_from(by, wanted.column)
    body = {**(wanted.values or {}), board.by: column}
    if wanted.lanes and board.lanes:
        body[board.lanes] = wire_from(type_.fields[board.lanes], wanted.lane)
    with session.connection.transaction():
        warning = None
        if text_of(by, before[board.by]) != text_of(by, column):
            warning = _check_limit(session, board, by, column)
        record = writer.update(session, board.object, wanted.record, body, rev=wanted.rev)
        if board.manual and wanted.places:
            _place(session, board, by, wanted, column)
    return {
        "record": record,
        "warning": warning,
        "columns": read_heads(session, board, board_query(session, board, Wish())),
    }


def _check_limit(session: Session, board: Board, by: Field, column: Any) -> str | None:
    """A warning where the column is full, or a conflict where it takes no more."""
    limit = board.limits.get(text_of(by, column))
    if limit is None:
        return None
    if board.blocks:
        # One at a time, or two movers would both find the last free place.
        hold_named(session.connection, "board", board.name, column)
    # The limit is about all cards of the column, also those that the mover may not see.
    actor = replace(session.actor, unrestricted=True, roles=SYSTEM.roles)
    query = board_query(session, board, Wish(column=text_of(by, column)))
    there = reader.count(session.as_actor(actor), query)
    if there < limit:
        return None
    label = by.kind.show(by, column)
    message = f"{label} can have at most {limit} cards, and has {there}."
    if board.blocks:
        raise Conflict(
            f"{message} Move one of them out first.",
            errors=[fault("/column", "column_full", message)],
        )
    return message


def _place(session: Session, board: Board, by: Field, wanted: Move, column: Any) -> None:
    """Give the card a rank before the other one, or behind the last of its column."""
    ranks = _Ranks(session, board, by, column)
    if wanted.before is None:
        last = ranks.last(wanted.record, None)
        keep(session.connection, board.name, wanted.record, behind(last) if last else "i")
        return
    next_rank = ranks.of(wanted.before) if is_id(wanted.before) else None
    if next_rank is None:
        message = f"There is no card with the id `{wanted.before}` in this column."
        raise Unprocessable(message, errors=[fault("/before", "unknown_record", message)])
    last = ranks.last(wanted.record, next_rank)
    keep(session.connection, board.name, wanted.record, between(last or "", next_rank))


class _Ranks:
    """The ranks of the cards of one column."""

    def __init__(self, session: Session, board: Board, by: Field, column: Any) -> None:
        self._session = session
        self._board = board
        self._by = by
        value = None if column is None else by.kind.parse(by, column)
        parts = [None] * len(by.columns) if value is None else by.kind.pack(by, value)
        dialect = session.connection.dialect
        self._binds: dict[str, Any] = {"the_list": board.name}
        for at, (kept, part) in enumerate(zip(by.columns, parts, strict=True)):
            if not kept.hidden:
                self._binds[f"b{at}"] = kept.storage.encode(dialect, part)

    def of(self, record: str) -> str | None:
        return self._ask("of", {"the_record": record})

    def last(self, other_than: str, before: str | None) -> str | None:
        """The highest rank of the other cards that stand before a rank, or of all."""
        name = "last" if before is None else "before"
        binds = {"the_record": other_than, "the_rank": before}
        return self._ask(name, binds)

    def _ask(self, question: str, binds: Mapping[str, Any]) -> str | None:
        session = self._session
        compiled = _statement(
            session.catalog, session.connection.dialect, self._board.object, self._by, question
        )
        rows = ask(session, compiled, **self._binds, **binds)
        return rows[0][0] if rows else None


def _statement(
    catalog: Catalog, dialect: str, object_name: str, by: Field, question: str
) -> Compiled:
    def make() -> Compiled:
        table = tables_of(catalog).objects[object_name].alias()
        rank = rank_of(RANK, table.c.id, dialect)
        mine = sa.and_(
            RANK.c.list == sa.bindparam("the_list", type_=Stored(TEXT)),
            RANK.c.record == table.c.id,
        )
        conditions: list[Any] = [table.c.deleted_at.is_(None)]
        for at, kept in enumerate(by.columns):
            if not kept.hidden:
                bind = sa.bindparam(f"b{at}", type_=Stored(kept.storage))
                conditions.append(table.c[by.name + kept.suffix].is_not_distinct_from(bind))
        the_record = sa.bindparam("the_record", type_=Stored(UUID))
        if question == "of":
            return Compiled(
                sa.select(rank)
                .select_from(table.outerjoin(RANK, mine))
                .where(*conditions, table.c.id == the_record),
                dialect,
            )
        conditions.append(table.c.id != the_record)
        if question == "before":
            conditions.append(rank < sa.bindparam("the_rank", type_=Stored(TEXT)))
        chosen = sa.select(sa.func.max(rank)).select_from(table.outerjoin(RANK, mine))
        return Compiled(chosen.where(*conditions), dialect)

    key = ("rank", object_name, by.name, question)
    compiled: Compiled = plans_of(catalog).get(key, make)
    return compiled
