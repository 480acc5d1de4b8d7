"""Records parted into columns or lanes by the value of a field: what each holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluvial.records.reading import board_reads
from fluvial.records.reading.board_values import ShownValues
from fluvial.records.reading.grouped import Group, Ranking, read_groups
from fluvial.records.reading.plan import CAPPED
from fluvial.records.reading.query import Query
from fluvial.records.reading.summary import Measure, measure, summarise
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .boards import Board
from .ranks import RANK

COUNT = measure("count()")  # written as a call: a field may be named `count`


@dataclass(frozen=True)
class Head:
    """How many records a column has, and their totals; empty ones where they are too many."""

    count: int
    capped: bool
    measures: Mapping[str, Any]


def heads_by(
    session: Session,
    query: Query,
    by: Field,
    totals: tuple[Measure, ...],
    shown: ShownValues,
    *,
    one: bool = False,
    exact: bool = False,
) -> dict[str, Head]:
    """The heads of the values that are shown, by their text; with `one` those of `equals`."""
    if shown.values is None or (exact and by.type.options):
        rows = summarise(session, query, ((by.name,),), (COUNT, *totals))
        return {text_of(by, row[by.name]): Head(row[COUNT.text], False, row) for row in rows}
    values = [dict(query.equals)[by.name]] if one else [*shown.values, ""]
    if exact:
        return _heads(session, query, by, values, totals, one=one, exact=True)
    found = _heads(session, query, by, values, (), one=one)
    if totals:  # of the others they would only be read to be left out
        few = [value for value in values if value in found and not found[value].capped]
        found |= _heads(session, query, by, few, totals, one=one)
    nothing = dict.fromkeys(measure.text for measure in totals)
    return {
        value: Head(CAPPED, True, nothing) if head.capped else head for value, head in found.items()
    }


def _heads(
    session: Session,
    query: Query,
    by: Field,
    values: Sequence[str],
    totals: tuple[Measure, ...],
    *,
    one: bool,
    exact: bool = False,
) -> dict[str, Head]:
    """The heads of these values, or of the `one` of `equals`, with totals of all that count."""
    named = [] if one else [value for value in values if value]
    found = board_reads.heads_of_each(session, query, by, named, totals, exact=exact)
    for value in values if one else ["" for value in values if not value]:
        asked = query if one else _without(query, by)
        head = board_reads.head_of_one(session, asked, by, totals, exact=exact)
        found |= {value: head} if head else {}
    return {
        value: Head(head.count, not exact and head.count > CAPPED, head.measures)
        for value, head in found.items()
    }


def cards_by(
    session: Session, board: Board, query: Query, by: Field, shown: ShownValues, one: bool
) -> dict[str, Group]:
    """The first cards of each column, by the text of its value; with `one` those of `equals`."""
    ranking = Ranking(RANK, board.name) if board.manual else None
    if shown.values is None:
        groups = read_groups(session, query, by.name, ranking)
    elif one:
        groups = board_reads.first_of_one(session, query, by, ranking)
    else:
        groups = board_reads.first_of_each(session, query, by, shown.values, ranking)
        groups += board_reads.first_of_one(session, _without(query, by), by, ranking)
    return {text_of(by, group.value): group for group in groups}


def _without(query: Query, by: Field) -> Query:
    """The records of the last column, whose value is empty."""
    return replace(query, equals=(*query.equals, (by.name, "")))


def text_of(field: Field | None, value: Any) -> str:
    """The text of a value in wire form by which columns and lanes go; "" where it is empty."""
    if field is None or value is None:
        return ""
    if isinstance(value, Mapping):
        ((kind, record),) = value.items()
        return f"{kind}:{record}"
    return str(value)


def wire_of(field: Field, text: str) -> Any:
    """The value of such a text in wire form."""
    if field.type.people:
        kind, _, record = text.rpartition(":")
        return {kind or "user": record}
    return text
