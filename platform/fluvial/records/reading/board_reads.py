"""What stands in each column of a board: first records and heads, whatever the number of records.

Every value of a field gets a walk of its own along an index, and the walk ends after so many rows.
Fields whose values are not one column of the table, or not today's, are grouped instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from metamodel.storage import INTEGER, POSTGRESQL, TEXT, UUID

from . import cursor
from .grouped import Group, Ranking, rank_of
from .plan import CAPPED, PagePlanner, Plan
from .plan_cache import plans_of
from .query import Query
from .query_values import QueryValues, query_values_of
from .reader import query_values
from .sql_context import ask
from .summary import Measure, measured

MAX_VALUES = 500  # a look-up that leads to more records than this is grouped

_HEXADECIMAL = frozenset("0123456789abcdef")


def walks(session: Session, field: Field) -> bool:
    """Whether an index can lead to the records of each value of a field."""
    shown = [column for column in field.columns if not column.hidden]
    return len(shown) == 1 and session.as_of is None and field.stored and not field.many


def held_values(session: Session, field: Field) -> list[str] | None:
    """The records that a look-up leads to, found by going from one to the next; None: too many."""
    (column,) = (c for c in field.columns if not c.hidden)
    name, table = f'"{field.base}{column.suffix}"', f'"{field.object}"'
    rows = session.connection.query(
        f"WITH RECURSIVE held(value) AS ("
        f"SELECT (SELECT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 1) "
        f"UNION ALL SELECT (SELECT {name} FROM {table} WHERE {name} > held.value "
        f"ORDER BY {name} LIMIT 1) FROM held WHERE held.value IS NOT NULL) "
        f"SELECT CAST(value AS TEXT) FROM held WHERE value IS NOT NULL LIMIT {MAX_VALUES + 1}"
    )
    return None if len(rows) > MAX_VALUES else [row[0] for row in rows]


def first_of_each(
    session: Session, query: Query, by: str, values: Sequence[str], ranking: Ranking | None = None
) -> list[Group]:
    """At most `query.limit` records of each of these values; values without any are left out."""
    plan = _kept(session, query, ("each", by, ranking is None), lambda p: p.each(by), ranking)
    binds = _binds(session, query, ranking) | {"keys": orjson.dumps(list(values)).decode()}
    groups: dict[int, list[Any]] = {}
    for row in ask(session, plan.page, **binds):
        groups.setdefault(row[-1], []).append(row[:-1])
    return [_group(query, plan, by, rows) for rows in groups.values()]


def first_of_one(
    session: Session, query: Query, by: str, ranking: Ranking | None = None
) -> list[Group]:
    """The same of the value that `equals` names, from the cursor on."""
    session.object(query.object)
    binds, empties = _binds(session, query, ranking), None
    if query.cursor:
        first = _kept(session, query, ("one", ranking is None), lambda p: p.one(None), ranking)
        last = cursor.decode(query.cursor, first.shape, first.keys)
        empties = tuple(value is None for value in last)
        binds |= cursor.binds(last) | {"floor": _floor(str(last[0]))}
    key = ("one", ranking is None, empties)
    plan = _kept(session, query, key, lambda p: p.one(empties), ranking)
    rows = cursor.followed(query.cursor, session, plan.page, binds)
    return [_group(query, plan, by, rows)] if rows else []


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
    """How many records there are, at most `CAPPED` + 1, and their measures where all count."""

    count: int
    measures: Mapping[str, Any]

    @property
    def capped(self) -> bool:
        return self.count > CAPPED


def heads_of_each(
    session: Session, query: Query, by: str, values: Sequence[str], measures: tuple[Measure, ...]
) -> dict[str, GroupHead]:
    """The heads of these values; values without any record are left out."""
    key = ("heads", by, measures)
    plan: _HeadsPlan = _kept(session, query, key, lambda p: p.heads(by, measures))
    binds = _values(session, query)
    rows = ask(session, plan.compiled, keys=orjson.dumps(list(values)).decode(), **binds)
    return {values[row[0] - plan.first]: plan.head(measures, row[1:]) for row in rows if row[1]}


def head_of_one(session: Session, query: Query, measures: tuple[Measure, ...]) -> GroupHead | None:
    """The head of what `equals` names."""
    plan: _HeadsPlan = _kept(session, query, ("head", measures), lambda p: p.heads("", measures))
    binds = _values(session, query)
    (row,) = ask(session, plan.compiled, **binds)
    return plan.head(measures, row) if row[0] else None


@dataclass(frozen=True)
class _HeadsPlan:
    compiled: Compiled
    wires: tuple[Any, ...]
    first: int  # the place of the first value

    def head(self, measures: Sequence[Measure], row: Sequence[Any]) -> GroupHead:
        cells = zip(measures, self.wires, row[1:], strict=True)
        made = {
            m.text: wire(cell) if wire and cell is not None else cell for m, wire, cell in cells
        }
        return GroupHead(row[0], made)


def _kept(
    session: Session, query: Query, key: Any, make: Any, ranking: Ranking | None = None
) -> Any:
    access, outline = session.access, replace(query.outline, total="none")
    wanted = query_values_of(access, query)
    whole = (access.roles, access.unrestricted, "columns", outline, wanted.key, key)
    table = ranking.table if ranking else None
    return plans_of(access.catalog).get(
        whole, lambda: make(_ColumnsPlanner(session, query, wanted, table))
    )


class _ColumnsPlanner(PagePlanner):
    """Ids are found first, along an index; what is shown of them is joined afterwards."""

    def __init__(
        self, session: Session, query: Query, wanted: QueryValues, ranks: sa.Table | None
    ) -> None:
        super().__init__(session, query, wanted)
        self._ranks = ranks
        self._postgresql = self.context.dialect == POSTGRESQL

    def each(self, by: str) -> Plan:
        return self._cards(by, None)

    def one(self, empties: Sequence[bool] | None) -> Plan:
        return self._cards("", empties)

    def _cards(self, by: str, empties: Sequence[bool] | None) -> Plan:
        output, keys, shown = self._output(), self._keys(), self.source
        limit = sa.bindparam("limit", type_=Stored(INTEGER))
        beside = self._beside(self._ids(by, limit, empties), shown, by)
        rows = beside.rows
        if self._ranks is not None:
            rows = rows.outerjoin(self._ranks, self._ranked(self._ranks, shown.column("id")))
        chosen = [*output.columns, *(key.label(f"s{i}") for i, (key, _) in enumerate(keys))]
        statement = sa.select(*chosen, *beside.place).select_from(rows).where(*beside.conditions)
        statement = statement.order_by(*beside.place, *self._order(keys))
        shape = ",".join(f"{'-' * k.descending}{'.'.join(k.path)}" for k in self.query.sort)
        return Plan(self.context.compiled(statement), output.builder(), len(keys), shape)

    def heads(self, by: str, measures: tuple[Measure, ...]) -> _HeadsPlan:
        limit: Any = sa.literal_column(str(CAPPED + 1))
        first = 1 if self._postgresql else 0
        if not measures:
            return _HeadsPlan(self.context.compiled(self._counted(by, limit)), (), first)
        made = [measured(self, measure) for measure in measures]
        shown = self.source
        walk = self._walk(by)
        ids = walk.select_from(self.source.joined()).limit(limit)
        beside = self._beside(ids, shown, by)
        labels = [element.label(f"m{at}") for at, (element, _) in enumerate(made)]
        statement = sa.select(*beside.place, sa.func.count(), *labels).select_from(beside.rows)
        statement = statement.where(*beside.conditions).group_by(*beside.place)
        wires = tuple(wire for _, wire in made)
        return _HeadsPlan(self.context.compiled(statement), wires, first)

    def _counted(self, by: str, limit: Any) -> sa.Select[Any]:
        walk = self._walk(by)
        counted = walk.select_from(self.source.joined()).limit(limit).subquery()
        count = sa.select(sa.func.count()).select_from(counted)
        if not by:
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

    def _beside(self, ids: sa.Select[Any], shown: Source, by: str) -> _Beside:
        """The records with these ids: an id list is found anew for every row of `keys`."""
        place: tuple[Any, ...] = ()
        keys: Any = None
        if by:
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

    def _walk(self, by: str) -> sa.Select[Any]:
        """The ids of the records, or of those that have the value of the row of `keys`."""
        source = self.source = Source(self.context, self.query.object)
        statement = sa.select(source.column("id").label("id")).where(*self.conditions())
        return statement.where(self._is_key(source, by)) if by else statement

    def _is_key(self, source: Source, by: str) -> sa.ColumnElement[bool]:
        (column,) = (c for c in self.field((by,), "by").columns if not c.hidden)
        held = source.column(by, column.suffix)
        cast = self._postgresql and column.storage == UUID
        # As text: SQLAlchemy would put `keys` into the FROM of every query that names it.
        return held == sa.literal_column("CAST(keys.value AS UUID)" if cast else "keys.value")

    def _ids(self, by: str, limit: Any, empties: Sequence[bool] | None) -> sa.Select[Any]:
        """The first ids of one column, in its order."""
        if self._ranks is not None:
            return self._ranked_ids(by, limit, empties)
        statement = self._walk(by)
        keys = self._keys()
        if empties is not None:
            statement = statement.where(cursor.after(keys, [None if e else True for e in empties]))
        statement = statement.order_by(*self._order(keys)).limit(limit)
        return statement.select_from(self.source.joined())

    def _ranked_ids(self, by: str, limit: Any, empties: Sequence[bool] | None) -> sa.Select[Any]:
        """Those that people have put somewhere, and the others, each in order, then together."""
        assert self._ranks is not None
        parts = [self._stream(self._ranks, by, empties, moved) for moved in (True, False)]
        both = sa.union_all(*(sa.select(part.limit(limit).subquery()) for part in parts)).subquery()
        return sa.select(both.c.id).order_by(both.c.rank, both.c.id).limit(limit)

    def _stream(
        self, table: sa.Table, by: str, empties: Sequence[bool] | None, moved: bool
    ) -> sa.Select[Any]:
        statement, ranks = self._walk(by), table.alias()
        record, rows = self.source.column("id"), self.source.joined()
        mine = self._ranked(ranks, record)
        if moved:
            rank: sa.ColumnElement[Any] = ranks.c.rank
            rows = rows.join(ranks, mine)
            order = [rank, record]
        else:
            rank, order = rank_of(None, record, self.context.dialect), [record]
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
