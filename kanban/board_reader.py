"""What a board shows: columns with their counts, totals and first cards, and lanes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth.access import Access
from fluvial.kernel.problems import NotFound, Problem
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.reading.board_values import ShownValues, shown_values
from fluvial.records.reading.caller_paths import may_ask, resolve
from fluvial.records.reading.grouped import Group
from fluvial.records.reading.plan import CAPPED
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.reading.slow_reads import watched
from fluvial.records.reading.summary import Measure
from fluvial.records.reading.titles import references, titles_in, titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import truth
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from metamodel.folding import humanise
from metamodel.syntax_trees import expression_tree

from .board_columns import cards_by, heads_by, text_of, wire_of
from .boards import Board, boards_of, in_audience

CARDS = 50  # of a column, where no limit is asked for
MAX_TARGETS = 50  # so many targets of a look-up are columns without any card


@dataclass(frozen=True)
class Wish:
    """What somebody asks of a board."""

    where: str = ""
    search: str = ""
    column: str | None = None  # only this one, "" where the value is empty
    cursor: str = ""
    limit: int = CARDS
    exact: bool = False  # count all records of every column, however many there are


def visible_boards(session: Session) -> Iterable[Board]:
    return boards_for(session.catalog, session.access)


def boards_for(catalog: Catalog, access: Access) -> Iterator[Board]:
    """The boards for somebody's roles whose columns and condition they may read."""
    for board in boards_of(catalog).values():
        type_ = catalog.objects[board.object]
        if access.hides(board.object, board.by) or not may_ask(access, type_, board.where):
            continue
        if in_audience(catalog, access, board.audience):
            yield board


def find_board(session: Session, name: str) -> Board:
    """A board without the quick filters and orders that ask of what the actor may not read."""
    for board in visible_boards(session):
        if board.name == name:
            return _readable_board(session.access, session.catalog.objects[board.object], board)
    raise NotFound(f"There is no board `{name}`.")


def _readable_board(access: Access, type_: ObjectType, board: Board) -> Board:
    sort = tuple(key for key in board.sort if _sorts(access, type_, key))
    filters = tuple(one for one in board.filters if may_ask(access, type_, one.where))
    if sort == board.sort and filters == board.filters:
        return board
    return replace(board, sort=sort or board.sort and ("id",), filters=filters)


def _sorts(access: Access, type_: ObjectType, key: str) -> bool:
    try:
        resolve(access, type_, tuple(key.removeprefix("-").split(".")), "sort")
    except Problem:
        return False
    return True


def read_board(session: Session, board: Board, wish: Wish | None = None) -> dict[str, Any]:
    """The columns with their cards, the lanes, and the titles of what cards refer to.

    The number of statements depends on the board, not on the number of its columns or cards, and
    the cost of each not on the number of records: counts end at a cap, unless all are asked for.
    """
    wish = wish or Wish()
    query = board_query(session, board, wish)
    with watched(session, query, "board"):
        return _read_board(session, board, query, wish)


def _read_board(session: Session, board: Board, query: Query, wish: Wish) -> dict[str, Any]:
    type_ = session.object(board.object)
    by = type_.fields[board.by]
    one = wish.column is not None
    shown = shown_values(session, query, by)
    heads = read_heads(session, board, query, shown, everything=not one, exact=wish.exact)
    groups = cards_by(session, board, query, by, shown, one)
    lane = type_.fields[board.lanes] if lane_shown(session, board) and board.lanes else None
    for head in heads:
        group = groups.get(head["value"] or "", Group(None))
        head["records"] = [_card(record, lane) for record in group.records]
        head["next"] = group.next
    cards = [card for head in heads for card in head["records"]]
    fields = [type_.fields[name] for name in card_fields(session, board)]
    return {
        "name": board.name,
        "label": board.label,
        "object": board.object,
        "columns": heads,
        "more_columns": shown.more and not one,
        "lanes": _lanes(session, lane, query, cards, wish.exact) if lane else [],
        "titles": titles_in(session, fields, cards),
    }


def _card(record: dict[str, Any], lane: Field | None) -> dict[str, Any]:
    return {**record, "lane": text_of(lane, record[lane.name]) or None} if lane else record


def lane_shown(session: Session, board: Board) -> bool:
    return board.lanes is not None and not session.access.hides(board.object, board.lanes)


def card_fields(session: Session, board: Board) -> list[str]:
    """The fields of a card that the actor may read, each once."""
    names = [board.title, *board.fields, board.colour, board.by, board.lanes]
    hidden = session.access.object(board.object).hidden
    return list(dict.fromkeys(name for name in names if name and name not in hidden))


def board_query(session: Session, board: Board, wish: Wish) -> Query:
    conditions = [part for part in (board.where, wish.where) if part]
    where = " and ".join(f"({part})" for part in conditions) if wish.where else board.where
    return Query(
        board.object,
        fields=(("id",), ("rev",), ("title",), *((name,) for name in card_fields(session, board))),
        where=where,
        equals=() if wish.column is None else ((board.by, wish.column),),
        search=wish.search,
        sort=tuple(SortKey(tuple(s.removeprefix("-").split(".")), s[0] == "-") for s in board.sort),
        limit=wish.limit,
        cursor=wish.cursor,
        as_of=session.asked_day,
    )


def read_heads(
    session: Session,
    board: Board,
    query: Query,
    shown: ShownValues | None = None,
    *,
    everything: bool = True,
    exact: bool = False,
) -> list[dict[str, Any]]:
    """The columns without cards: value, label, count, totals and limit.

    Counts end at a cap, from which on nothing is totalled either, unless they are to be exact.
    """
    type_ = session.catalog.objects[board.object]
    by = type_.fields[board.by]
    totals = _readable(session, type_, board.totals)
    exact = exact or max(board.limits.values(), default=0) >= CAPPED  # how far it is over
    shown = shown or shown_values(session, query, by)
    found = heads_by(session, query, by, totals, shown, one=not everything, exact=exact)
    every = everything and not shown.more
    heads = []
    for value, label, colour in _columns(session, board, by, found, every):
        head, limit = found.get(value), board.limits.get(value)
        count = head.count if head else 0
        heads.append(
            {
                "value": value or None,
                "label": label,
                "colour": colour,
                "count": count,
                "capped": head is not None and head.capped,
                "totals": {m.text: head.measures[m.text] if head else _nothing(m) for m in totals},
                "limit": limit,
                "over": max(0, count - limit) if limit else 0,
                "blocks": board.blocks,
            }
        )
    return heads


def _nothing(measure_: Measure) -> Any:
    return 0 if measure_.function in ("count", "sum") else None


def _readable(
    session: Session, type_: ObjectType, measures: Iterable[Measure]
) -> tuple[Measure, ...]:
    """The measures whose fields the actor may read."""
    scope = scope_of(session.catalog, type_.name, hidden=session.access.hides)
    kept = []
    for one in measures:
        try:
            if one.inner:
                compile_expression(one.inner, scope)
        except ExpressionError:
            continue
        kept.append(one)
    return tuple(kept)


Column = tuple[str, str, str]  # value, label, colour


def _columns(
    session: Session, board: Board, by: Field, found: Mapping[str, Any], everything: bool
) -> list[Column]:
    if by.type.options:
        shown = _options(session.catalog, board)
        columns = [
            (o.name, o.label, o.colour)
            for o in by.type.options
            if o.name in found or (everything and o.name in shown)
        ]
        known = {option.name for option in by.type.options}
        # Cards of an option that was taken out stay in sight until somebody moves them.
        columns += [(name, humanise(name), "") for name in found if name and name not in known]
    else:
        columns = _targets(session, by, found, everything)
    return [*columns, ("", f"No {by.label.lower()}", "")] if "" in found else columns


def _targets(
    session: Session, by: Field, found: Mapping[str, Any], everything: bool
) -> list[Column]:
    """The records that a look-up leads to: all where they are few, else those with cards."""
    named: dict[str, str] = {}
    if everything and by.to:
        page = Query(by.to, (("id",), ("title",)), limit=MAX_TARGETS)
        read = read_page(session, page)
        if read["next"] is None:
            named = {row["id"]: row["title"] for row in read["data"]}
    missing = [text for text in found if text and text not in named]
    named |= labels_of(session, by, missing)
    return [(value, label, "") for value, label in sorted(named.items(), key=lambda n: n[1])]


def labels_of(session: Session, field: Field, texts: Iterable[str]) -> dict[str, str]:
    """The titles of what a look-up or a person refers to, by the text of its value."""
    pairs = {text: next(iter(references(field, wire_of(field, text)))) for text in texts}
    wanted: dict[str, list[str]] = {}
    for target, record in pairs.values():
        wanted.setdefault(target, []).append(record)
    titles: dict[str, str] = {}
    for target, ids in wanted.items():
        titles |= titles_of(session, target, ids)
    return {text: titles.get(record, "Hidden") for text, (_, record) in pairs.items()}


def _lanes(
    session: Session, lane: Field, query: Query, cards: Iterable[Mapping[str, Any]], exact: bool
) -> list[dict[str, Any]]:
    """All lanes where they are few, else those of the cards."""
    shown = shown_values(session, query, lane)
    of_cards = list(dict.fromkeys(card["lane"] for card in cards if card["lane"]))
    if shown.more:
        shown = ShownValues(of_cards)
    elif shown.values is not None:  # cards may hold options that are retired or gone
        shown = ShownValues(list(dict.fromkeys((*shown.values, *of_cards))))
    found = heads_by(session, query, lane, (), shown, exact=exact)
    if lane.type.options:
        options = lane.type.options
        named = [(o.name, o.label, o.colour) for o in options if not o.retired or o.name in found]
        known = {option.name for option in options}
        named += [(name, humanise(name), "") for name in found if name and name not in known]
    else:
        labels = labels_of(session, lane, (text for text in found if text))
        named = [(v, label, "") for v, label in sorted(labels.items(), key=lambda n: n[1])]
    if "" in found:
        named.append(("", f"No {lane.label.lower()}", ""))
    return [
        {
            "value": value or None,
            "label": label,
            "colour": colour,
            "count": found[value].count if value in found else 0,
            "capped": value in found and found[value].capped,
        }
        for value, label, colour in named
    ]


def wire_from(field: Field, value: Any) -> Any:
    """What a caller says of a column or a lane, as a body of a record holds it."""
    if value is None or value == "":
        return None
    return wire_of(field, value) if isinstance(value, str) else value


def _options(catalog: Catalog, board: Board) -> frozenset[str]:
    """The options that are columns; of a board that is being designed they are not known yet."""
    saved = boards_of(catalog).get(board.name)
    if saved is None or (saved.object, saved.by, saved.where) != (
        board.object,
        board.by,
        board.where,
    ):
        return _possible(catalog, board)
    return catalog.derive(_shown_options)[board.name]


def _shown_options(catalog: Catalog) -> Mapping[str, frozenset[str]]:
    """For each board by a choice the options that its condition leaves possible."""
    return {name: _possible(catalog, board) for name, board in boards_of(catalog).items()}


def _possible(catalog: Catalog, board: Board) -> frozenset[str]:
    type_ = catalog.objects[board.object]
    names = [o.name for o in type_.fields[board.by].type.options if not o.retired]
    conditions = []
    for part in _conjuncts(board.where):
        compiled = compile_expression(part, scope_of(catalog, type_.name), BOOLEAN)
        alone = compiled.paths == {(board.by,)}
        if alone and not (compiled.collects or compiled.timed or compiled.personal):
            conditions.append(compiled)
    return frozenset(
        name for name in names if all(truth(c, _Alone(type_, {board.by: name})) for c in conditions)
    )


def _conjuncts(source: str) -> list[str]:
    if not source:
        return []
    tree = expression_tree(source).body
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return [ast.unparse(part) for part in parts]


class _Alone(RecordEnvironment):
    """The environment of conditions that ask for one value of the record and nothing else."""

    def __init__(self, type_: ObjectType, values: Mapping[str, Any]) -> None:
        self.type = type_
        self.values = values
        self.before = None

    def read(self, path: tuple[str, ...]) -> Any:
        return self.values.get(path[-1])
