"""Moving a card: the same write as everywhere, with the limits and the order of the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth.actors import SYSTEM
from fluvial.database.locks import hold_named
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.reading import reader
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .board_columns import text_of
from .board_reader import Wish, board_query, read_heads, wire_from
from .boards import Board
from .column_ranks import ColumnRanks
from .ranks import behind, between, keep


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
    ranks = ColumnRanks(session, board, by, column)
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
