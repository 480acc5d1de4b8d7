"""What stands in each column of a board: first records and heads, whatever the number of records.

Every value of a field gets a walk of its own along an index, and the walk ends after so many rows.
Fields whose values are not one column of the table, or not today's, are grouped instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from fluvial.database.columns import Stored
from fluvial.database.statement import Compiled
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.sql import Source
from metamodel.kinds.kind import TextFormat
from metamodel.storage import INTEGER, POSTGRESQL, TEXT

from . import cursor
from .board_values import HeldPart, parted, parts_of
from .cursor import Key
from .equality_filters import equal_binds
from .grouped import Group, Ranking, rank_of
from .index_walk import fixed_fields, has_order
from .plan import CAPPED, PagePlanner, Plan
from .plan_cache import plans_of
from .query import Query
from .query_values import QueryValues, query_values_of
from .reader import query_values
from .sql_context import ask
from .summary import Measure, measured

_HEXADECIMAL = frozenset("0123456789abcdef")


def first_of_each(
    session: Session,
    query: Query,
    by: Field,
    values: Sequence[str],
    ranking: Ranking | None = None,
) -> list[Group]:
    """At most `query.limit` records of each of these values; values without any are left out."""
    binds, groups = _binds(session, query, ranking), []
    for part, held in parted(by, values):
        asked = _Asked(by.name, part, each=True)
        plan: Plan = _kept(session, query, asked, "cards", lambda p: p.cards(None), ranking)
        rows: dict[int, list[Any]] = {}
        for row in ask(session, plan.page, **binds, keys=orjson.dumps(held).decode()):
            rows.setdefault(row[-1], []).append(row[:-1])
        groups += [_group(query, plan, by.name, found) for found in rows.values()]
    return groups


def first_of_one(
    session: Session, query: Query, by: Field, ranking: Ranking | None = None
) -> list[Group]:
    """The same of the value that `equals` names, from the cursor on."""
    session.object(query.object)
    query, asked, key_binds = _of_one(session, query, by)
    binds, empties = _binds(session, query, ranking) | key_binds, None
    if query.cursor:
        first: Plan = _kept(session, query, asked, "cards", lambda p: p.cards(None), ranking)
        last = cursor.decode(query.cursor, first.shape, first.keys)
        empties = tuple(value is None for value in last)
        binds |= cursor.binds(last) | {"floor": _floor(str(last[0]))}
    key = ("cards", empties)
    plan: Plan = _kept(session, query, asked, key, lambda p: p.cards(empties), ranking)
    rows = cursor.followed(query.cursor, session, plan.page, binds)
    return [_group(query, plan, by.name, rows)] if rows else []


def _of_one(session: Session, query: Query, by: Field) -> tuple[Query, _Asked, dict[str, Any]]:
    """The query without the value that it names, what is asked for then, and the bind of it.

    Where it names that there is none, it stays as it is.
    """
    text = dict(query.equals)[by.name]
    if not text:
        return query, _Asked(by.name, None), {}
    form = TextFormat(zone=session.catalog.zone)
    made = equal_binds(by, "key", text, session.connection.dialect, form)
    others = tuple(one for one in query.equals if one[0] != by.name)
    ((part, held),) = (
        (part, value)
        for part, value in zip(parts_of(by), made.values(), strict=True)
        if value is not None
    )
    return replace(query, equals=others), _Asked(by.name, part), {"key": held}


def _group(query: Query, plan: Plan, by: str, rows: Sequence[Any]) -> Group:
    records = [plan.builder(row) for row in rows[: query.limit]]
    group = Group(records[0][by], records)
    if len(rows) > query.limit:
        group.next = cursor.encode(plan.shape, rows[query.limit - 1][-plan.keys :])
    return group


def _values(session: Session, query: Query) -> dict[str, Any]:
    type_ = session.object(query.object)
    return query_values(session, type_, query, query_values_of(session.access, query))


def _binds(session: Session, query: Query, ranking: Ranking | None) -> dict[str, Any]:
    values = _values(session, query)
    values["limit"] = query.limit + 1
    if ranking is not None:
        values["ranking"] = ranking.list
    return values


def _floor(rank: str) -> str:
    """The least id whose rank may follow: an id without a given rank is its own rank."""
    digits = ""
    for character in rank[:32]:
        if character not in _HEXADECIMAL:
            break
        digits += character
    whole = digits.ljust(32, "0")
    return "-".join((whole[:8], whole[8:12], whole[12:16], whole[16:20], whole[20:]))


@dataclass(frozen=True)
class GroupHead:
    """How many records there are, and their measures: of at most `CAPPED` + 1, if not exact."""

    count: int
    measures: Mapping[str, Any]


def heads_of_each(
    session: Session,
    query: Query,
    by: Field,
    values: Sequence[str],
    measures: tuple[Measure, ...],
    *,
    exact: bool = False,
) -> dict[str, GroupHead]:
    """The heads of these values; values without any record are left out."""
    binds, heads = _values(session, query), {}
    for part, held in parted(by, values):
        asked, key = _Asked(by.name, part, each=True), ("heads", measures, exact)
        plan: _HeadsPlan = _kept(session, query, asked, key, lambda p: p.heads(measures, exact))
        rows = ask(session, plan.compiled, **binds, keys=orjson.dumps(held).decode())
        for place, count, *totals in rows:
            if count:
                text = part.text(held[place - plan.first])
                heads[text] = plan.head(measures, count, totals)
    return heads


def head_of_one(
    session: Session,
    query: Query,
    by: Field,
    measures: tuple[Measure, ...],
    *,
    exact: bool = False,
) -> GroupHead | None:
    """The head of what `equals` names."""
    query, asked, binds = _of_one(session, query, by)
    key = ("heads", measures, exact)
    plan: _HeadsPlan = _kept(session, query, asked, key, lambda p: p.heads(measures, exact))
    binds |= _values(session, query)
    ((count, *totals),) = ask(session, plan.compiled, **binds)
    return plan.head(measures, count, totals) if count else None


@dataclass(frozen=True)
class _HeadsPlan:
    compiled: Compiled
    wires: tuple[Any, ...]
    first: int  # the place of the first value

    def head(self, measures: Sequence[Measure], count: int, totals: Sequence[Any]) -> GroupHead:
        cells = zip(measures, self.wires, totals, strict=True)
        made = {
            m.text: wire(cell) if wire and cell is not None else cell for m, wire, cell in cells
        }
        return GroupHead(count, made)


def _kept(
    session: Session,
    query: Query,
    asked: _Asked,
    key: Any,
    make: Any,
    ranking: Ranking | None = None,
) -> Any:
    access, outline = session.access, replace(query.outline, total="none")
    wanted = query_values_of(access, query)
    table = ranking.table if ranking else None
    unranked = table is None
    whole = (
        access.roles,
        access.unrestricted,
        "columns",
        outline,
        wanted.key,
        asked,
        key,
        unranked,
    )
    return plans_of(access.catalog).get(
        whole, lambda: make(_ColumnsPlanner(session, query, wanted, asked, table))
    )


@dataclass(frozen=True)
class _Asked:
    """The column that holds the values that are asked for, None where there are to be none."""

    by: str
    part: HeldPart | None
    each: bool = False  # whether they are the rows of `keys`, or the one that the bind `key` holds


class _ColumnsPlanner(PagePlanner):
    """Ids are found first, along an index; what is shown of them is joined afterwards."""

    def __init__(
        self,
        session: Session,
        query: Query,
        wanted: QueryValues,
        asked: _Asked,
        ranks: sa.Table | None,
    ) -> None:
        super().__init__(session, query, wanted)
        self._asked_for = asked
        self._ranks = ranks
        self._postgresql = self.context.dialect == POSTGRESQL

    def cards(self, empties: Sequence[bool] | None) -> Plan:
        output, keys, shown = self._output(), self._keys(), self.source
        limit = sa.bindparam("limit", type_=Stored(INTEGER))
        beside = self._beside(self._ids(limit, empties), shown)
        rows = beside.rows
        if self._ranks is not None:
            rows = rows.outerjoin(self._ranks, self._ranked(self._ranks, shown.column("id")))
        chosen = [*output.columns, *(key.label(f"s{i}") for i, (key, _) in enumerate(keys))]
        statement = sa.select(*chosen, *beside.place).select_from(rows).where(*beside.conditions)
        statement = statement.order_by(*beside.place, *self._order(keys))
        shape = ",".join(f"{'-' * k.descending}{'.'.join(k.path)}" for k in self.query.sort)
        return Plan(self.context.compiled(statement), output.builder(), len(keys), shape)

    def heads(self, measures: tuple[Measure, ...], exact: bool) -> _HeadsPlan:
        limit: Any = None if exact else sa.literal_column(str(CAPPED + 1))
        first = 1 if self._postgresql else 0
        if not measures:
            return _HeadsPlan(self.context.compiled(self._counted(limit)), (), first)
        made = [measured(self, measure) for measure in measures]
        shown = self.source
        walk = self._walk()
        ids = walk.select_from(self.source.joined()).limit(limit)
        beside = self._beside(ids, shown)
        labels = [element.label(f"m{at}") for at, (element, _) in enumerate(made)]
        statement = sa.select(*beside.place, sa.func.count(), *labels).select_from(beside.rows)
        statement = statement.where(*beside.conditions).group_by(*beside.place)
        wires = tuple(wire for _, wire in made)
        return _HeadsPlan(self.context.compiled(statement), wires, first)

    def _counted(self, limit: Any) -> sa.Select[Any]:
        walk = self._walk()
        counted = walk.select_from(self.source.joined()).limit(limit).subquery()
        count = sa.select(sa.func.count()).select_from(counted)
        if not self._asked_for.each:
            return count
        keys, place = self._asked()
        return sa.select(place, count.scalar_subquery()).select_from(keys)

    def _asked(self) -> tuple[Any, sa.ColumnElement[Any]]:
        """The values that are asked for, as rows, and their places."""
        bind = sa.bindparam("keys", type_=Stored(TEXT))
        if self._postgresql:
            each = sa.func.jsonb_array_elements_text(sa.cast(bind, JSONB))
            keys = each.table_valued("value", with_ordinality="place", name="keys")
            return keys.render_derived(name="keys"), sa.literal_column("keys.place")
        keys = sa.func.json_each(bind).table_valued("value", "key", name="keys")
        return keys, sa.literal_column("keys.key")

    def _beside(self, ids: sa.Select[Any], shown: Source) -> _Beside:
        """The records with these ids: an id list is found anew for every row of `keys`."""
        place: tuple[Any, ...] = ()
        keys: Any = None
        if self._asked_for.each:
            keys, at = self._asked()
            place = (at.label("place"),)
        record = shown.column("id")
        if not self._postgresql:
            if keys is None:
                return _Beside(shown.joined(), place, (record.in_(ids),))
            return _Beside(shown.joined(keys, record.in_(ids)), place)
        found: Any = ids.lateral("found")
        rows = found if keys is None else keys.join(found, sa.true())
        return _Beside(shown.joined(rows, record == found.c.id), place)

    def _walk(self, *, walked: bool = False) -> sa.Select[Any]:
        """The ids of the records, or of those that have the value that is asked for."""
        source = self.source = Source(self.context, self.query.object)
        conditions = self.conditions(walked=walked)
        statement = sa.select(source.column("id").label("id")).where(*conditions)
        part = self._asked_for.part
        return statement if part is None else statement.where(self._is_key(part))

    def _is_key(self, part: HeldPart) -> sa.ColumnElement[bool]:
        held = self.source.column(part.field, part.suffix)
        key: sa.ColumnElement[Any] = sa.bindparam("key", type_=held.type)
        if self._asked_for.each:
            # As text: SQLAlchemy would put `keys` into the FROM of every query that names it.
            cast = self._postgresql and part.is_id
            key = sa.literal_column("CAST(keys.value AS UUID)" if cast else "keys.value")
        empty = (self.source.column(part.field, other).is_(None) for other in part.others)
        return sa.and_(held == key, *empty)

    def _ids(self, limit: Any, empties: Sequence[bool] | None) -> sa.Select[Any]:
        """The first ids of one column, in its order."""
        if self._ranks is not None:
            return self._ranked_ids(limit, empties)
        statement = self._walk(walked=self._is_walked(self._keys()))
        keys = self._keys()
        if empties is not None:
            statement = statement.where(cursor.after(keys, [None if e else True for e in empties]))
        statement = statement.order_by(*self._same(keys[0][1]), *self._order(keys)).limit(limit)
        return statement.select_from(self.source.joined())

    def _is_walked(self, keys: Sequence[Key]) -> bool:
        """Whether an index has the order of one column of the board."""
        if self._asked_for.part is None:
            return False
        fixed = fixed_fields(self.type, self.query, self._tree) | {self._asked_for.by}
        return has_order(self.type, fixed, keys[0], self.source.alias)

    def _same(self, descending: bool) -> Iterator[sa.ColumnElement[Any]]:
        """What has one value in all records of a column of the board, as the index begins with it.

        PostgreSQL knows that of values, and has to be told of empty ones.
        """
        by, held_by = self.type.fields[self._asked_for.by], self._asked_for.part
        for part in parts_of(by):
            if part != held_by:
                held = self.source.column(by.name, part.suffix)
                yield held.desc().nulls_first() if descending else held.asc().nulls_last()

    def _ranked_ids(self, limit: Any, empties: Sequence[bool] | None) -> sa.Select[Any]:
        """Those that people have put somewhere, and the others, each in order, then together."""
        assert self._ranks is not None
        parts = [self._stream(self._ranks, empties, moved) for moved in (True, False)]
        both = sa.union_all(*(sa.select(part.limit(limit).subquery()) for part in parts)).subquery()
        return sa.select(both.c.id).order_by(both.c.rank, both.c.id).limit(limit)

    def _stream(
        self, table: sa.Table, empties: Sequence[bool] | None, moved: bool
    ) -> sa.Select[Any]:
        statement, ranks = self._walk(walked=moved), table.alias()
        record, rows = self.source.column("id"), self.source.joined()
        mine = self._ranked(ranks, record)
        if moved:
            rank: sa.ColumnElement[Any] = ranks.c.rank
            rows = rows.join(ranks, mine)
            order = [rank, record]
        else:
            rank, order = rank_of(None, record, self.context.dialect), [*self._same(False), record]
            there: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(ranks).where(mine)
            statement = statement.where(~there.exists())
        if empties is not None:
            keys = [(rank, False), (record, False)]
            statement = statement.where(cursor.after(keys, [True, True]))
            if not moved:
                statement = statement.where(record >= sa.bindparam("floor", type_=record.type))
        return statement.add_columns(rank.label("rank")).select_from(rows).order_by(*order)

    def _ranked(self, ranks: Any, record: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        listed = ranks.c.list == sa.bindparam("ranking", type_=Stored(TEXT))
        return sa.and_(listed, ranks.c.record == record)

    def _keys(self) -> list[tuple[sa.ColumnElement[Any], bool]]:
        keys = super()._keys()
        if self._ranks is not None:
            rank = rank_of(self._ranks, self.source.column("id"), self.context.dialect)
            keys.insert(0, (rank, False))
        return keys


@dataclass(frozen=True)
class _Beside:
    """A FROM of records beside the values that they are of, if there are several."""

    rows: Any
    place: tuple[sa.ColumnElement[Any], ...]
    conditions: tuple[sa.ColumnElement[bool], ...] = ()
